//! The pool domains and the zones that the manager made, as [`DnsZones`].

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result};

use super::fake::{Shared, lock};
use super::model::bare;
use crate::{
    Applied, Capabilities, Change, ChangeSet, DnsZones, DomainName, RecordSet, RecordType, Zone, ZoneName,
    ZoneSpec,
};

/// The zones of a [`FakePool`](super::FakePool): what is needed to read and to repair their records. Everything else
/// is refused.
#[derive(Clone)]
pub struct FakePoolZones(pub(super) Shared);

impl FakePoolZones {
    /// Writes a set as somebody else.
    pub fn write(&self, zone: &ZoneName, set: RecordSet) {
        lock(&self.0).write(&bare(zone.apex()), set);
    }

    fn read(&self, zone: &ZoneName) -> Result<Vec<RecordSet>> {
        let state = lock(&self.0);
        state.zones.get(&bare(zone.apex())).cloned().ok_or_else(|| {
            let error = Error::new(ErrorKind::NotFound, "read a zone").with_code("zone_not_found");
            error.with_target(zone.as_str())
        })
    }
}

fn not_here(operation: &'static str) -> Error {
    let help = "the fake manager's zones can be read and changed, and nothing else";
    Error::new(ErrorKind::InvalidRequest, operation).with_code("unsupported").with_help(help)
}

#[async_trait]
impl DnsZones for FakePoolZones {
    async fn capabilities(&self) -> Result<Capabilities> {
        Err(not_here("read capabilities"))
    }

    async fn zones(&self) -> Result<Vec<ZoneName>> {
        lock(&self.0).zones.keys().map(|name| name.parse()).collect()
    }

    async fn zone(&self, _zone: &ZoneName) -> Result<Zone> {
        Err(not_here("read a zone"))
    }

    async fn create_zone(&self, _spec: &ZoneSpec) -> Result<Zone> {
        Err(not_here("create a zone"))
    }

    async fn delete_zone(&self, zone: &ZoneName) -> Result<()> {
        lock(&self.0).zones.remove(&bare(zone.apex()));
        Ok(())
    }

    async fn record_sets(&self, zone: &ZoneName) -> Result<Vec<RecordSet>> {
        self.read(zone)
    }

    async fn find(
        &self,
        zone: &ZoneName,
        name: &DomainName,
        kind: Option<RecordType>,
    ) -> Result<Vec<RecordSet>> {
        let fits = |set: &RecordSet| set.name() == name && kind.is_none_or(|kind| kind == set.kind());
        Ok(self.read(zone)?.into_iter().filter(fits).collect())
    }

    async fn apply(&self, zone: &ZoneName, changes: &ChangeSet) -> Result<Applied> {
        self.read(zone)?;
        let mut state = lock(&self.0);
        for change in changes.changes() {
            match change {
                Change::Replace(set) => state.write(&bare(zone.apex()), set.clone()),
                Change::Delete(key) => {
                    if let Some(sets) = state.zones.get_mut(&bare(zone.apex())) {
                        sets.retain(|set| set.key() != *key);
                    }
                }
                _ => return Err(not_here("extend or prune a set")),
            }
        }
        Ok(Applied::one(changes.len()))
    }
}

impl fmt::Debug for FakePoolZones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakePoolZones").field("zones", &lock(&Arc::clone(&self.0)).zones.len()).finish()
    }
}
