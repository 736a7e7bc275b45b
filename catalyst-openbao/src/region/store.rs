//! The secrets of all regions, as one store.

use std::sync::Arc;

use async_trait::async_trait;
use catalyst_core::{ErrorKind, Result};
use tokio::time::{Instant, sleep};

use super::journal::Done;
use super::own_writes::OwnWrite;
use super::route::{Answer, elsewhere};
use super::shared::{Shared, lock};
use super::token::WriteToken;
use super::{errors, records};
use crate::replicate::mark;
use crate::{
    Kv2, MetadataUpdate, SecretData, SecretMetadata, SecretPath, SecretStore, VersionMetadata, Versioned,
    WriteMode,
};

/// How often a region is asked whether a write has arrived.
const AGAIN: std::time::Duration = std::time::Duration::from_millis(50);

/// Secrets in several regions; made by [`Regions::store`](super::Regions::store). Cheap to clone.
///
/// Writes go to the primary, and are noted in its journal for the replicator. Reads go to the nearest region that is
/// healthy, fresh, and has what this client and its clones wrote. Another client's write is seen for certain with
/// [`RegionalStore::read_after`]. The replicator's marks, and its own folder, are not shown.
///
/// Errors of writes, beside those of [`SecretStore`]: codes `primary_unreachable`, `promotion_in_progress`, `fenced`,
/// `split_brain` and `fence_unreadable`. Nothing was written then, unless `primary_unreachable` says that its
/// [outcome is unknown](catalyst_core::Error::outcome_unknown). Errors of reads: `too_stale`.
#[derive(Clone, Debug)]
pub struct RegionalStore {
    shared: Arc<Shared>,
}

impl RegionalStore {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The newest version, which is the one of `token` or a newer one: from a near region if it has it, otherwise from
    /// the primary. When the primary does not answer, it waits for the write to arrive.
    ///
    /// # Errors
    /// As [`SecretStore::read`]; `not_yet_replicated` if the write did not arrive in time.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn read_after(&self, token: &WriteToken) -> Result<Versioned> {
        let operation = "read secret after write";
        let until = Instant::now() + self.shared.settings.wait_for_write;
        let has_it = |read: &Result<Versioned>| match read {
            Ok(found) => found.metadata.version >= token.version(),
            Err(_) => false,
        };
        loop {
            let near = self.read_in(&self.shared.readers(None), token.path(), None).await;
            if has_it(&near) {
                return near;
            }
            let primary = self.read_in(&[self.shared.primary()], token.path(), None).await;
            match primary {
                Ok(found) if found.metadata.version >= token.version() => return Ok(found),
                // The newest version may have been deleted since: that is the primary's answer.
                Err(error) if error.kind() == ErrorKind::NotFound => return Err(error),
                Err(error) if Instant::now() >= until => {
                    tracing::debug!(%error, "the primary does not answer");
                    return Err(errors::not_yet(operation));
                }
                // A primary that was promoted before the write arrived has lost it, for all we know.
                Ok(_) if Instant::now() >= until => return Err(errors::not_yet(operation)),
                _ => sleep(AGAIN).await,
            }
        }
    }

    /// The primary's engine, when it may be written to.
    async fn writable(&self, operation: &'static str) -> Result<Kv2> {
        let index = self.shared.writable(operation).await?;
        Ok(self.shared.regions[index].bao.kv(self.shared.settings.mount.clone()))
    }

    /// What was done is remembered, and noted for the replicator.
    async fn wrote(&self, kv: &Kv2, path: &SecretPath, version: Option<u64>) {
        lock(&self.shared.own).note(path, OwnWrite { at: Instant::now(), version });
        let done = if version.is_some() { Done::Wrote } else { Done::Changed };
        self.shared.journal.note(kv, path, done).await;
    }

    /// Notes also what may have been done.
    async fn after<T>(
        &self,
        kv: &Kv2,
        path: &SecretPath,
        done: Result<T>,
        version: impl Fn(&T) -> Option<u64>,
    ) -> Result<T> {
        match &done {
            Ok(value) => self.wrote(kv, path, version(value)).await,
            Err(error) if error.outcome_unknown() => self.wrote(kv, path, None).await,
            Err(_) => {}
        }
        done.map_err(|error| match (error.kind(), error.code()) {
            // Found out by the write itself, before any look.
            (ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Unavailable, None) => {
                error.with_code("primary_unreachable")
            }
            _ => error,
        })
    }

    async fn read_in(&self, readers: &[usize], path: &SecretPath, version: Option<u64>) -> Result<Versioned> {
        let path = path.clone();
        let read = move |kv: Kv2| -> Answer<Versioned> {
            let path = path.clone();
            Box::pin(async move { kv.read(&path, version).await })
        };
        let mut found = self.shared.read_from("read secret", readers, &read).await?;
        found.metadata.custom.remove(mark::NAME);
        Ok(found)
    }

    /// What this client wrote, from a region of which it is not known yet that it has it: its version shows it. So reads
    /// go on when the primary is lost right after a write.
    async fn copy_of_own(
        &self,
        copies: impl Iterator<Item = usize> + Send,
        path: &SecretPath,
        version: Option<u64>,
        wrote: u64,
    ) -> Option<Versioned> {
        for copy in copies {
            match self.read_in(&[copy], path, version).await {
                Ok(found) if found.metadata.version >= wrote => return Some(found),
                _ => {}
            }
        }
        None
    }

    fn own(&self, path: &SecretPath) -> Option<OwnWrite> {
        lock(&self.shared.own).of(path)
    }
}

#[async_trait]
impl SecretStore for RegionalStore {
    async fn read(&self, path: &SecretPath, version: Option<u64>) -> Result<Versioned> {
        let own = self.own(path);
        let readers = self.shared.readers(own.map(|own| own.at));
        let found = self.read_in(&readers, path, version).await;
        let Some(wrote) = own.and_then(|own| own.version).filter(|wrote| version.unwrap_or(*wrote) == *wrote)
        else {
            return found;
        };
        match &found {
            // The marker said that it has our write, and it does not: the primary has.
            Ok(found) if found.metadata.version < wrote => {
                self.read_in(&[self.shared.primary()], path, version).await
            }
            Err(error) if elsewhere(error) => {
                let copies = self.shared.readers(None).into_iter().filter(|index| !readers.contains(index));
                self.copy_of_own(copies, path, version, wrote).await.map_or(found, Ok)
            }
            _ => found,
        }
    }

    async fn write(&self, path: &SecretPath, data: &SecretData, mode: WriteMode) -> Result<VersionMetadata> {
        let kv = self.writable("write secret").await?;
        let written = kv.write(path, data, mode).await;
        let mut written = self.after(&kv, path, written, |written| Some(written.version)).await?;
        written.custom.remove(mark::NAME);
        Ok(written)
    }

    async fn patch(
        &self,
        path: &SecretPath,
        data: &SecretData,
        if_version: Option<u64>,
    ) -> Result<VersionMetadata> {
        let kv = self.writable("patch secret").await?;
        let written = kv.patch(path, data, if_version).await;
        let mut written = self.after(&kv, path, written, |written| Some(written.version)).await?;
        written.custom.remove(mark::NAME);
        Ok(written)
    }

    async fn list(&self, prefix: Option<&SecretPath>) -> Result<Vec<String>> {
        let since = lock(&self.shared.own).last();
        let prefix = prefix.cloned();
        let top = prefix.is_none();
        let list = move |kv: Kv2| -> Answer<Vec<String>> {
            let prefix = prefix.clone();
            Box::pin(async move { kv.list(prefix.as_ref()).await })
        };
        let mut names = self.shared.read_from("list secrets", &self.shared.readers(since), &list).await?;
        if top {
            names.retain(|name| !records::is_ours(name));
        }
        Ok(names)
    }

    async fn delete(&self, path: &SecretPath, versions: &[u64]) -> Result<()> {
        let kv = self.writable("delete secret").await?;
        let done = kv.delete(path, versions).await;
        self.after(&kv, path, done, |()| None).await
    }

    async fn undelete(&self, path: &SecretPath, versions: &[u64]) -> Result<()> {
        let kv = self.writable("undelete secret").await?;
        let done = kv.undelete(path, versions).await;
        self.after(&kv, path, done, |()| None).await
    }

    async fn destroy(&self, path: &SecretPath, versions: &[u64]) -> Result<()> {
        let kv = self.writable("destroy secret").await?;
        let done = kv.destroy(path, versions).await;
        self.after(&kv, path, done, |()| None).await
    }

    async fn metadata(&self, path: &SecretPath) -> Result<SecretMetadata> {
        let own = self.own(path).map(|own| own.at);
        let wanted = path.clone();
        let read = move |kv: Kv2| -> Answer<SecretMetadata> {
            let path = wanted.clone();
            Box::pin(async move { kv.metadata(&path).await })
        };
        let mut found =
            self.shared.read_from("read secret metadata", &self.shared.readers(own), &read).await?;
        found.custom.remove(mark::NAME);
        Ok(found)
    }

    async fn write_metadata(&self, path: &SecretPath, update: &MetadataUpdate) -> Result<()> {
        let kv = self.writable("write secret metadata").await?;
        let done = kv.write_metadata(path, update).await;
        self.after(&kv, path, done, |()| None).await
    }

    async fn delete_metadata(&self, path: &SecretPath) -> Result<()> {
        let kv = self.writable("delete secret metadata").await?;
        let done = kv.delete_metadata(path).await;
        self.after(&kv, path, done, |()| None).await
    }
}
