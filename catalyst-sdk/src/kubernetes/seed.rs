//! A seed in a Secret.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result};
use catalyst_openbao::bootstrap::{RecoverySeed, SeedStore, StoredSeed};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Api, DeleteParams, Patch, PatchParams, Preconditions};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

/// Says that a Secret is a seed, and may be deleted by whoever used it up.
const SINGLE_USE: &str = "openbao.openova.io/single-use";
const DEFAULT_NAME: &str = "openbao-recovery-seed";
const DEFAULT_KEY: &str = "recovery-seed";
/// The journal stands beside the seed, so that both are deleted at once.
const JOURNAL: &str = "journal";

/// A seed in a Secret of Kubernetes, `openbao-recovery-seed` unless it is named otherwise, which carries the annotation
/// `openbao.openova.io/single-use: "true"`. The journal is kept in the same Secret.
///
/// Every write names the version that it read, and the deletion the identity, too: a second bring-up at the same time,
/// or a Secret made anew meanwhile, is a conflict. It needs `get`, `patch` and `delete` on this one Secret. What the
/// cluster keeps of a deleted Secret, in its storage and in backups of that, is not wiped.
///
/// The TLS provider of `kube` is the process's, and aws-lc-rs if there is none.
#[derive(Clone)]
pub struct KubernetesSeed {
    secrets: Api<Secret>,
    namespace: String,
    name: String,
    key: String,
    read: std::sync::Arc<Mutex<Option<Version>>>,
}

/// What identifies the Secret that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    uid: Option<String>,
    resource: Option<String>,
}

impl KubernetesSeed {
    /// In `namespace` of the cluster that this pod runs in, with the pod's service account.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if this is no pod with a service account.
    pub fn in_cluster(namespace: &str) -> Result<Self> {
        let config = Config::incluster_dns().map_err(|cause| not_set_up("this is no pod", cause))?;
        Self::with(config, namespace)
    }

    /// In `namespace` of the cluster that the file at `path` describes, a kubeconfig.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the file cannot be read, or leads nowhere.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn from_kubeconfig(path: &Path, namespace: &str) -> Result<Self> {
        let file = Kubeconfig::read_from(path)
            .map_err(|cause| not_set_up("the kubeconfig cannot be read", cause))?;
        let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await;
        Self::with(config.map_err(|cause| not_set_up("the kubeconfig leads nowhere", cause))?, namespace)
    }

    /// In the Secret of another name.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// Under another key of the Secret's data; `recovery-seed` if not set.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self }
    }

    fn with(config: Config, namespace: &str) -> Result<Self> {
        let client =
            Client::try_from(config).map_err(|cause| not_set_up("its API cannot be called", cause))?;
        Ok(Self {
            secrets: Api::namespaced(client, namespace),
            namespace: namespace.to_owned(),
            name: DEFAULT_NAME.to_owned(),
            key: DEFAULT_KEY.to_owned(),
            read: std::sync::Arc::default(),
        })
    }

    fn version(&self) -> MutexGuard<'_, Option<Version>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, operation: &'static str, cause: kube::Error) -> Error {
        let status = match &cause {
            kube::Error::Api(answer) => Some(answer.code),
            _ => None,
        };
        let (kind, code, help) = match status {
            Some(409 | 412) => {
                (ErrorKind::Conflict, "seed_changed", "somebody else changed it: does another bring-up run?")
            }
            Some(401 | 403) => (
                ErrorKind::PermissionDenied,
                "permission_denied",
                "the service account needs get, patch and delete on it",
            ),
            _ => (ErrorKind::Unavailable, "seed_unavailable", "the API server of the cluster did not do it"),
        };
        let error = Error::new(kind, operation).with_service("kubernetes").with_code(code).with_help(help);
        let error = error.with_target(format!("secrets/{}/{}", self.namespace, self.name));
        match status {
            Some(status) => error.with_status(status),
            None => error.with_source(cause),
        }
    }
}

#[async_trait]
impl SeedStore for KubernetesSeed {
    async fn load(&self) -> Result<StoredSeed> {
        let found =
            self.secrets.get_opt(&self.name).await.map_err(|cause| self.failed("read seed", cause))?;
        let Some(secret) = found else {
            *self.version() = None;
            return Ok(StoredSeed::default());
        };
        let annotations = secret.metadata.annotations.as_ref();
        if annotations.and_then(|all| all.get(SINGLE_USE)).map(String::as_str) != Some("true") {
            let help =
                format!("the Secret {} is not annotated {SINGLE_USE}: \"true\", and so no seed", self.name);
            let error = Error::new(ErrorKind::Config, "read seed").with_code("seed_malformed");
            return Err(error.with_help(help));
        }
        *self.version() = Some(version_of(&secret));
        let mut data = secret.data.unwrap_or_default();
        let seed = data.remove(&self.key).map(|seed| RecoverySeed::read(&seed.0)).transpose()?;
        Ok(StoredSeed { seed, journal: data.remove(JOURNAL).map(|journal| journal.0) })
    }

    async fn save(&self, journal: &[u8]) -> Result<()> {
        let version = self.version().clone();
        let Some(version) = version else {
            let error = Error::new(ErrorKind::Config, "save journal").with_code("seed_missing");
            return Err(error.with_help("the seed is gone, and its journal with it"));
        };
        let change = Secret {
            metadata: ObjectMeta {
                uid: version.uid,
                resource_version: version.resource,
                ..ObjectMeta::default()
            },
            data: Some(BTreeMap::from([(JOURNAL.to_owned(), ByteString(journal.to_vec()))])),
            ..Secret::default()
        };
        let changed = self.secrets.patch(&self.name, &PatchParams::default(), &Patch::Merge(&change)).await;
        let changed = changed.map_err(|cause| self.failed("save journal", cause))?;
        *self.version() = Some(version_of(&changed));
        Ok(())
    }

    async fn erase(&self) -> Result<()> {
        let version = self.version().clone();
        let Some(version) = version else { return Ok(()) };
        let preconditions = Preconditions { uid: version.uid, resource_version: version.resource };
        let how = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        match self.secrets.delete(&self.name, &how).await {
            Ok(_deleted) => Ok(()),
            Err(kube::Error::Api(answer)) if answer.code == 404 => Ok(()),
            Err(cause) => Err(self.failed("erase seed", cause)),
        }
    }
}

impl fmt::Debug for KubernetesSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KubernetesSeed")
            .field("namespace", &self.namespace)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

fn version_of(secret: &Secret) -> Version {
    Version { uid: secret.metadata.uid.clone(), resource: secret.metadata.resource_version.clone() }
}

fn not_set_up(what: &str, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Config, "set up Kubernetes client").with_help(what.to_owned()).with_source(cause)
}
