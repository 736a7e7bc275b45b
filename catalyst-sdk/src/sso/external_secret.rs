//! The `ExternalSecret` that brings a credential into a namespace: a reference, without a value.

use std::fmt::{self, Write as _};
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};

use super::StoredCredential;
use super::yaml::quoted;
use crate::label::is_dns_label;

/// An `ExternalSecret` (external-secrets.io) for the Git repository. `Display` is the YAML.
///
/// Every text in it is checked or quoted, so that no name can become structure.
///
/// ```
/// # fn example(settings: &catalyst_sdk::sso::SsoSettings) -> catalyst_sdk::Result<()> {
/// if let Some(stored) = &settings.stored {
///     let yaml = stored.external_secret("wordpress-sso", "acme-shop-prod")?.to_string();
///     assert!(yaml.starts_with("apiVersion: "));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ExternalSecret {
    name: String,
    namespace: String,
    version: ExternalSecretVersion,
    store: String,
    kind: SecretStoreKind,
    refresh: Duration,
    key: String,
    /// The key in the Kubernetes secret, and the name in the stored one.
    data: Vec<(String, String)>,
}

/// The version of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExternalSecretVersion {
    /// `external-secrets.io/v1beta1`: what the platform's operator 0.10 serves.
    #[default]
    V1Beta1,
    /// `external-secrets.io/v1`: operators from 0.16 on; 0.17 no longer serves the other.
    V1,
}

/// Where a store is defined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretStoreKind {
    /// For all namespaces.
    #[default]
    ClusterSecretStore,
    /// In the same namespace.
    SecretStore,
}

impl StoredCredential {
    /// The resource `name` in `namespace` that brings this credential there, as a Kubernetes secret of the same name
    /// with the keys [`properties`](Self::properties).
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if a name is not what Kubernetes takes (RFC 1123).
    pub fn external_secret(&self, name: &str, namespace: &str) -> Result<ExternalSecret> {
        if !is_dns_subdomain(name) {
            return Err(refused("the name of an ExternalSecret is a DNS subdomain: a-z, 0-9, - and ."));
        }
        if !is_dns_label(namespace) {
            return Err(refused("a namespace is a DNS label: 1 to 63 of a-z, 0-9 and -"));
        }
        Ok(ExternalSecret {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            version: ExternalSecretVersion::default(),
            store: "vault-region1".to_owned(),
            kind: SecretStoreKind::default(),
            refresh: Duration::from_secs(3600),
            key: format!("{}/data/{}", self.mount, self.path),
            data: self.properties.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect(),
        })
    }
}

impl ExternalSecret {
    /// The version of the API; `v1beta1` if not set.
    pub fn version(mut self, version: ExternalSecretVersion) -> Self {
        self.version = version;
        self
    }

    /// The store to read from; the `ClusterSecretStore` `vault-region1` if not set.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the name is no DNS subdomain.
    pub fn store(mut self, kind: SecretStoreKind, name: &str) -> Result<Self> {
        if !is_dns_subdomain(name) {
            return Err(refused("the name of a store is a DNS subdomain: a-z, 0-9, - and ."));
        }
        (self.kind, self.store) = (kind, name.to_owned());
        Ok(self)
    }

    /// How often the operator looks; hourly if not set. Whole seconds. Stay well below the grace of 24 hours: an
    /// application has the new secret after this, plus what it takes to notice.
    pub fn refresh(mut self, interval: Duration) -> Self {
        self.refresh = interval;
        self
    }

    /// How the key is written, where a store names its mount itself; `MOUNT/data/PATH` if not set.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    /// Calls `property` of the stored credential `as_key` in the Kubernetes secret, as the application expects it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if there is no such property, or the key is not what Kubernetes takes.
    pub fn rename(mut self, property: &str, as_key: &str) -> Result<Self> {
        if !is_secret_key(as_key) {
            return Err(refused("a key of a secret has 1 to 253 of letters, digits, -, _ and ."));
        }
        let entry = self.data.iter_mut().find(|(_, name)| name == property);
        let (key, _) = entry.ok_or_else(|| refused("the credential has no such property"))?;
        as_key.clone_into(key);
        Ok(self)
    }
}

impl fmt::Display for ExternalSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = match self.version {
            ExternalSecretVersion::V1Beta1 => "v1beta1",
            ExternalSecretVersion::V1 => "v1",
        };
        let kind = match self.kind {
            SecretStoreKind::ClusterSecretStore => "ClusterSecretStore",
            SecretStoreKind::SecretStore => "SecretStore",
        };
        let mut data = String::new();
        for (key, property) in &self.data {
            let (key, remote, property) = (quoted(key), quoted(&self.key), quoted(property));
            write!(
                data,
                "    - secretKey: {key}\n      remoteRef:\n        key: {remote}\n        property: {property}\n"
            )?;
        }
        let (name, namespace, store) = (quoted(&self.name), quoted(&self.namespace), quoted(&self.store));
        write!(
            f,
            "apiVersion: \"external-secrets.io/{version}\"\nkind: \"ExternalSecret\"\nmetadata:\n  name: {name}\n  \
             namespace: {namespace}\nspec:\n  refreshInterval: {}\n  secretStoreRef:\n    name: {store}\n    \
             kind: \"{kind}\"\n  target:\n    name: {name}\n    creationPolicy: \"Owner\"\n  data:\n{data}",
            quoted(&interval(self.refresh))
        )
    }
}

/// As Go reads durations.
fn interval(span: Duration) -> String {
    match span.as_secs().max(1) {
        seconds if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}

fn is_dns_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_dns_label)
}

fn is_secret_key(key: &str) -> bool {
    (1..=253).contains(&key.len())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && !matches!(key, "." | "..")
}

fn refused(help: &'static str) -> Error {
    Error::new(ErrorKind::Config, "write ExternalSecret").with_help(help)
}

#[cfg(test)]
#[path = "external_secret_tests.rs"]
mod tests;
