//! How an administrator logs in.

use std::fmt;
use std::sync::Arc;

use catalyst_core::Secret;

use crate::{ClientId, CredentialSource, RealmName};

/// Who administers. `Debug` shows the client and the realm.
///
/// Prefer a service account of the realm that is administered, with the role `manage-clients` of its client
/// `realm-management`, and without a stored secret: [`ClientCredential::JwtSvid`](crate::ClientCredential::JwtSvid).
///
/// ```
/// use catalyst_keycloak::{AdminLogin, ClientCredential, Secret};
///
/// let login = AdminLogin::service_account(
///     "catalyst-sdk".parse()?,
///     ClientCredential::Secret(Secret::new("hunter2")),
/// );
/// assert!(!format!("{login:?}").contains("hunter2"));
/// # Ok::<(), catalyst_keycloak::Error>(())
/// ```
#[derive(Clone)]
pub struct AdminLogin {
    pub(crate) realm: RealmName,
    pub(crate) client: ClientId,
    pub(crate) method: Method,
}

#[derive(Clone)]
pub(crate) enum Method {
    Client(Arc<dyn CredentialSource>),
    Password { username: String, password: Secret },
}

impl AdminLogin {
    /// A client of the realm `master` with a service account.
    pub fn service_account(client: ClientId, credential: impl CredentialSource) -> Self {
        Self { realm: RealmName::master(), client, method: Method::Client(Arc::new(credential)) }
    }

    /// The user that the server was bootstrapped with, through the client `admin-cli`. For bringing a server up; its
    /// tokens last 60 s.
    ///
    pub fn bootstrap(username: impl Into<String>, password: Secret) -> Self {
        let method = Method::Password { username: username.into(), password };
        Self { realm: RealmName::master(), client: ClientId::admin_cli(), method }
    }

    /// The realm to log in to; `master` if not set.
    #[must_use]
    pub fn realm(mut self, realm: RealmName) -> Self {
        self.realm = realm;
        self
    }
}

impl fmt::Debug for AdminLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = match &self.method {
            Method::Client(_) => "service account",
            Method::Password { .. } => "bootstrap user",
        };
        write!(f, "AdminLogin({method} {} in {})", self.client, self.realm)
    }
}
