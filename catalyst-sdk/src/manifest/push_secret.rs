//! `PushSecret`: carries a Kubernetes secret into stores.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};

use super::meta::Meta;
use super::refresh::interval;
use super::yaml::{Map, Node};
use super::{Labels, NamespaceName, Property, RemoteKey, ResourceName, SecretKey, StoreRef, Template};

/// The only version there is.
const VERSION: &str = "external-secrets.io/v1alpha1";

/// A `PushSecret`. `Display` is the YAML: references, without a value.
///
/// Values reach OpenBao as the operator, so its role needs the right to write data and metadata there; the platform's
/// policy `external-secrets-read` gives none. The operator writes over nothing that it did not write itself.
///
/// ```
/// use catalyst_sdk::manifest::{Platform, PushSecret, RemoteKey};
///
/// let primary = Platform::new("region1")?.store_name("bao-primary".parse()?);
/// let path = RemoteKey::below(&"org/acme/env/prod/registry".parse()?);
/// let push = PushSecret::builder("registry".parse()?, "acme-prod".parse()?, primary.store(), "registry-login".parse()?)
///     .data("password".parse()?, path, "password".parse()?)
///     .build()?;
/// assert!(push.to_string().contains("remoteKey: \"org/acme/env/prod/registry\""));
/// # Ok::<(), catalyst_sdk::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushSecret(PushSecretBuilder);

/// Builds a [`PushSecret`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct PushSecretBuilder {
    meta: Meta,
    refresh: Duration,
    stores: Vec<StoreRef>,
    source: ResourceName,
    update: UpdatePolicy,
    deletion: PushDeletionPolicy,
    template: Option<Template>,
    data: Vec<Match>,
}

/// What is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpdatePolicy {
    /// It is replaced.
    #[default]
    Replace,
    /// It stays.
    IfNotExists,
}

/// What becomes of the values in the store when the manifest goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PushDeletionPolicy {
    /// They stay.
    #[default]
    None,
    /// They are deleted.
    Delete,
}

/// What goes where.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Match {
    /// The key, or the whole secret.
    key: Option<SecretKey>,
    remote: RemoteKey,
    property: Option<Property>,
}

impl PushSecret {
    /// The manifest `name` in `namespace` that carries the Kubernetes secret `source` of that namespace into `store`.
    pub fn builder(
        name: ResourceName,
        namespace: NamespaceName,
        store: StoreRef,
        source: ResourceName,
    ) -> PushSecretBuilder {
        PushSecretBuilder {
            meta: Meta::new(name, Some(namespace)),
            refresh: Duration::from_secs(3600),
            stores: vec![store],
            source,
            update: UpdatePolicy::default(),
            deletion: PushDeletionPolicy::default(),
            template: None,
            data: Vec::new(),
        }
    }
}

impl PushSecretBuilder {
    /// Its labels.
    pub fn labels(mut self, labels: Labels) -> Self {
        self.meta.labels = labels;
        self
    }

    /// How often the operator compares, in whole seconds; hourly if not set.
    pub fn refresh(mut self, interval: Duration) -> Self {
        self.refresh = interval;
        self
    }

    /// One more store to carry it into.
    pub fn store(mut self, store: StoreRef) -> Self {
        self.stores.push(store);
        self
    }

    /// What happens to what is there; it is replaced if not set.
    pub fn update(mut self, policy: UpdatePolicy) -> Self {
        self.update = policy;
        self
    }

    /// What happens when the manifest goes; values stay if not set.
    pub fn deletion(mut self, policy: PushDeletionPolicy) -> Self {
        self.deletion = policy;
        self
    }

    /// What becomes of the values on their way.
    pub fn template(mut self, template: Template) -> Self {
        self.template = Some(template);
        self
    }

    /// The value of `key` becomes a property of the secret at `remote`; see [`RemoteKey`] for how that is written.
    pub fn data(mut self, key: SecretKey, remote: RemoteKey, property: Property) -> Self {
        self.data.push(Match { key: Some(key), remote, property: Some(property) });
        self
    }

    /// Every key becomes a property of the secret at `remote`.
    pub fn whole(mut self, remote: RemoteKey) -> Self {
        self.data.push(Match { key: None, remote, property: None });
        self
    }

    /// Checks what the schema of the resource does not.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it carries nothing, or two things to one place.
    pub fn build(self) -> Result<PushSecret> {
        let refused = |help: &str| Err(Error::new(ErrorKind::Config, "write manifest").with_help(help));
        if self.data.is_empty() {
            return refused("a PushSecret carries at least one key");
        }
        let whole: BTreeSet<_> =
            self.data.iter().filter(|entry| entry.key.is_none()).map(Match::place).collect();
        let places: BTreeSet<_> =
            self.data.iter().map(|entry| (entry.place(), entry.property.as_ref())).collect();
        let overwritten = |entry: &Match| entry.key.is_some() && whole.contains(entry.place());
        if places.len() < self.data.len() || self.data.iter().any(overwritten) {
            return refused("two values go to one place");
        }
        Ok(PushSecret(self))
    }

    fn spec(&self) -> Map {
        let update = match self.update {
            UpdatePolicy::Replace => None,
            UpdatePolicy::IfNotExists => Some("IfNotExists"),
        };
        let deletion = match self.deletion {
            PushDeletionPolicy::None => "None",
            PushDeletionPolicy::Delete => "Delete",
        };
        let stores: Vec<Node> = self.stores.iter().map(|store| store.node().into()).collect();
        let data: Vec<Node> = self.data.iter().map(|entry| entry.node().into()).collect();
        let secret = Map::new().field("name", self.source.as_str());
        Map::new()
            .field("refreshInterval", interval(self.refresh))
            .some("updatePolicy", update)
            .field("deletionPolicy", deletion)
            .field("secretStoreRefs", stores)
            .field("selector", Map::new().field("secret", secret))
            .some("template", self.template.as_ref().map(Template::node))
            .field("data", data)
    }
}

impl Match {
    fn place(&self) -> &str {
        self.remote.as_str()
    }

    fn node(&self) -> Map {
        let remote = Map::new()
            .field("remoteKey", self.place())
            .some("property", self.property.as_ref().map(Property::as_str));
        let found = Map::new().some("secretKey", self.key.as_ref().map(SecretKey::as_str));
        Map::new().field("match", found.field("remoteRef", remote))
    }
}

impl fmt::Display for PushSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(built) = self;
        built.meta.document(VERSION, "PushSecret", built.spec()).fmt(f)
    }
}
