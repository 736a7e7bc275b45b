//! `SecretStore` and `ClusterSecretStore`: where values come from.

use std::fmt;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};

use super::meta::Meta;
use super::refresh::interval;
use super::yaml::{Map, Node};
use super::{ApiVersion, Labels, NamespaceName, Platform, Provider, ResourceName, SecretStoreKind, StoreRef};

/// A `SecretStore`: for one namespace. `Display` is the YAML: references, without a value.
///
/// ```
/// use catalyst_sdk::manifest::{Auth, Provider, SecretStore, ServiceAccountRef};
///
/// let auth = Auth::Kubernetes {
///     mount: "kubernetes".parse()?,
///     role: "acme-prod".parse()?,
///     service_account: ServiceAccountRef::new("orders".parse()?),
/// };
/// let provider = Provider::new("https://openbao.openbao.svc:8200", auth)?.mount("secret".parse()?);
/// let store = SecretStore::new("openbao".parse()?, "acme-prod".parse()?, provider)?;
/// assert!(store.to_string().contains("role: \"acme-prod\""));
/// # Ok::<(), catalyst_sdk::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct SecretStore {
    store: Store,
}

/// A `ClusterSecretStore`: for all namespaces, or for those that meet one of its conditions. `Display` is the YAML.
///
/// ```
/// use catalyst_sdk::manifest::ClusterSecretStore;
///
/// let store = ClusterSecretStore::platform("region1")?;
/// assert!(store.to_string().contains("name: \"vault-region1\""));
/// # Ok::<(), catalyst_sdk::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ClusterSecretStore {
    store: Store,
    conditions: Vec<Condition>,
}

/// What both have.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Store {
    meta: Meta,
    version: ApiVersion,
    provider: Provider,
    refresh: Option<Duration>,
    retry: Option<(u32, Duration)>,
}

/// Which namespaces may use a store.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    Namespaces(Vec<NamespaceName>),
    Labelled(Labels),
}

macro_rules! options {
    ($kind:ident) => {
        impl $kind {
            /// The version of the API; `v1beta1` if not set.
            pub fn version(mut self, version: ApiVersion) -> Self {
                self.store.version = version;
                self
            }

            /// Its labels.
            pub fn labels(mut self, labels: Labels) -> Self {
                self.store.meta.labels = labels;
                self
            }

            /// How often the operator checks the store itself, in whole seconds and at most a year.
            pub fn refresh(mut self, interval: Duration) -> Self {
                self.store.refresh = Some(interval);
                self
            }

            /// How often, and after how long, the operator tries again; in whole seconds.
            pub fn retry(mut self, retries: u32, interval: Duration) -> Self {
                self.store.retry = Some((retries, interval));
                self
            }

            /// How other manifests name it.
            pub fn reference(&self) -> StoreRef {
                StoreRef::new(SecretStoreKind::$kind, self.store.meta.name.clone())
            }
        }
    };
}

options!(SecretStore);
options!(ClusterSecretStore);

impl SecretStore {
    /// The store `name` in `namespace`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if `provider` names another namespace: the operator would refuse it.
    pub fn new(name: ResourceName, namespace: NamespaceName, provider: Provider) -> Result<Self> {
        provider.check_within(&namespace)?;
        Ok(Self { store: Store::new(Meta::new(name, Some(namespace)), provider) })
    }
}

impl ClusterSecretStore {
    /// The store `name`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if `provider` has authorities in a secret or configuration map of no namespace.
    pub fn new(name: ResourceName, provider: Provider) -> Result<Self> {
        provider.check_cluster()?;
        Ok(Self { store: Store::new(Meta::new(name, None), provider), conditions: Vec::new() })
    }

    /// The platform's store of that region; [`Platform`] changes what it says.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the region is no DNS label.
    pub fn platform(region: &str) -> Result<Self> {
        Platform::new(region)?.cluster_secret_store()
    }

    /// These namespaces may use it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if there is none.
    pub fn for_namespaces(mut self, namespaces: impl IntoIterator<Item = NamespaceName>) -> Result<Self> {
        let namespaces: Vec<_> = namespaces.into_iter().collect();
        if namespaces.is_empty() {
            return Err(no_condition());
        }
        self.conditions.push(Condition::Namespaces(namespaces));
        Ok(self)
    }

    /// Namespaces with all of these labels may use it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if there is none.
    pub fn for_labelled(mut self, labels: Labels) -> Result<Self> {
        if labels.is_empty() {
            return Err(no_condition());
        }
        self.conditions.push(Condition::Labelled(labels));
        Ok(self)
    }
}

fn no_condition() -> Error {
    Error::new(ErrorKind::Config, "write manifest")
        .with_help("a condition names at least one namespace or label")
}

impl Store {
    fn new(meta: Meta, provider: Provider) -> Self {
        Self { meta, version: ApiVersion::default(), provider, refresh: None, retry: None }
    }

    fn spec(&self) -> Map {
        let retry = self.retry.map(|(retries, span)| {
            // The schema has a signed number of 32 bits.
            let retries = u64::from(retries.min(i32::MAX.unsigned_abs()));
            Map::new().field("maxRetries", retries).field("retryInterval", interval(span))
        });
        let refresh = self.refresh.map(|interval| interval.as_secs().clamp(1, YEAR_SECONDS));
        Map::new()
            .field("provider", self.provider.node())
            .some("refreshInterval", refresh)
            .some("retrySettings", retry)
    }

    fn document(&self, kind: SecretStoreKind, spec: Map) -> Map {
        self.meta.document(self.version.as_str(), kind.as_str(), spec)
    }
}

const YEAR_SECONDS: u64 = 365 * 24 * 3600;

impl Condition {
    fn node(&self) -> Map {
        match self {
            Self::Namespaces(namespaces) => {
                let names: Vec<Node> = namespaces.iter().map(|name| name.as_str().into()).collect();
                Map::new().field("namespaces", names)
            }
            Self::Labelled(labels) => {
                let selector = Map::new().some("matchLabels", labels.node());
                Map::new().field("namespaceSelector", selector)
            }
        }
    }
}

impl fmt::Display for SecretStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.document(SecretStoreKind::SecretStore, self.store.spec()).fmt(f)
    }
}

impl fmt::Display for ClusterSecretStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let conditions: Vec<Node> = self.conditions.iter().map(|condition| condition.node().into()).collect();
        let spec = self.store.spec().some("conditions", (!conditions.is_empty()).then_some(conditions));
        self.store.document(SecretStoreKind::ClusterSecretStore, spec).fmt(f)
    }
}
