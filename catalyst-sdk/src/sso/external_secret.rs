//! The `ExternalSecret` that brings a credential into a namespace: a reference, without a value.

use std::fmt;

use catalyst_core::{Error, ErrorKind, Result};
use catalyst_openbao::SecretPath;

use super::StoredCredential;
use crate::manifest::{self, ApiVersion, Platform, Refresh, RemoteKey, RemoteRef, SecretKey, StoreRef};

/// The platform's region, unless [`ExternalSecret::store`] says otherwise.
const REGION: &str = "region1";

/// An `ExternalSecret` (external-secrets.io) for the Git repository. `Display` is the YAML.
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
    manifest: manifest::ExternalSecret,
    /// The properties of the credential, in the order of the manifest's keys.
    properties: &'static [&'static str],
}

impl StoredCredential {
    /// The resource `name` in `namespace` that brings this credential there, as a Kubernetes secret of the same name
    /// with the keys [`properties`](Self::properties).
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if a name is not what Kubernetes takes (RFC 1123).
    pub fn external_secret(&self, name: &str, namespace: &str) -> Result<ExternalSecret> {
        let store = Platform::new(REGION)?.store();
        let builder = manifest::ExternalSecret::builder(name.parse()?, namespace.parse()?, store);
        let remote = RemoteRef::new(RemoteKey::of(&self.mount, &self.path));
        let manifest = self.properties.iter().try_fold(builder, |builder, property| {
            Ok::<_, Error>(builder.data(property.parse()?, remote.clone().property(property.parse()?)))
        });
        Ok(ExternalSecret { manifest: manifest?.build()?, properties: self.properties })
    }
}

impl ExternalSecret {
    /// The version of the API; `v1beta1` if not set.
    pub fn version(self, version: ApiVersion) -> Self {
        self.with(|manifest| manifest.version(version))
    }

    /// The store to read from; the platform's `ClusterSecretStore` `vault-region1` if not set.
    pub fn store(self, store: StoreRef) -> Self {
        self.with(|manifest| manifest.store(store))
    }

    /// When the operator looks again; hourly if not set. Stay well below the grace of 24 hours: an application has the
    /// new secret after this, plus what it takes to notice.
    pub fn refresh(self, refresh: impl Into<Refresh>) -> Self {
        self.with(|manifest| manifest.refresh(refresh))
    }

    /// How the key is written, for a store that names its mount itself; `MOUNT/data/PATH` if not set, which such a
    /// store understands too.
    pub fn key(self, path: &SecretPath) -> Self {
        let key = RemoteKey::below(path);
        self.with(|mut manifest| {
            for (_, remote) in manifest.entries() {
                remote.set_key(key.clone());
            }
            manifest
        })
    }

    /// Calls `property` of the stored credential `as_key` in the Kubernetes secret, as the application expects it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if there is no such property, the key is not what Kubernetes takes, or another property
    /// has it.
    pub fn rename(self, property: &str, as_key: &str) -> Result<Self> {
        let as_key: SecretKey = as_key.parse()?;
        let position = self.properties.iter().position(|name| *name == property);
        let mut builder = self.manifest.into_builder();
        let entry = position.and_then(|index| builder.entries().get_mut(index));
        let (key, _) = entry.ok_or_else(|| {
            Error::new(ErrorKind::Config, "write ExternalSecret")
                .with_help("the credential has no such property")
        })?;
        *key = as_key;
        Ok(Self { manifest: builder.build()?, properties: self.properties })
    }

    /// The manifest, to go on with what only it can say.
    pub fn into_manifest(self) -> manifest::ExternalSecret {
        self.manifest
    }

    /// With a change that breaks no rule of manifests.
    fn with(
        self,
        change: impl FnOnce(manifest::ExternalSecretBuilder) -> manifest::ExternalSecretBuilder,
    ) -> Self {
        Self { manifest: self.manifest.changed(change), properties: self.properties }
    }
}

impl fmt::Display for ExternalSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.manifest.fmt(f)
    }
}

#[cfg(test)]
#[path = "external_secret_tests.rs"]
mod tests;
