//! `ExternalSecret`: brings values from a store into a Kubernetes secret.

use std::collections::BTreeSet;
use std::fmt;

use catalyst_core::{Error, ErrorKind, Result};
use catalyst_openbao::SecretPath;

use super::meta::Meta;
use super::yaml::{Map, Node};
use super::{
    ApiVersion, Labels, NamePattern, NamespaceName, Refresh, RemoteRef, ResourceName, SecretKey, StoreRef,
    Target,
};

/// An `ExternalSecret`. `Display` is the YAML: references, without a value.
///
/// ```
/// use catalyst_sdk::manifest::{ExternalSecret, Platform, RemoteRef};
///
/// let platform = Platform::new("region1")?;
/// let password = platform.remote(&"org/acme/env/prod/db".parse()?).property("password".parse()?);
/// let secret = ExternalSecret::builder("orders-db".parse()?, "acme-prod".parse()?, platform.store())
///     .data("PGPASSWORD".parse()?, password)
///     .build()?;
/// assert!(secret.to_string().contains("key: \"secret/data/org/acme/env/prod/db\""));
/// # Ok::<(), catalyst_sdk::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalSecret(ExternalSecretBuilder);

/// Builds an [`ExternalSecret`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ExternalSecretBuilder {
    meta: Meta,
    version: ApiVersion,
    store: StoreRef,
    refresh: Refresh,
    target: Target,
    data: Vec<(SecretKey, RemoteRef)>,
    sets: Vec<Set>,
}

/// Many values at once.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Set {
    /// Every property of one secret.
    Extract(RemoteRef),
    /// The secrets below a path whose names match.
    Find { below: Option<SecretPath>, names: NamePattern },
}

impl ExternalSecret {
    /// The manifest `name` in `namespace` that reads from `store`.
    pub fn builder(name: ResourceName, namespace: NamespaceName, store: StoreRef) -> ExternalSecretBuilder {
        ExternalSecretBuilder {
            meta: Meta::new(name, Some(namespace)),
            version: ApiVersion::default(),
            store,
            refresh: Refresh::default(),
            target: Target::new(),
            data: Vec::new(),
            sets: Vec::new(),
        }
    }

    /// To be changed and built again.
    pub fn into_builder(self) -> ExternalSecretBuilder {
        self.0
    }

    /// Changed in a way that breaks none of the rules of [`ExternalSecretBuilder::build`]: neither keys nor policies.
    #[cfg(feature = "sso")]
    pub(crate) fn changed(self, change: impl FnOnce(ExternalSecretBuilder) -> ExternalSecretBuilder) -> Self {
        Self(change(self.0))
    }
}

impl ExternalSecretBuilder {
    /// The version of the API; `v1beta1` if not set.
    pub fn version(mut self, version: ApiVersion) -> Self {
        self.version = version;
        self
    }

    /// Its labels.
    pub fn labels(mut self, labels: Labels) -> Self {
        self.meta.labels = labels;
        self
    }

    /// The store to read from.
    pub fn store(mut self, store: StoreRef) -> Self {
        self.store = store;
        self
    }

    /// When the operator reads again; hourly if not set. A `Duration` is an interval.
    pub fn refresh(mut self, refresh: impl Into<Refresh>) -> Self {
        self.refresh = refresh.into();
        self
    }

    /// The secret that is made; one of the same name, owned by the operator, if not set.
    pub fn target(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    /// One key of the secret.
    pub fn data(mut self, key: SecretKey, remote: RemoteRef) -> Self {
        self.data.push((key, remote));
        self
    }

    /// A key for each property of `remote`.
    pub fn extract(mut self, remote: RemoteRef) -> Self {
        self.sets.push(Set::Extract(remote));
        self
    }

    /// A key for each secret whose name matches, below a path or anywhere in the mount. The store has to name its
    /// mount, and the operator needs the right to list.
    pub fn find(mut self, names: NamePattern, below: Option<SecretPath>) -> Self {
        self.sets.push(Set::Find { below, names });
        self
    }

    /// Checks what the schema of the resource does not.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it brings nothing, names a key twice, has policies that the operator refuses, or a
    /// template that refers to a key it does not bring.
    pub fn build(self) -> Result<ExternalSecret> {
        if let Some(help) = self.fault() {
            return Err(Error::new(ErrorKind::Config, "write manifest").with_help(help));
        }
        self.target.check()?;
        Ok(ExternalSecret(self))
    }

    fn fault(&self) -> Option<&'static str> {
        let keys: BTreeSet<_> = self.data.iter().map(|(key, _)| key).collect();
        if self.data.is_empty() && self.sets.is_empty() {
            return Some("an ExternalSecret brings at least one key");
        }
        if keys.len() < self.data.len() {
            return Some("a key is named twice");
        }
        let mut references = self.target.references();
        // What a set brings is known to the store alone.
        let unknown = self.sets.is_empty() && references.any(|key| !keys.contains(key));
        unknown.then_some("the template refers to a key that the manifest does not bring")
    }

    /// Each key and what it is read from, to change one of them.
    #[cfg(feature = "sso")]
    pub(crate) fn entries(&mut self) -> &mut Vec<(SecretKey, RemoteRef)> {
        &mut self.data
    }

    fn spec(&self) -> Map {
        let entry = |(key, remote): &(SecretKey, RemoteRef)| {
            Map::new().field("secretKey", key.as_str()).field("remoteRef", remote.node()).into()
        };
        let data: Vec<Node> = self.data.iter().map(entry).collect();
        let sets: Vec<Node> = self.sets.iter().map(|set| set.node().into()).collect();
        let spec = self.refresh.write(Map::new());
        spec.field("secretStoreRef", self.store.node())
            .field("target", self.target.node(&self.meta.name))
            .some("data", (!data.is_empty()).then_some(data))
            .some("dataFrom", (!sets.is_empty()).then_some(sets))
    }
}

impl Set {
    fn node(&self) -> Map {
        match self {
            Self::Extract(remote) => Map::new().field("extract", remote.node()),
            Self::Find { below, names } => {
                let find = Map::new()
                    .some("path", below.as_ref().map(SecretPath::as_str))
                    .field("name", Map::new().field("regexp", names.as_str()));
                Map::new().field("find", find)
            }
        }
    }
}

impl fmt::Display for ExternalSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(built) = self;
        built.meta.document(built.version.as_str(), "ExternalSecret", built.spec()).fmt(f)
    }
}
