//! The names of the platform.

use catalyst_core::{Error, ErrorKind, Result};
use catalyst_openbao::{Mount, RoleName, SecretPath};
use url::Url;

use super::{
    ApiVersion, Auth, CaSource, ClusterSecretStore, Provider, RemoteKey, RemoteRef, ResourceName,
    SecretStoreKind, ServiceAccountRef, StoreRef,
};
use crate::label::is_dns_label;

/// What the platform calls its store, and where OpenBao is. Every part can be another: its documents do not agree.
///
/// | what | as the platform's charts have it |
/// | --- | --- |
/// | store | the `ClusterSecretStore` `vault-{region}` |
/// | server | `http://openbao.openbao.svc.cluster.local:8200` |
/// | engine | KV version 2 at `secret` |
/// | login | the role `external-secrets` at `kubernetes`, as the service account `external-secrets` in `external-secrets-system` |
/// | API | `external-secrets.io/v1beta1` |
///
/// ```
/// use catalyst_sdk::manifest::{ApiVersion, Platform};
///
/// let platform = Platform::new("region2")?
///     .store_name("bao-local".parse()?)
///     .server("https://bao.hz01.example.test")?
///     .version(ApiVersion::V1);
/// let yaml = platform.cluster_secret_store()?.to_string();
/// assert!(yaml.contains("name: \"bao-local\"") && yaml.contains("server: \"https://bao.hz01.example.test\""));
/// # Ok::<(), catalyst_sdk::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Platform {
    store: ResourceName,
    server: Url,
    mount: Mount,
    login_mount: Mount,
    role: RoleName,
    account: ServiceAccountRef,
    ca: Option<CaSource>,
    version: ApiVersion,
}

impl Platform {
    /// The names in `region`, such as `region1`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the region is no DNS label.
    pub fn new(region: &str) -> Result<Self> {
        if !is_dns_label(region) {
            let help = "a region is a DNS label: 1 to 63 of a-z, 0-9 and -";
            return Err(Error::new(ErrorKind::Config, "read region").with_help(help));
        }
        let account = ServiceAccountRef::new("external-secrets".parse()?);
        Ok(Self {
            store: format!("vault-{region}").parse()?,
            server: catalyst_core::http::parse_address("http://openbao.openbao.svc.cluster.local:8200")?,
            mount: "secret".parse()?,
            login_mount: "kubernetes".parse()?,
            role: "external-secrets".parse()?,
            account: account.namespace("external-secrets-system".parse()?),
            ca: None,
            version: ApiVersion::default(),
        })
    }

    /// The name of the store.
    pub fn store_name(mut self, name: ResourceName) -> Self {
        self.store = name;
        self
    }

    /// The address of OpenBao.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if that is no address: `http` or `https`, a host, no user or password, no query.
    pub fn server(mut self, address: &str) -> Result<Self> {
        self.server = catalyst_core::http::parse_address(address)?;
        Ok(self)
    }

    /// Where KV version 2 is mounted.
    pub fn mount(mut self, mount: Mount) -> Self {
        self.mount = mount;
        self
    }

    /// Where the method `kubernetes` is mounted.
    pub fn login_mount(mut self, mount: Mount) -> Self {
        self.login_mount = mount;
        self
    }

    /// The role that the operator logs in to.
    pub fn role(mut self, role: RoleName) -> Self {
        self.role = role;
        self
    }

    /// The service account that the operator logs in as.
    pub fn service_account(mut self, account: ServiceAccountRef) -> Self {
        self.account = account;
        self
    }

    /// Whom the operator trusts, where the address is `https`.
    pub fn ca(mut self, ca: CaSource) -> Self {
        self.ca = Some(ca);
        self
    }

    /// The version of the operator's API.
    pub fn version(mut self, version: ApiVersion) -> Self {
        self.version = version;
        self
    }

    /// The store as other manifests name it.
    pub fn store(&self) -> StoreRef {
        StoreRef::new(SecretStoreKind::ClusterSecretStore, self.store.clone())
    }

    /// A secret to read, below the mount.
    pub fn remote(&self, path: &SecretPath) -> RemoteRef {
        RemoteRef::new(RemoteKey::of(&self.mount, path))
    }

    /// The store itself.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the authorities lie in a secret or configuration map of no namespace.
    pub fn cluster_secret_store(&self) -> Result<ClusterSecretStore> {
        let auth = Auth::Kubernetes {
            mount: self.login_mount.clone(),
            role: self.role.clone(),
            service_account: self.account.clone(),
        };
        let mut provider = Provider::at(self.server.clone(), auth).mount(self.mount.clone());
        if let Some(ca) = &self.ca {
            provider = provider.ca(ca.clone());
        }
        Ok(ClusterSecretStore::new(self.store.clone(), provider)?.version(self.version))
    }
}
