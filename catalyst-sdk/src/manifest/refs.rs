//! What one resource says of another.

use super::yaml::Map;
use super::{Audience, NamespaceName, ResourceName, SecretKey};

/// The version of the API of `SecretStore`, `ClusterSecretStore` and `ExternalSecret`. `PushSecret` has one of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiVersion {
    /// `external-secrets.io/v1beta1`: what the platform's operator 0.10 serves.
    #[default]
    V1Beta1,
    /// `external-secrets.io/v1`: operators from 0.16 on; 0.17 no longer serves the other.
    V1,
}

impl ApiVersion {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::V1Beta1 => "external-secrets.io/v1beta1",
            Self::V1 => "external-secrets.io/v1",
        }
    }
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

impl SecretStoreKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::ClusterSecretStore => "ClusterSecretStore",
            Self::SecretStore => "SecretStore",
        }
    }
}

/// A store by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreRef {
    /// Where it is defined.
    pub kind: SecretStoreKind,
    /// Its name.
    pub name: ResourceName,
}

impl StoreRef {
    /// The store of that kind and name.
    pub fn new(kind: SecretStoreKind, name: ResourceName) -> Self {
        Self { kind, name }
    }

    pub(super) fn node(&self) -> Map {
        Map::new().field("name", self.name.as_str()).field("kind", self.kind.as_str())
    }
}

/// One key of a Kubernetes secret or configuration map: where a value lies, not the value.
///
/// ```
/// use catalyst_sdk::manifest::SecretKeyRef;
///
/// let key = SecretKeyRef::new("openbao-ca".parse()?, "ca.crt".parse()?).namespace("openbao".parse()?);
/// # Ok::<(), catalyst_sdk::Error>(())
/// ```
///
/// No value can stand in its place:
///
/// ```compile_fail
/// use catalyst_sdk::Secret;
/// use catalyst_sdk::manifest::SecretKeyRef;
///
/// let token = Secret::new("s.token");
/// let key = SecretKeyRef::new("openbao".parse().unwrap(), token);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct SecretKeyRef {
    /// The namespace it lies in; that of whoever refers to it if not set.
    pub namespace: Option<NamespaceName>,
    /// The name of the secret.
    pub name: ResourceName,
    /// The key in it.
    pub key: SecretKey,
}

impl SecretKeyRef {
    /// The key `key` of the secret `name`.
    pub fn new(name: ResourceName, key: SecretKey) -> Self {
        Self { namespace: None, name, key }
    }

    /// In this namespace: for a `ClusterSecretStore`.
    pub fn namespace(mut self, namespace: NamespaceName) -> Self {
        self.namespace = Some(namespace);
        self
    }

    pub(super) fn node(&self) -> Map {
        let map = Map::new().field("name", self.name.as_str()).field("key", self.key.as_str());
        map.some("namespace", self.namespace.as_ref().map(NamespaceName::as_str))
    }
}

/// A service account whose token the operator asks Kubernetes for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct ServiceAccountRef {
    /// The namespace it lies in; that of whoever uses the store if not set.
    pub namespace: Option<NamespaceName>,
    /// Its name.
    pub name: ResourceName,
    /// Whom its token is for, besides what the operator itself asks for.
    pub audiences: Vec<Audience>,
}

impl ServiceAccountRef {
    /// The service account `name`.
    pub fn new(name: ResourceName) -> Self {
        Self { namespace: None, name, audiences: Vec::new() }
    }

    /// In this namespace: for a `ClusterSecretStore`.
    pub fn namespace(mut self, namespace: NamespaceName) -> Self {
        self.namespace = Some(namespace);
        self
    }

    /// One more audience of its token.
    pub fn audience(mut self, audience: Audience) -> Self {
        self.audiences.push(audience);
        self
    }

    pub(super) fn node(&self) -> Map {
        let audiences: Vec<_> = self.audiences.iter().map(|audience| audience.as_str().into()).collect();
        Map::new()
            .field("name", self.name.as_str())
            .some("namespace", self.namespace.as_ref().map(NamespaceName::as_str))
            .some("audiences", (!audiences.is_empty()).then_some(audiences))
    }
}
