//! Putting the parts together.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result};
use catalyst_openbao::{DynamicCredentials, OpenBao};
use catalyst_spiffe::tls::identity_source;
use catalyst_spiffe::{WorkloadApi, WorkloadIdentity};

use super::CONNECT;
use super::keeper::Keeper;
use super::login;
use super::platform::{Catalyst, Parts};
use super::pools::Pools;
use crate::config::{Config, LoginMethod};

/// What a [`Catalyst`] is made of.
#[must_use]
pub struct CatalystBuilder {
    config: Config,
    identity: Option<Arc<dyn WorkloadIdentity>>,
    bao: Option<OpenBao>,
    credentials: Option<Arc<dyn DynamicCredentials>>,
    #[cfg(feature = "dns")]
    dns: Option<crate::dns::Dns>,
    #[cfg(feature = "sso")]
    sso: Option<crate::sso::Sso>,
}

impl CatalystBuilder {
    pub(super) fn new(config: Config) -> Self {
        Self {
            config,
            identity: None,
            bao: None,
            credentials: None,
            #[cfg(feature = "dns")]
            dns: None,
            #[cfg(feature = "sso")]
            sso: None,
        }
    }

    /// Uses this identity instead of the Workload API.
    pub fn identity(mut self, identity: Arc<dyn WorkloadIdentity>) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Uses this client instead of building one.
    pub fn openbao(mut self, bao: OpenBao) -> Self {
        self.bao = Some(bao);
        self
    }

    /// Has this make the database users instead of OpenBao's database engine: a mock, in an application's tests.
    pub fn database_credentials(mut self, credentials: Arc<dyn DynamicCredentials>) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Publishes names through this instead of building one from the configuration.
    #[cfg(feature = "dns")]
    pub fn dns(mut self, dns: crate::dns::Dns) -> Self {
        self.dns = Some(dns);
        self
    }

    /// Runs this single sign-on instead of building one from the configuration.
    #[cfg(feature = "sso")]
    pub fn sso(mut self, sso: crate::sso::Sso) -> Self {
        self.sso = Some(sso);
        self
    }

    /// Fetches our identity, logs in, and keeps both fresh from here on.
    ///
    /// # Errors
    /// As [`Catalyst::connect`].
    ///
    /// # Cancel safety
    /// As [`Catalyst::connect`].
    pub async fn connect(self) -> Result<Catalyst> {
        let Self { config, mut identity, bao, credentials, .. } = self;
        let mut workload_api = None;
        if let (None, Some(endpoint)) = (&identity, &config.identity.endpoint) {
            let source = follow(endpoint, &config).await?;
            identity = Some(Arc::new(source.clone()));
            workload_api = Some(source);
        }
        let method = login::method(&config.openbao, identity.is_some())?;
        let bao = match bao {
            Some(bao) => bao,
            None => client(&config, method, identity.as_ref())?,
        };
        if credentials.is_none() {
            bao.session().await?;
        }
        let follows = if method == LoginMethod::Cert { identity.clone() } else { None };
        let keeper = Arc::new(Keeper::start(bao.clone(), follows));
        Ok(Catalyst(Arc::new(Parts {
            config,
            identity,
            workload_api,
            bao,
            keeper,
            credentials,
            pools: Pools::default(),
            #[cfg(feature = "dns")]
            dns: super::dns::DnsSlot::new_with(self.dns.map(super::dns::Names::given)),
            #[cfg(feature = "sso")]
            sso: self.sso.map(super::sso::SsoSlot::with).unwrap_or_default(),
        })))
    }
}

impl fmt::Debug for CatalystBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CatalystBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

async fn follow(endpoint: &str, config: &Config) -> Result<WorkloadApi> {
    let mut builder = WorkloadApi::builder(endpoint)?;
    if let Some(limit) = config.identity.initial_timeout {
        builder = builder.initial_timeout(limit);
    }
    builder.connect().await
}

fn client(
    config: &Config,
    method: LoginMethod,
    identity: Option<&Arc<dyn WorkloadIdentity>>,
) -> Result<OpenBao> {
    let settings = &config.openbao;
    let missing = || Error::new(ErrorKind::Config, CONNECT).with_help("no OpenBao address: set BAO_ADDR");
    let mut builder = OpenBao::builder(settings.address.as_deref().ok_or_else(missing)?)?;
    let mut tls = TlsConfig::new();
    if let Some(file) = &settings.ca_file {
        tls = tls.ca_pem(&read(file)?)?;
    }
    if let (LoginMethod::Cert, Some(identity)) = (method, identity) {
        tls = tls.identity(identity_source(Arc::clone(identity)));
    }
    builder = builder.tls(tls).login(login::login(settings, method, identity)?);
    if let Some(namespace) = &settings.namespace {
        builder = builder.namespace(namespace.parse()?);
    }
    if let Some(limit) = settings.timeout {
        builder = builder.timeout(limit);
    }
    builder.build()
}

pub(super) fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|error| {
        let help = format!("the CA file {} cannot be read", file.display());
        Error::new(ErrorKind::Config, CONNECT).with_help(help).with_source(error)
    })
}
