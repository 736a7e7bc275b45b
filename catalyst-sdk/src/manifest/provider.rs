//! OpenBao as a store: the provider `vault` of the operator.

use catalyst_core::{Error, ErrorKind, Result};
use catalyst_openbao::{Mount, Namespace};
use url::Url;

use super::yaml::Map;
use super::{Auth, CaSource, NamespaceName, SecretKeyRef};

/// Where OpenBao is and how the operator logs in.
///
/// ```
/// use catalyst_sdk::manifest::{Auth, Provider, SecretKeyRef};
///
/// let token = SecretKeyRef::new("openbao-token".parse()?, "token".parse()?);
/// let provider = Provider::new("https://openbao.example.test:8200", Auth::Token(token))?.mount("secret".parse()?);
/// assert!(Provider::new("https://user:word@openbao", Auth::Token(
///     SecretKeyRef::new("openbao-token".parse()?, "token".parse()?),
/// )).is_err());
/// # Ok::<(), catalyst_sdk::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Provider {
    server: Url,
    auth: Auth,
    mount: Option<Mount>,
    version: KvVersion,
    namespace: Option<Namespace>,
    ca: Option<CaSource>,
    client: Option<(SecretKeyRef, SecretKeyRef)>,
    read_your_writes: bool,
    forward_inconsistent: bool,
}

/// The version of the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KvVersion {
    /// Without versions of secrets.
    V1,
    /// With them.
    #[default]
    V2,
}

impl Provider {
    /// OpenBao at `server`, with KV version 2.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if that is no address: `http` or `https`, a host, no user or password, no query.
    pub fn new(server: &str, auth: Auth) -> Result<Self> {
        Ok(Self::at(catalyst_core::http::parse_address(server)?, auth))
    }

    /// OpenBao at an address that was parsed as one.
    pub(super) fn at(server: Url, auth: Auth) -> Self {
        Self {
            server,
            auth,
            mount: None,
            version: KvVersion::default(),
            namespace: None,
            ca: None,
            client: None,
            read_your_writes: false,
            forward_inconsistent: false,
        }
    }

    /// The mount that keys are looked up in; if not set, every key begins with its mount.
    pub fn mount(mut self, mount: Mount) -> Self {
        self.mount = Some(mount);
        self
    }

    /// The version of the engine there; 2 if not set.
    pub fn version(mut self, version: KvVersion) -> Self {
        self.version = version;
        self
    }

    /// The namespace of OpenBao.
    pub fn namespace(mut self, namespace: Namespace) -> Self {
        self.namespace = Some(namespace);
        self
    }

    /// Whom the operator trusts; what its image trusts if not set.
    pub fn ca(mut self, ca: CaSource) -> Self {
        self.ca = Some(ca);
        self
    }

    /// The client certificate and the key that the operator shows, whatever it logs in with.
    pub fn client_certificate(mut self, certificate: SecretKeyRef, key: SecretKeyRef) -> Self {
        self.client = Some((certificate, key));
        self
    }

    /// Reads see what the same client wrote, where OpenBao has nodes that lag.
    pub fn read_your_writes(mut self) -> Self {
        self.read_your_writes = true;
        self
    }

    /// A node that lags hands the request on to the active one, instead of answering that it lags.
    pub fn forward_inconsistent(mut self) -> Self {
        self.forward_inconsistent = true;
        self
    }

    /// What a store of one namespace may name: that namespace, and none for the authorities.
    pub(super) fn check_within(&self, namespace: &NamespaceName) -> Result<()> {
        let client = self.client.iter().flat_map(|(certificate, key)| [certificate, key]);
        let named = client.filter_map(|key| key.namespace.as_ref());
        if self.auth.namespaces().into_iter().chain(named).any(|other| other != namespace) {
            return Err(refused("a SecretStore takes nothing from other namespaces"));
        }
        match self.ca.as_ref().and_then(CaSource::reference) {
            Some(SecretKeyRef { namespace: Some(_), .. }) => {
                Err(refused("a SecretStore's authorities lie in its own namespace, which is not named"))
            }
            _ => Ok(()),
        }
    }

    /// What a store of the cluster must name.
    pub(super) fn check_cluster(&self) -> Result<()> {
        match self.ca.as_ref().and_then(CaSource::reference) {
            Some(SecretKeyRef { namespace: None, .. }) => {
                Err(refused("a ClusterSecretStore names the namespace that its authorities lie in"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn node(&self) -> Map {
        let version = match self.version {
            KvVersion::V1 => "v1",
            KvVersion::V2 => "v2",
        };
        let mut vault = Map::new()
            .field("server", self.server.as_str().trim_end_matches('/'))
            .some("path", self.mount.as_ref().map(Mount::as_str))
            .field("version", version)
            .some("namespace", self.namespace.as_ref().map(Namespace::as_str));
        if let Some(ca) = &self.ca {
            vault = ca.write(vault);
        }
        if let Some((certificate, key)) = &self.client {
            let tls = Map::new().field("certSecretRef", certificate.node()).field("keySecretRef", key.node());
            vault = vault.field("tls", tls);
        }
        vault = vault
            .some("readYourWrites", self.read_your_writes.then_some(true))
            .some("forwardInconsistent", self.forward_inconsistent.then_some(true));
        Map::new().field("vault", vault.field("auth", self.auth.node()))
    }
}

fn refused(help: &'static str) -> Error {
    Error::new(ErrorKind::Config, "write manifest").with_help(help)
}
