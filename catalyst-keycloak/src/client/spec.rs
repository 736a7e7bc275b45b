//! What an application declares about its client.

use std::collections::{BTreeMap, BTreeSet};

use crate::jose::JwkSet;
use crate::{ClientId, Owner, RedirectUri};

/// How a client is to prove who it is: what is registered, not the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Authentication {
    /// A secret that Keycloak makes (RFC 6749 section 2.3.1).
    Secret,
    /// A signed assertion (`private_key_jwt`, RFC 7523); these are the public keys.
    PrivateKeyJwt(JwkSet),
    /// The certificate of the TLS connection (RFC 8705).
    MutualTls {
        /// Its subject as a distinguished name, compared as a whole.
        subject: String,
    },
    /// Nothing stored at all: an assertion of another issuer, such as a JWT-SVID of SPIRE.
    Federated {
        /// The alias of the identity provider in the realm that stands for that issuer.
        issuer: String,
        /// The subject that is this client: a SPIFFE ID, or that of a Kubernetes service account.
        subject: String,
    },
    /// No proof (a browser or phone); PKCE protects the code.
    Public,
}

/// The security profile that a client is held to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// OAuth 2.1 practice: code flow with PKCE, exact redirects.
    #[default]
    Standard,
    /// FAPI 2.0 Security Profile: pushed requests, PKCE, PS256 or ES256, sender-constrained tokens, no stored secret.
    Fapi2,
}

/// The declaration of one client. [`ensure`](crate::ClientRegistrar::ensure) makes the realm agree with it.
///
/// ```
/// use catalyst_keycloak::ClientSpec;
///
/// let spec = ClientSpec::new("wordpress".parse()?, "acme/prod/wordpress".parse()?)
///     .name("The shop's blog")
///     .redirect_uri("https://blog.acme.test/oauth/callback".parse()?)
///     .role("editor");
/// # Ok::<(), catalyst_keycloak::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ClientSpec {
    pub(crate) id: ClientId,
    pub(crate) owner: Owner,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) authentication: Authentication,
    pub(crate) profile: Profile,
    pub(crate) redirect_uris: BTreeSet<RedirectUri>,
    pub(crate) post_logout_redirect_uris: BTreeSet<RedirectUri>,
    pub(crate) web_origins: BTreeSet<String>,
    pub(crate) back_channel_logout: Option<RedirectUri>,
    pub(crate) audiences: BTreeSet<String>,
    pub(crate) default_scopes: BTreeSet<String>,
    pub(crate) optional_scopes: BTreeSet<String>,
    pub(crate) roles: BTreeSet<String>,
    pub(crate) login: bool,
    pub(crate) service_account: bool,
    pub(crate) token_exchange: bool,
    pub(crate) attributes: BTreeMap<String, String>,
}

impl ClientSpec {
    /// A client of `owner` that logs users in and authenticates with a secret.
    pub fn new(id: ClientId, owner: Owner) -> Self {
        Self {
            id,
            owner,
            name: None,
            description: None,
            authentication: Authentication::Secret,
            profile: Profile::Standard,
            redirect_uris: BTreeSet::new(),
            post_logout_redirect_uris: BTreeSet::new(),
            web_origins: BTreeSet::new(),
            back_channel_logout: None,
            audiences: BTreeSet::new(),
            default_scopes: BTreeSet::new(),
            optional_scopes: BTreeSet::new(),
            roles: BTreeSet::new(),
            login: true,
            service_account: false,
            token_exchange: false,
            attributes: BTreeMap::new(),
        }
    }

    /// Its identifier.
    pub fn id(&self) -> &ClientId {
        &self.id
    }

    /// Who it belongs to.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Where logins may return to.
    pub fn redirect_uris(&self) -> impl Iterator<Item = &RedirectUri> {
        self.redirect_uris.iter()
    }

    /// How it proves who it is.
    pub fn authenticated_by(&self) -> &Authentication {
        &self.authentication
    }

    /// The name that users see when they consent.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What administrators read.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// How it proves who it is; a secret if not set.
    pub fn authentication(mut self, how: Authentication) -> Self {
        self.authentication = how;
        self
    }

    /// Holds the client to a security profile.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// A place that logins may return to.
    pub fn redirect_uri(mut self, uri: RedirectUri) -> Self {
        self.redirect_uris.insert(uri);
        self
    }

    /// A place that logouts may return to; if none is set, those of logins.
    pub fn post_logout_redirect_uri(mut self, uri: RedirectUri) -> Self {
        self.post_logout_redirect_uris.insert(uri);
        self
    }

    /// An origin whose scripts may call the realm (CORS); `+` stands for those of the redirect URIs.
    pub fn web_origin(mut self, origin: impl Into<String>) -> Self {
        self.web_origins.insert(origin.into());
        self
    }

    /// Where Keycloak tells that a session has ended (OpenID Connect Back-Channel Logout 1.0).
    pub fn back_channel_logout(mut self, uri: RedirectUri) -> Self {
        self.back_channel_logout = Some(uri);
        self
    }

    /// One more audience of its access tokens. Its own client id always is one: without it, Keycloak's tokens are for
    /// `account`, and a service that accepted that would accept the tokens of every client of the realm.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.insert(audience.into());
        self
    }

    /// A client scope of the realm that is always granted, besides what the realm gives every client.
    pub fn default_scope(mut self, scope: impl Into<String>) -> Self {
        self.default_scopes.insert(scope.into());
        self
    }

    /// A client scope of the realm that is granted when asked for.
    pub fn optional_scope(mut self, scope: impl Into<String>) -> Self {
        self.optional_scopes.insert(scope.into());
        self
    }

    /// A role of this client, which the realm's administrators give to users.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.insert(role.into());
        self
    }

    /// Whether users log in through it; so if not set.
    pub fn login(mut self, on: bool) -> Self {
        self.login = on;
        self
    }

    /// Whether it may get tokens for itself (client credentials); not if not set.
    pub fn service_account(mut self, on: bool) -> Self {
        self.service_account = on;
        self
    }

    /// Whether it may exchange tokens (RFC 8693); not if not set.
    pub fn token_exchange(mut self, on: bool) -> Self {
        self.token_exchange = on;
        self
    }

    /// One more attribute of Keycloak's client. Those that the SDK sets itself win.
    pub fn attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.insert(key.into(), value.into());
        self
    }
}
