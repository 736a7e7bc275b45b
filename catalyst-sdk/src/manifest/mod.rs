//! Manifests for the Git repository: how secrets get from OpenBao into Kubernetes, by the External Secrets Operator.
//!
//! ```
//! use catalyst_sdk::manifest::{ClusterSecretStore, ExternalSecret, Platform};
//!
//! let store = ClusterSecretStore::platform("region1")?;
//! let platform = Platform::new("region1")?;
//! let secret = ExternalSecret::builder("orders-db".parse()?, "acme-prod".parse()?, store.reference())
//!     .extract(platform.remote(&"org/acme/env/prod/db".parse()?))
//!     .build()?;
//! print!("{store}---\n{secret}");
//! # Ok::<(), catalyst_sdk::Error>(())
//! ```
//!
//! | type | resource | versions |
//! | --- | --- | --- |
//! | [`SecretStore`], [`ClusterSecretStore`] | where values come from: OpenBao, and how the operator logs in | `v1beta1`, `v1` |
//! | [`ExternalSecret`] | which values become which keys of a Kubernetes secret | `v1beta1`, `v1` |
//! | [`PushSecret`] | which keys of a Kubernetes secret go to OpenBao | `v1alpha1`, the only one |
//! | [`Platform`] | the platform's names in all of them | |
//!
//! Each is one YAML document by its `Display`; `---` goes between them.
//!
//! # No manifest carries a value
//!
//! There is no way to put one in. Names are parsed into types that hold names, credentials are named by the Kubernetes
//! secret that they lie in, an address with a password is refused, authorities are certificates and nothing else, and
//! a template is built of references and of the program's own fixed text. What could hold anything, annotations and
//! HTTP headers for example, is left out. Every text is quoted, so that none becomes structure.
//!
//! # What is checked
//!
//! What the schemas of the resources say holds by the types. What only the operator's admission webhook says is
//! checked when a manifest is built: a key named twice, a secret of another namespace, policies that exclude each
//! other.

mod auth;
mod ca;
mod external_secret;
mod labels;
mod meta;
mod name;
mod platform;
mod provider;
mod push_secret;
mod refresh;
mod refs;
mod remote;
mod store;
mod target;
mod template;
mod yaml;

pub use auth::{Auth, JwtSource};
pub use ca::{CaBundle, CaSource};
pub use external_secret::{ExternalSecret, ExternalSecretBuilder};
pub use labels::Labels;
pub use name::{Audience, NamePattern, NamespaceName, Property, ResourceName, SecretKey};
pub use platform::Platform;
pub use provider::{KvVersion, Provider};
pub use push_secret::{PushDeletionPolicy, PushSecret, PushSecretBuilder, UpdatePolicy};
pub use refresh::Refresh;
pub use refs::{ApiVersion, SecretKeyRef, SecretStoreKind, ServiceAccountRef, StoreRef};
pub use remote::{Decoding, RemoteKey, RemoteRef};
pub use store::{ClusterSecretStore, SecretStore};
pub use target::{CreationPolicy, DeletionPolicy, Target};
pub use template::{SecretType, Template, TemplateText};
