//! What an application declares.

use catalyst_core::Result;
use catalyst_keycloak::jose::Algorithm;
use catalyst_keycloak::{ClientId, ClientSpec, OrganizationSlug, RedirectUri};

use super::{EnvType, Place};

/// The declaration of an application: who it is, its client, and how it proves who it is.
///
/// ```
/// use catalyst_sdk::sso::{EnvType, SsoApplication};
///
/// let wordpress = SsoApplication::new("acme-shop".parse()?, EnvType::Prod, "wordpress")?
///     .redirect_uri("https://blog.acme.test/oauth/callback".parse()?)
///     .client(|client| client.name("The shop's blog").role("editor"));
/// # Ok::<(), catalyst_sdk::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct SsoApplication {
    pub(super) place: Place,
    pub(super) client: ClientSpec,
    pub(super) credential: SsoCredential,
}

/// How an application proves who it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SsoCredential {
    /// A secret that Keycloak makes, and that rotates.
    #[default]
    Secret,
    /// A signed assertion; the key is made here and its private half kept in OpenBao.
    PrivateKeyJwt(Algorithm),
    /// The JWT-SVID of the workload, or another issuer's assertion: nothing is stored anywhere.
    Federated {
        /// The alias of the identity provider in the realm that stands for that issuer.
        issuer: String,
        /// The subject that is this application: its SPIFFE ID.
        subject: String,
    },
    /// The certificate of the connection.
    MutualTls {
        /// Its subject as a distinguished name, compared as a whole.
        subject: String,
    },
    /// None: a browser or a phone.
    Public,
}

impl SsoApplication {
    /// The application `name` of an Organization. Its client's id is the name; an Organization that has several
    /// Environments in one realm gives each an id of its own: see [`with_client_id`](Self::with_client_id).
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the name is no DNS label.
    pub fn new(organization: OrganizationSlug, env_type: EnvType, name: &str) -> Result<Self> {
        Self::with_client_id(Place::new(organization, env_type, name)?, name.parse()?)
    }

    /// The application at `place`, whose client has the id given.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the place cannot be the name of an owner.
    pub fn with_client_id(place: Place, id: ClientId) -> Result<Self> {
        let client = ClientSpec::new(id, place.to_string().parse()?);
        Ok(Self { place, client, credential: SsoCredential::Secret })
    }

    /// A place that logins may return to.
    pub fn redirect_uri(self, uri: RedirectUri) -> Self {
        self.client(|client| client.redirect_uri(uri))
    }

    /// How it proves who it is; a secret if not set.
    pub fn credential(mut self, credential: SsoCredential) -> Self {
        self.credential = credential;
        self
    }

    /// Everything else of its client. How it authenticates is [`credential`](Self::credential)'s to say.
    pub fn client(mut self, edit: impl FnOnce(ClientSpec) -> ClientSpec) -> Self {
        self.client = edit(self.client);
        self
    }

    /// Who it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Its client's identifier.
    pub fn id(&self) -> &ClientId {
        self.client.id()
    }
}
