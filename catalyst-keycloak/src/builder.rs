//! How the administration of a server is set up.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::http::{HttpClient, HttpConfig, parse_address};
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Result, RetryBudget, RetryConfig, TokenCache};
use url::Url;

use crate::admin::{AdminLogin, Api};
use crate::refusal::SERVICE;
use crate::transport::Transport;
use crate::{Keycloak, Realm};

/// Sets up a [`Keycloak`]; made by [`Keycloak::builder`].
#[derive(Debug)]
#[must_use]
pub struct KeycloakBuilder {
    server: Url,
    public: Option<Url>,
    login: Option<AdminLogin>,
    tls: TlsConfig,
    timeout: Duration,
    retry: RetryConfig,
}

impl KeycloakBuilder {
    pub(crate) fn new(server: &str) -> Result<Self> {
        Ok(Self {
            server: parse_address(server)?,
            public: None,
            login: None,
            tls: TlsConfig::new(),
            timeout: Duration::from_secs(15),
            retry: RetryConfig::default(),
        })
    }

    /// Who administers.
    pub fn admin(mut self, login: AdminLogin) -> Self {
        self.login = Some(login);
        self
    }

    /// The address that users see, if it is another one: issuers of its realms begin with it, and so do the audiences
    /// of assertions.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if it is not an absolute `http` or `https` URL.
    pub fn public_address(mut self, address: &str) -> Result<Self> {
        self.public = Some(parse_address(address)?);
        Ok(self)
    }

    /// How the server is checked, and what certificate is presented.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = tls;
        self
    }

    /// How long one try of a call may take; 15 s if not set, for a new realm takes up to 5.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How often and how long calls are tried again; three times within 30 s if not set.
    pub fn retry(mut self, retry: RetryConfig) -> Self {
        self.retry = retry;
        self
    }

    /// The client. No I/O happens: the first call logs in.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`](crate::ErrorKind::Tls) if the TLS settings cannot work.
    pub fn build(self) -> Result<Keycloak> {
        let limits = HttpConfig::new(SERVICE).timeout(self.timeout).max_body(8 << 20).tls(self.tls);
        let transport = Arc::new(Transport::new(HttpClient::new(limits)?));
        let login = match self.login {
            Some(login) => {
                let public = self.public.as_ref().unwrap_or(&self.server);
                let realm =
                    Realm::new(login.realm.clone(), public.as_str())?.back_channel(self.server.as_str())?;
                Some((login, realm))
            }
            None => None,
        };
        let (retry, budget) = (self.retry, RetryBudget::default());
        let api = Api { server: self.server, transport, login, tokens: TokenCache::new(), retry, budget };
        Ok(Keycloak { api: Arc::new(api) })
    }
}
