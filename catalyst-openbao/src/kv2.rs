//! KV version 2 over HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::http::{Method, Request};
use catalyst_core::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::data::Exposed;
use crate::operation::Operation;
use crate::store::{MetadataUpdate, SecretMetadata, SecretStore, VersionMetadata, Versioned, WriteMode};
use crate::transport::Call;
use crate::wire::{self, MaybeTime, Span, Time};
use crate::wrapping::WrappedSecret;
use crate::{Mount, SecretData, SecretPath};

/// How often a write is taken up again after an election.
const MAX_ELECTIONS: usize = 4;

/// The KV version 2 engine at one mount; made by [`OpenBao::kv`](crate::OpenBao::kv). Cheap to clone.
#[derive(Clone, Debug)]
pub struct Kv2 {
    pub(crate) api: Arc<Api>,
    pub(crate) mount: Mount,
}

impl Kv2 {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { api, mount }
    }

    /// A wrapping token, good for one use within `ttl`, in place of the newest version: to be handed to somebody who
    /// [unwraps](crate::OpenBao::unwrap) it. What they get holds the values under `data`, as JSON.
    ///
    /// # Errors
    /// As [`SecretStore::read`], but for a missing secret: that shows when it is unwrapped.
    ///
    /// # Cancel safety
    /// A wrapping token may be left behind until its term ends.
    pub async fn read_wrapped(&self, path: &SecretPath, ttl: Duration) -> Result<WrappedSecret> {
        let path = [self.mount.escaped(), "/data/", path.escaped()];
        let call = Call::new(Operation::ReadSecret, Method::Get, &path).wrapped(ttl);
        WrappedSecret::read(&self.api.send(&call).await?, &self.api.transport)
    }

    /// The lead of the cluster changed under a write. What the old leader had not done by then it never does, so that
    /// the new one knows: the write is there, or is made now.
    async fn write_after_all(
        &self,
        call: &Call<'_>,
        path: &SecretPath,
        (data, mode): (&SecretData, WriteMode),
        lost: Error,
    ) -> Result<VersionMetadata> {
        for _ in 0..MAX_ELECTIONS {
            let there = match self.read_active(path).await {
                Ok(there) => Some(there),
                Err(error) if error.code() == Some("secret_not_found") => None,
                Err(error) if error.code() == Some("version_deleted") => None,
                Err(_unreadable) => return Err(lost),
            };
            let version = there.as_ref().map_or(0, |there| there.metadata.version);
            let expected = match mode {
                WriteMode::Overwrite => None,
                WriteMode::CreateOnly => Some(0),
                WriteMode::IfVersion(before) => Some(before),
            };
            match (there, expected) {
                (Some(there), None) if there.data == *data => return Ok(there.metadata),
                (Some(there), Some(before)) if version == before + 1 && there.data == *data => {
                    return Ok(there.metadata);
                }
                (_, Some(before)) if version != before => return Err(lost),
                _ => {}
            }
            match self.api.send(call).await {
                Err(error) if error.code() == Some("lead_changed") => {}
                other => return other?.data::<VersionWire>(&self.api.transport).map(Into::into),
            }
        }
        Err(lost)
    }

    /// The current version, from the active node.
    async fn read_active(&self, path: &SecretPath) -> Result<Versioned> {
        let path = [self.mount.escaped(), "/data/", path.escaped()];
        let call = Call::new(Operation::ReadSecret, Method::Get, &path).only_from_active();
        let answer = self.api.send(&call).await?;
        let VersionedWire { data, metadata } = answer.data(&self.api.transport)?;
        Ok(Versioned::new(data, metadata.into()))
    }

    /// Sends versions to one of the endpoints that take them.
    async fn versions(
        &self,
        operation: Operation,
        verb: (Method, &str),
        path: &SecretPath,
        versions: &[u64],
    ) -> Result<()> {
        let body = |request: Request| request.json(&VersionsBody { versions });
        let path = [self.mount.escaped(), verb.1, path.escaped()];
        self.api.send(&Call::new(operation, verb.0, &path).body(&body)).await.map(drop)
    }
}

#[async_trait]
impl SecretStore for Kv2 {
    async fn read(&self, path: &SecretPath, version: Option<u64>) -> Result<Versioned> {
        let query = version.map(|version| format!("?version={version}"));
        let path = [self.mount.escaped(), "/data/", path.escaped(), query.as_deref().unwrap_or("")];
        let call = Call::new(Operation::ReadSecret, Method::Get, &path);
        let answer = self.api.send(&call).await?;
        let VersionedWire { data, metadata } = answer.data(&self.api.transport)?;
        Ok(Versioned::new(data, metadata.into()))
    }

    async fn write(
        &self,
        secret: &SecretPath,
        data: &SecretData,
        mode: WriteMode,
    ) -> Result<VersionMetadata> {
        let cas = match mode {
            WriteMode::Overwrite => None,
            WriteMode::CreateOnly => Some(0),
            WriteMode::IfVersion(version) => Some(version),
        };
        let body = |request: Request| request.json(&WriteBody::new(data, cas));
        let path = [self.mount.escaped(), "/data/", secret.escaped()];
        let call = Call::new(Operation::WriteSecret, Method::Post, &path).body(&body).settling();
        let answer = match self.api.send(&call).await {
            Err(error) if error.code() == Some("lead_changed") => {
                return Box::pin(self.write_after_all(&call, secret, (data, mode), error)).await;
            }
            other => other?,
        };
        answer.data::<VersionWire>(&self.api.transport).map(Into::into)
    }

    async fn patch(
        &self,
        path: &SecretPath,
        data: &SecretData,
        if_version: Option<u64>,
    ) -> Result<VersionMetadata> {
        let body = |request: Request| {
            let request = request.json(&WriteBody::new(data, if_version))?;
            request.header("content-type", "application/merge-patch+json")
        };
        let path = [self.mount.escaped(), "/data/", path.escaped()];
        let call = Call::new(Operation::PatchSecret, Method::Patch, &path).body(&body).once();
        let answer = self.api.send(&call).await?;
        answer.data::<VersionWire>(&self.api.transport).map(Into::into)
    }

    async fn list(&self, prefix: Option<&SecretPath>) -> Result<Vec<String>> {
        let path = [self.mount.escaped(), "/metadata/", prefix.map_or("", SecretPath::escaped)];
        let call = Call::new(Operation::ListSecrets, Method::List, &path);
        match self.api.send(&call).await {
            Ok(answer) => answer.data::<KeysWire>(&self.api.transport).map(|list| list.keys),
            Err(error) if error.code() == Some("secret_not_found") => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    async fn delete(&self, path: &SecretPath, versions: &[u64]) -> Result<()> {
        if !versions.is_empty() {
            return self.versions(Operation::DeleteSecret, (Method::Post, "/delete/"), path, versions).await;
        }
        let path = [self.mount.escaped(), "/data/", path.escaped()];
        // Repeated, it would delete what somebody wrote in between.
        self.api.send(&Call::new(Operation::DeleteSecret, Method::Delete, &path).once()).await.map(drop)
    }

    async fn undelete(&self, path: &SecretPath, versions: &[u64]) -> Result<()> {
        self.versions(Operation::UndeleteSecret, (Method::Post, "/undelete/"), path, versions).await
    }

    async fn destroy(&self, path: &SecretPath, versions: &[u64]) -> Result<()> {
        self.versions(Operation::DestroySecret, (Method::Put, "/destroy/"), path, versions).await
    }

    async fn metadata(&self, path: &SecretPath) -> Result<SecretMetadata> {
        let path = [self.mount.escaped(), "/metadata/", path.escaped()];
        let answer = self.api.send(&Call::new(Operation::ReadMetadata, Method::Get, &path)).await?;
        answer.data::<MetadataWire>(&self.api.transport).map(Into::into)
    }

    async fn write_metadata(&self, path: &SecretPath, update: &MetadataUpdate) -> Result<()> {
        let body = |request: Request| request.json(&MetadataBody::from(update));
        let path = [self.mount.escaped(), "/metadata/", path.escaped()];
        self.api.send(&Call::new(Operation::WriteMetadata, Method::Post, &path).body(&body)).await.map(drop)
    }

    async fn delete_metadata(&self, path: &SecretPath) -> Result<()> {
        let path = [self.mount.escaped(), "/metadata/", path.escaped()];
        self.api.send(&Call::new(Operation::DeleteMetadata, Method::Delete, &path)).await.map(drop)
    }
}

#[derive(Serialize)]
struct WriteBody<'a> {
    data: Exposed<'a>,
    options: Options,
}

#[derive(Serialize)]
struct Options {
    #[serde(skip_serializing_if = "Option::is_none")]
    cas: Option<u64>,
}

impl<'a> WriteBody<'a> {
    fn new(data: &'a SecretData, cas: Option<u64>) -> Self {
        Self { data: Exposed(data), options: Options { cas } }
    }
}

#[derive(Serialize)]
struct VersionsBody<'a> {
    versions: &'a [u64],
}

#[derive(Serialize)]
struct MetadataBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_versions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cas_required: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_version_after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_metadata: Option<&'a BTreeMap<String, String>>,
}

impl<'a> From<&'a MetadataUpdate> for MetadataBody<'a> {
    fn from(update: &'a MetadataUpdate) -> Self {
        Self {
            max_versions: update.max_versions,
            cas_required: update.cas_required,
            delete_version_after: update.delete_version_after.map(|age| format!("{}s", age.as_secs())),
            custom_metadata: update.custom.as_ref(),
        }
    }
}

#[derive(Deserialize)]
struct VersionedWire {
    data: SecretData,
    metadata: VersionWire,
}

#[derive(Deserialize)]
struct VersionWire {
    /// Absent where it is the key of a map.
    #[serde(default)]
    version: u64,
    created_time: Time,
    #[serde(default)]
    deletion_time: MaybeTime,
    #[serde(default)]
    destroyed: bool,
    #[serde(default, deserialize_with = "wire::notes")]
    custom_metadata: BTreeMap<String, String>,
}

impl From<VersionWire> for VersionMetadata {
    fn from(wire: VersionWire) -> Self {
        Self {
            version: wire.version,
            created_at: wire.created_time.0,
            deleted_at: wire.deletion_time.0,
            destroyed: wire.destroyed,
            custom: wire.custom_metadata,
        }
    }
}

#[derive(Deserialize)]
struct KeysWire {
    keys: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct MetadataWire {
    created_time: Time,
    updated_time: Time,
    #[serde(default)]
    current_version: u64,
    #[serde(default)]
    oldest_version: u64,
    #[serde(default)]
    max_versions: u64,
    #[serde(default)]
    cas_required: bool,
    #[serde(default)]
    delete_version_after: Span,
    #[serde(default, deserialize_with = "wire::notes")]
    custom_metadata: BTreeMap<String, String>,
    #[serde(default)]
    versions: BTreeMap<u64, VersionWire>,
}

impl From<MetadataWire> for SecretMetadata {
    fn from(wire: MetadataWire) -> Self {
        let numbered =
            |(version, about): (u64, VersionWire)| (version, VersionMetadata { version, ..about.into() });
        Self {
            created_at: wire.created_time.0,
            updated_at: wire.updated_time.0,
            current_version: wire.current_version,
            oldest_version: wire.oldest_version,
            max_versions: wire.max_versions,
            cas_required: wire.cas_required,
            delete_version_after: wire.delete_version_after.0,
            custom: wire.custom_metadata,
            versions: wire.versions.into_iter().map(numbered).collect(),
        }
    }
}
