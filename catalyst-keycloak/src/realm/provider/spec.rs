//! What is declared about an identity provider.

use catalyst_core::{Result, Secret};

use super::catalogue;

/// What stands behind an identity provider.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ProviderKind {
    /// Users log in elsewhere, by OpenID Connect.
    Oidc(OidcProvider),
    /// Users log in with Google, whose endpoints the server knows.
    Google {
        /// As Google gave it.
        client_id: String,
        /// As Google gave it.
        client_secret: Secret,
        /// Only accounts of this Google Workspace domain.
        domain: Option<String>,
    },
    /// Workloads with a JWT-SVID of this trust domain authenticate as clients; no users.
    ///
    /// A preview feature of Keycloak 26: start the server with `spiffe`.
    Spiffe {
        /// Such as `example.org`, with or without `spiffe://`.
        trust_domain: String,
        /// Where the server gets the keys of the trust domain (a SPIFFE bundle).
        bundle_endpoint: String,
    },
    /// Workloads with a token of a Kubernetes service account authenticate as clients; no users.
    Kubernetes {
        /// The issuer of the cluster; the server finds its keys by discovery.
        issuer: String,
    },
    /// Workloads with a token of any OpenID Connect issuer authenticate as clients; no users.
    Assertions {
        /// What `iss` must be. The server takes one provider for each issuer.
        issuer: String,
        /// Where its keys are.
        jwks_url: String,
        /// Whether one token may be used several times until it ends; it needs no `jti` then.
        reuse: bool,
    },
}

/// An OpenID Connect provider whose users log in to the realm. `Debug` shows no secret.
#[derive(Clone, Debug)]
#[must_use]
pub struct OidcProvider {
    pub(super) issuer: String,
    pub(super) authorization_url: String,
    pub(super) token_url: String,
    pub(super) jwks_url: String,
    pub(super) user_info_url: Option<String>,
    pub(super) logout_url: Option<String>,
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    pub(super) scopes: String,
    pub(super) secret_in_body: bool,
    pub(super) pkce: bool,
}

impl OidcProvider {
    /// A provider with the endpoints that its discovery document names. PKCE is on, the scopes are
    /// `openid profile email`, and the secret is sent by HTTP Basic.
    pub fn new(
        issuer: impl Into<String>,
        authorization_url: impl Into<String>,
        token_url: impl Into<String>,
        jwks_url: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: Secret,
    ) -> Self {
        Self {
            issuer: issuer.into(),
            authorization_url: authorization_url.into(),
            token_url: token_url.into(),
            jwks_url: jwks_url.into(),
            user_info_url: None,
            logout_url: None,
            client_id: client_id.into(),
            client_secret,
            scopes: "openid profile email".into(),
            secret_in_body: false,
            pkce: true,
        }
    }

    /// Where more about a user is asked for; not asked if not set.
    pub fn user_info_url(mut self, url: impl Into<String>) -> Self {
        self.user_info_url = Some(url.into());
        self
    }

    /// Where a logout is passed on to.
    pub fn logout_url(mut self, url: impl Into<String>) -> Self {
        self.logout_url = Some(url.into());
        self
    }

    /// What is asked for, apart by spaces.
    pub fn scopes(mut self, scopes: impl Into<String>) -> Self {
        self.scopes = scopes.into();
        self
    }

    /// Whether the secret is sent in the body (`client_secret_post`).
    pub fn secret_in_body(mut self, on: bool) -> Self {
        self.secret_in_body = on;
        self
    }

    /// Whether PKCE is used towards the provider.
    pub fn pkce(mut self, on: bool) -> Self {
        self.pkce = on;
        self
    }
}

/// The declaration of an identity provider of a realm. `Debug` shows no secret.
///
/// ```
/// use catalyst_keycloak::{IdentityProviderSpec, ProviderKind, Secret};
///
/// let corporate = IdentityProviderSpec::azure_ad(
///     "azure",
///     "72f988bf-86f1-41af-91ab-2d7cd011db47",
///     "6731de76-14a6-49ae-97bc-6eba6914391e",
///     Secret::new("hunter2"),
/// )?;
/// let workloads = IdentityProviderSpec::new("spire", ProviderKind::Spiffe {
///     trust_domain: "example.org".into(),
///     bundle_endpoint: "https://spire.example.org/bundle".into(),
/// });
/// # Ok::<(), catalyst_keycloak::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct IdentityProviderSpec {
    pub(super) alias: String,
    pub(super) kind: ProviderKind,
    pub(super) display_name: Option<String>,
    pub(super) trust_email: bool,
}

impl IdentityProviderSpec {
    /// A provider that the realm knows as `alias`. Changing the kind of one that is there takes removing it first.
    pub fn new(alias: impl Into<String>, kind: ProviderKind) -> Self {
        Self { alias: alias.into(), kind, display_name: None, trust_email: false }
    }

    /// One tenant of Azure AD (Microsoft Entra ID), by its identifier.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if `tenant` is not an identifier but a name, or
    /// `common`: its tokens then come from another issuer than the one that would be compared.
    pub fn azure_ad(
        alias: impl Into<String>,
        tenant: &str,
        client_id: impl Into<String>,
        client_secret: Secret,
    ) -> Result<Self> {
        let provider = catalogue::azure_ad(tenant, client_id.into(), client_secret)?;
        Ok(Self::new(alias, ProviderKind::Oidc(provider)).display_name("Microsoft"))
    }

    /// Google; with `domain`, only accounts of that Google Workspace.
    pub fn google(
        alias: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: Secret,
        domain: Option<&str>,
    ) -> Self {
        let domain = domain.map(str::to_owned);
        Self::new(alias, ProviderKind::Google { client_id: client_id.into(), client_secret, domain })
            .display_name("Google")
    }

    /// Sign in with Apple. `client_id` is the Services ID.
    ///
    /// Apple's client secret is a JWT that is signed with the team's key and lasts at most 6 months: make a new one in
    /// time and ensure again. Name and address of a user come only with `response_mode=form_post`, which Keycloak does
    /// not speak to providers, so neither is asked for.
    pub fn apple(alias: impl Into<String>, client_id: impl Into<String>, client_secret: Secret) -> Self {
        Self::new(alias, ProviderKind::Oidc(catalogue::apple(client_id.into(), client_secret)))
            .display_name("Apple")
    }

    /// What users see on the button.
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// Whether addresses that the provider names count as verified; not if not set. Who controls the provider can then
    /// take over every account with one of them.
    pub fn trust_email(mut self, on: bool) -> Self {
        self.trust_email = on;
        self
    }

    /// The name that the realm knows it by.
    pub fn alias(&self) -> &str {
        &self.alias
    }
}
