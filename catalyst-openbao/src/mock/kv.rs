//! The KV engine of the mock.

use std::collections::BTreeMap;

use async_trait::async_trait;
use catalyst_core::{Error, Result};

use super::MockOpenBao;
use super::model::{
    Call, CustomChange, KvSecret, MetadataChange, Model, Operation as Kind, Patched, Refusal, VersionView,
};
use crate::operation::Operation;
use crate::refusal::{Remains, refusal};
use crate::{
    MetadataUpdate, Mount, SecretData, SecretMetadata, SecretPath, SecretStore, VersionMetadata, Versioned,
    WriteMode,
};

/// The KV engine, version 2, at one mount of a [`MockOpenBao`].
#[derive(Clone, Debug)]
pub struct MockKv {
    bao: MockOpenBao,
    mount: Mount,
}

impl MockKv {
    pub(super) fn new(bao: MockOpenBao, mount: Mount) -> Self {
        Self { bao, mount }
    }

    async fn call<T>(
        &self,
        operation: Operation,
        kind: Kind,
        route: &str,
        path: &str,
        act: impl Fn(&Call, &str, &Model) -> Result<T, Refusal> + Send + Sync,
    ) -> Result<T> {
        let (model, mount) = (self.bao.model(), self.mount.as_str());
        let full = format!("{mount}/{route}/{path}");
        let done = self.bao.call(operation, kind, &full, |call| act(call, mount, model)).await?;
        Ok(done.0)
    }

    fn describe(&self, view: &VersionView) -> VersionMetadata {
        let model = self.bao.model();
        let mut metadata = VersionMetadata::new(view.number, model.wall(view.created));
        metadata.deleted_at = view.deletion.map(|at| model.wall(at));
        metadata.destroyed = view.destroyed;
        metadata.custom = view.custom.clone().unwrap_or_default();
        metadata
    }

    fn describe_all(&self, secret: &KvSecret) -> SecretMetadata {
        let model = self.bao.model();
        let versions = secret.versions.iter().map(|(&number, version)| {
            let mut metadata = VersionMetadata::new(number, model.wall(version.created));
            metadata.deleted_at = version.deletion.map(|at| model.wall(at));
            metadata.destroyed = version.destroyed;
            (number, metadata)
        });
        SecretMetadata {
            created_at: model.wall(secret.created),
            updated_at: model.wall(secret.updated),
            current_version: secret.current,
            oldest_version: secret.oldest,
            max_versions: u64::from(secret.max_versions),
            cas_required: secret.cas_required,
            delete_version_after: secret.delete_version_after,
            custom: secret.custom.clone().unwrap_or_default(),
            versions: versions.collect::<BTreeMap<_, _>>(),
        }
    }
}

#[async_trait]
impl SecretStore for MockKv {
    async fn read(&self, path: &SecretPath, version: Option<u64>) -> Result<Versioned> {
        let path = path.as_str();
        let operation = Operation::ReadSecret;
        // Zero is the server's word for the newest.
        let version = version.filter(|&number| number > 0);
        let act = |call: &_, mount: &_, model: &Model| model.kv_read(call, mount, path, version);
        let mut view = self.call(operation, Kind::KvRead, "data", path, act).await?;
        let metadata = self.describe(&view);
        match view.data.take() {
            Some(data) => Ok(Versioned::new(data, metadata)),
            None => Err(gone(operation, &view).with_target(format!("{}/data/{path}", self.mount))),
        }
    }

    async fn write(&self, path: &SecretPath, data: &SecretData, mode: WriteMode) -> Result<VersionMetadata> {
        let path = path.as_str();
        let cas = match mode {
            WriteMode::Overwrite => None,
            WriteMode::CreateOnly => Some(0),
            WriteMode::IfVersion(version) => Some(i64::try_from(version).unwrap_or(i64::MAX)),
        };
        let act = |call: &_, mount: &_, model: &Model| model.kv_write(call, mount, path, data.clone(), cas);
        let view = self.call(Operation::WriteSecret, Kind::KvWrite, "data", path, act).await?;
        Ok(self.describe(&view))
    }

    async fn patch(
        &self,
        path: &SecretPath,
        data: &SecretData,
        if_version: Option<u64>,
    ) -> Result<VersionMetadata> {
        let (path, operation) = (path.as_str(), Operation::PatchSecret);
        let cas = if_version.map(|version| i64::try_from(version).unwrap_or(i64::MAX));
        let act = |call: &_, mount: &_, model: &Model| model.kv_patch(call, mount, path, data, cas);
        match self.call(operation, Kind::KvWrite, "data", path, act).await? {
            Patched::Written(view) => Ok(self.describe(&view)),
            Patched::Gone(_) => Err(refusal(operation, 404, &[], Remains::Nothing)),
        }
    }

    async fn list(&self, prefix: Option<&SecretPath>) -> Result<Vec<String>> {
        let prefix = prefix.map_or("", SecretPath::as_str);
        let act = |call: &_, mount: &_, model: &Model| match model.kv_list(call, mount, prefix) {
            Err(refused) if refused == Refusal::nothing_there() => Ok(Vec::new()),
            other => other,
        };
        self.call(Operation::ListSecrets, Kind::KvList, "metadata", prefix, act).await
    }

    async fn delete(&self, path: &SecretPath, versions: &[u64]) -> Result<()> {
        let path = path.as_str();
        let route = if versions.is_empty() { "data" } else { "delete" };
        let act = |call: &_, mount: &_, model: &Model| model.kv_delete(call, mount, path, versions);
        self.call(Operation::DeleteSecret, Kind::KvDelete, route, path, act).await
    }

    async fn undelete(&self, path: &SecretPath, versions: &[u64]) -> Result<()> {
        let path = path.as_str();
        let act = |call: &_, mount: &_, model: &Model| model.kv_undelete(call, mount, path, versions);
        self.call(Operation::UndeleteSecret, Kind::KvDelete, "undelete", path, act).await
    }

    async fn destroy(&self, path: &SecretPath, versions: &[u64]) -> Result<()> {
        let path = path.as_str();
        let act = |call: &_, mount: &_, model: &Model| model.kv_destroy(call, mount, path, versions);
        self.call(Operation::DestroySecret, Kind::KvDelete, "destroy", path, act).await
    }

    async fn metadata(&self, path: &SecretPath) -> Result<SecretMetadata> {
        let path = path.as_str();
        let act = |call: &_, mount: &_, model: &Model| model.kv_metadata(call, mount, path);
        let secret = self.call(Operation::ReadMetadata, Kind::KvMetadata, "metadata", path, act).await?;
        Ok(self.describe_all(&secret))
    }

    async fn write_metadata(&self, path: &SecretPath, update: &MetadataUpdate) -> Result<()> {
        let path = path.as_str();
        let change = MetadataChange {
            max_versions: update.max_versions.map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
            cas_required: update.cas_required,
            delete_version_after: update.delete_version_after,
            custom: update.custom.clone().map(CustomChange::Replace),
        };
        let act =
            |call: &_, mount: &_, model: &Model| model.kv_write_metadata(call, mount, path, change.clone());
        self.call(Operation::WriteMetadata, Kind::KvMetadata, "metadata", path, act).await
    }

    async fn delete_metadata(&self, path: &SecretPath) -> Result<()> {
        let path = path.as_str();
        let act = |call: &_, mount: &_, model: &Model| model.kv_delete_metadata(call, mount, path);
        self.call(Operation::DeleteMetadata, Kind::KvMetadata, "metadata", path, act).await
    }
}

fn gone(operation: Operation, view: &VersionView) -> Error {
    let remains = if view.destroyed { Remains::Destroyed } else { Remains::Deleted };
    refusal(operation, 404, &[], remains)
}
