//! Records in OpenBao.

use std::sync::Arc;

use async_trait::async_trait;
use catalyst_core::{ErrorKind, Result};
use catalyst_keycloak::rotation::{Record, RecordStore, Version};
use catalyst_openbao::{SecretData, SecretPath, SecretStore, WriteMode};

/// The record of a client's secret as a secret of KV version 2, each field a name of it; see
/// [`Record::to_fields`]. Every write names the version that it replaces.
#[derive(Clone, Debug)]
pub struct KvRecordStore {
    store: Arc<dyn SecretStore>,
    path: SecretPath,
}

impl KvRecordStore {
    /// The record at `path` of `store`.
    pub fn new(store: Arc<dyn SecretStore>, path: SecretPath) -> Self {
        Self { store, path }
    }

    /// What lies there, whatever it is; `None` also if the newest version was deleted.
    pub(super) async fn read(&self) -> Result<Option<(SecretData, Version)>> {
        match self.store.read(&self.path, None).await {
            Ok(found) => Ok(Some((found.data, Version(found.metadata.version)))),
            Err(error) if error.kind() == ErrorKind::NotFound && gone(error.code()) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn write(&self, data: &SecretData, expected: Option<Version>) -> Result<Version> {
        let mode = expected.map_or(WriteMode::CreateOnly, |Version(number)| WriteMode::IfVersion(number));
        let written = match self.store.write(&self.path, data, mode).await {
            Err(error) if expected.is_none() && error.kind() == ErrorKind::Conflict => {
                // A deleted version counts: what comes after it has to name it.
                let Some(deleted) = self.deleted_version().await? else { return Err(error) };
                self.store.write(&self.path, data, WriteMode::IfVersion(deleted)).await?
            }
            written => written?,
        };
        Ok(Version(written.version))
    }

    /// Removes it with all its versions.
    pub(super) async fn remove(&self) -> Result<()> {
        self.store.delete_metadata(&self.path).await
    }

    async fn deleted_version(&self) -> Result<Option<u64>> {
        let metadata = self.store.metadata(&self.path).await?;
        let newest = metadata.versions.get(&metadata.current_version);
        let over = newest.is_some_and(|version| version.deleted_at.is_some() || version.destroyed);
        Ok(over.then_some(metadata.current_version))
    }
}

fn gone(code: Option<&str>) -> bool {
    matches!(code, Some("secret_not_found" | "version_deleted" | "version_destroyed"))
}

#[async_trait]
impl RecordStore for KvRecordStore {
    async fn load(&self) -> Result<Option<(Record, Version)>> {
        let Some((data, version)) = self.read().await? else { return Ok(None) };
        Ok(Some((record(&data)?, version)))
    }

    async fn save(&self, record: &Record, expected: Option<Version>) -> Result<Version> {
        self.write(&record.to_fields().into_iter().collect(), expected).await
    }
}

/// The record in what was read.
pub(super) fn record(data: &SecretData) -> Result<Record> {
    Record::from_fields(data.iter().map(|(name, value)| (name.to_owned(), value.clone())))
}

#[cfg(all(test, feature = "mock"))]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use catalyst_core::{Clock, Secret};
    use catalyst_keycloak::rotation::Policy;
    use catalyst_openbao::Mount;
    use catalyst_openbao::mock::MockOpenBao;

    fn store() -> (Arc<dyn SecretStore>, KvRecordStore) {
        let mount: Mount = "secret".parse().unwrap();
        let kv: Arc<dyn SecretStore> = Arc::new(MockOpenBao::new().kv(mount));
        (Arc::clone(&kv), KvRecordStore::new(kv, "org/acme/env/dev/sso/app".parse().unwrap()))
    }

    #[tokio::test]
    async fn a_write_that_names_another_version_is_a_conflict_and_a_deleted_secret_is_written_anew() {
        let (kv, records) = store();
        assert!(records.load().await.unwrap().is_none());
        let record = Record::first(Secret::new("a"), Clock::system().now(), &Policy::default());
        let first = records.save(&record, None).await.unwrap();
        for wrong in [None, Some(Version(first.0 + 1))] {
            assert_eq!(records.save(&record, wrong).await.unwrap_err().kind(), ErrorKind::Conflict);
        }
        let second = records.save(&record, Some(first)).await.unwrap();
        assert_eq!(records.load().await.unwrap(), Some((record.clone(), second)));

        kv.delete(&"org/acme/env/dev/sso/app".parse().unwrap(), &[]).await.unwrap();
        assert!(records.load().await.unwrap().is_none());
        records.save(&record, None).await.unwrap();
        assert!(records.load().await.unwrap().is_some());
    }
}
