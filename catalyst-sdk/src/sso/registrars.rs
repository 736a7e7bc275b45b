//! Who registers clients in a realm.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use catalyst_core::Result;
use catalyst_core::tls::TlsConfig;
use catalyst_keycloak::{AdminLogin, ClientRegistrar, ClientSecrets, Keycloak, Realm};

/// Gives the registrar of a realm. `per-organization` has a server for each, `shared-sovereign` one for all.
pub trait Registrars: fmt::Debug + Send + Sync + 'static {
    /// The registrar of `realm`. Does no I/O.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the realm cannot be administered.
    fn of(&self, realm: &Realm) -> Result<Registrar>;
}

/// What is needed of one realm. Cheap to clone. As [`Registrars`] it serves every realm: for tests, and where there
/// is only one.
#[derive(Clone, Debug)]
pub struct Registrar {
    pub(super) clients: Arc<dyn ClientRegistrar>,
    pub(super) secrets: Arc<dyn ClientSecrets>,
}

impl Registrar {
    /// One that registers clients and knows their secrets.
    pub fn new<R: ClientRegistrar + ClientSecrets>(registrar: R) -> Self {
        let registrar = Arc::new(registrar);
        Self { clients: Arc::<R>::clone(&registrar), secrets: registrar }
    }
}

impl Registrars for Registrar {
    fn of(&self, _realm: &Realm) -> Result<Registrar> {
        Ok(self.clone())
    }
}

/// Registrars through the Admin REST API of each realm's server; one client, and one token, for each server.
pub struct AdminRegistrars {
    login: AdminLogin,
    in_each_realm: bool,
    tls: TlsConfig,
    servers: Mutex<HashMap<String, Keycloak>>,
}

/// So many servers are remembered; beyond that they are connected to anew.
const MOST_SERVERS: usize = 4096;

impl AdminRegistrars {
    /// Administers every server with `login`.
    pub fn new(login: AdminLogin) -> Self {
        Self { login, in_each_realm: false, tls: TlsConfig::new(), servers: Mutex::default() }
    }

    /// Logs in to the realm that is administered, in place of the login's own: a service account in each, which can
    /// touch no other.
    #[must_use]
    pub fn in_each_realm(mut self, on: bool) -> Self {
        self.in_each_realm = on;
        self
    }

    /// How servers are checked, and what certificate is presented.
    #[must_use]
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = tls;
        self
    }

    fn connect(&self, realm: &Realm) -> Result<Keycloak> {
        let login = self.login.clone();
        let login = if self.in_each_realm { login.realm(realm.name().clone()) } else { login };
        let mut builder = Keycloak::builder(realm.server().as_str())?.admin(login).tls(self.tls.clone());
        if let Some((public, _)) = realm.issuer().as_str().rsplit_once("/realms/") {
            builder = builder.public_address(public)?;
        }
        builder.build()
    }
}

impl Registrars for AdminRegistrars {
    fn of(&self, realm: &Realm) -> Result<Registrar> {
        let mut key = realm.server().to_string();
        if self.in_each_realm {
            key.extend([" ", realm.name().as_str()]);
        }
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if servers.len() >= MOST_SERVERS {
            servers.clear();
        }
        let keycloak = match servers.get(&key) {
            Some(known) => known,
            None => servers.entry(key).or_insert(self.connect(realm)?),
        };
        Ok(Registrar::new(keycloak.registrar(realm.name().clone())))
    }
}

impl fmt::Debug for AdminRegistrars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminRegistrars").field("login", &self.login).finish_non_exhaustive()
    }
}
