//! How a client is set up.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::http::{HttpClient, HttpConfig, parse_address};
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result, RetryBudget, RetryConfig};
use url::Url;

use crate::api::Api;
use crate::auth::Server;
use crate::client::OpenBao;
use crate::cluster::Nodes;
use crate::refusal::SERVICE;
use crate::sessions::Sessions;
use crate::transport::{Transport, Wire, base};
use crate::{Login, Namespace, ReadFrom};

/// The most nodes that one cluster has.
const MAX_NODES: usize = 32;

/// Sets up an [`OpenBao`] client; made by [`OpenBao::builder`].
#[derive(Debug)]
#[must_use]
pub struct OpenBaoBuilder {
    address: Url,
    /// More nodes of the same cluster.
    others: Vec<Url>,
    read_from: ReadFrom,
    login: Option<Login>,
    namespace: Option<Namespace>,
    tls: TlsConfig,
    timeout: Duration,
    max_body: usize,
    retry: RetryConfig,
    #[cfg(feature = "mock")]
    models: Vec<crate::mock::Model>,
}

impl OpenBaoBuilder {
    pub(crate) fn new(address: &str) -> Result<Self> {
        Ok(Self {
            address: parse_address(address)?,
            others: Vec::new(),
            read_from: ReadFrom::Active,
            login: None,
            namespace: None,
            tls: TlsConfig::new(),
            timeout: Duration::from_secs(10),
            max_body: 4 << 20,
            retry: RetryConfig::default(),
            #[cfg(feature = "mock")]
            models: Vec::new(),
        })
    }

    /// A client of the nodes of one cluster.
    pub(crate) fn for_nodes(addresses: &[&str]) -> Result<Self> {
        let bad = |help: String| Error::new(ErrorKind::Config, "set up OpenBao client").with_help(help);
        let [first, others @ ..] = addresses else {
            return Err(bad("there is no address; name at least one node".to_owned()));
        };
        let mut builder = Self::new(first)?;
        for other in others {
            let address = parse_address(other)?;
            let mut known = std::iter::once(&builder.address).chain(&builder.others);
            if known.any(|known| known.origin() == address.origin()) {
                return Err(bad(format!(
                    "the node {} is named twice",
                    address.origin().ascii_serialization()
                )));
            }
            if address.scheme() != builder.address.scheme() {
                return Err(bad("the nodes are to be reached all by https or all by http".to_owned()));
            }
            builder.others.push(address);
        }
        if builder.others.len() >= MAX_NODES {
            return Err(bad(format!("there are more than {MAX_NODES} nodes")));
        }
        Ok(builder)
    }

    /// Which node of a cluster answers reads of secrets; the active one if not set. With one address it changes
    /// nothing.
    pub fn read_from(mut self, nodes: ReadFrom) -> Self {
        self.read_from = nodes;
        self
    }

    /// How to log in. Without it, only what needs no session works: health, and unwrapping.
    pub fn login(mut self, login: Login) -> Self {
        self.login = Some(login);
        self
    }

    /// The namespace of all calls, the login included.
    pub fn namespace(mut self, namespace: Namespace) -> Self {
        self.namespace = Some(namespace);
        self
    }

    /// How the server is checked, and what certificate is presented.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = tls;
        self
    }

    /// How long one try of a call may take; 10 s if not set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How often and how long calls are tried again; three times within 30 s if not set.
    pub fn retry(mut self, retry: RetryConfig) -> Self {
        self.retry = retry;
        self
    }

    /// The largest answer that is accepted, in bytes; 4 MiB if not set.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Speaks to `model` in memory instead of to the server at the address: for tests, also in virtual time.
    #[cfg(feature = "mock")]
    pub fn in_memory(mut self, model: crate::mock::Model) -> Self {
        self.models = vec![model];
        self
    }

    /// Speaks to a cluster in memory: one model for each address, in their order. They are nodes of one model, made
    /// by [`Model::node`](crate::mock::Model::node).
    #[cfg(feature = "mock")]
    pub fn nodes_in_memory(mut self, nodes: impl IntoIterator<Item = crate::mock::Model>) -> Self {
        self.models = nodes.into_iter().collect();
        self
    }

    /// The client. No I/O happens: the first call logs in.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the settings contradict one another, [`ErrorKind::Tls`] if the TLS settings cannot
    /// work.
    pub fn build(self) -> Result<OpenBao> {
        self.check()?;
        if let Some(address) =
            self.addresses().find(|address| address.scheme() == "http" && !is_loopback(address))
        {
            tracing::warn!(%address, "tokens and secrets travel in clear: use https");
        }
        #[cfg(feature = "mock")]
        if !self.models.is_empty() {
            let servers = self.addresses().cloned().zip(self.models.clone()).collect();
            let wire = Wire::Memory(crate::mock::InMemory::new(servers, self.timeout, self.max_body));
            return Ok(self.over(wire, None));
        }
        let limits =
            HttpConfig::new(SERVICE).timeout(self.timeout).max_body(self.max_body).tls(self.tls.clone());
        let login_http = match &self.login {
            Some(login) if login.is_certificate() => {
                Some(Wire::Http(HttpClient::new(limits.clone().fresh_connections())?))
            }
            _ => None,
        };
        let http = Wire::Http(HttpClient::new(limits)?);
        Ok(self.over(http, login_http))
    }

    fn over(self, http: Wire, login_http: Option<Wire>) -> OpenBao {
        let nodes = (!self.others.is_empty())
            .then(|| Nodes::new(self.addresses().map(base).collect(), self.read_from, self.timeout));
        let transport = Transport::new(&self.address, self.namespace, http, login_http).with_nodes(nodes);
        let transport = Arc::new(transport);
        let sessions = Arc::new(Sessions::new(Arc::new(Server::new(self.login, Arc::clone(&transport)))));
        let budget = RetryBudget::default();
        OpenBao { api: Arc::new(Api { transport, sessions, retry: self.retry, budget }) }
    }

    fn addresses(&self) -> impl Iterator<Item = &Url> {
        std::iter::once(&self.address).chain(&self.others)
    }

    fn check(&self) -> Result<()> {
        let bad = |help: &str| {
            Err(Error::new(ErrorKind::Config, "set up OpenBao client").with_help(help.to_owned()))
        };
        if let Some(login) = &self.login {
            login.check()?;
            if login.is_certificate() {
                if !self.tls.has_identity() {
                    return bad("the login by certificate needs a client identity in the TLS settings");
                }
                if self.address.scheme() != "https" {
                    return bad("the login by certificate needs an address with https");
                }
            }
        }
        if self.timeout.is_zero() || self.max_body == 0 {
            return bad("a limit of zero lets no answer through");
        }
        Ok(())
    }
}

fn is_loopback(address: &Url) -> bool {
    match address.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
