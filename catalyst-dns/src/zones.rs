//! The boundary: zones and their record sets, wherever they are kept.

use std::fmt;

use async_trait::async_trait;
use catalyst_core::{ErrorKind, Result};

use crate::{Applied, Capabilities, ChangeSet, DomainName, RecordSet, RecordType, Zone, ZoneName, ZoneSpec};

/// Zones that can be read and written: `PowerDns` in production, `MockDns` in the tests of
/// applications.
///
/// # Cancel safety
/// A call that is dropped may have taken effect; each of them may be repeated.
#[async_trait]
pub trait DnsZones: fmt::Debug + Send + Sync + 'static {
    /// What the server can do. Asked once and kept.
    async fn capabilities(&self) -> Result<Capabilities>;

    /// The names of all zones.
    async fn zones(&self) -> Result<Vec<ZoneName>>;

    /// One zone, without its records.
    ///
    /// # Errors
    /// `NotFound` with code `zone_not_found`.
    async fn zone(&self, zone: &ZoneName) -> Result<Zone>;

    /// Makes a zone.
    ///
    /// # Errors
    /// `Conflict` with code `zone_exists`.
    async fn create_zone(&self, spec: &ZoneSpec) -> Result<Zone>;

    /// Removes a zone with all that is in it; none there is no fault.
    async fn delete_zone(&self, zone: &ZoneName) -> Result<()>;

    /// All record sets of a zone.
    async fn record_sets(&self, zone: &ZoneName) -> Result<Vec<RecordSet>>;

    /// The record sets at one name, of one type or of all: a small read, however large the zone is.
    async fn find(
        &self,
        zone: &ZoneName,
        name: &DomainName,
        kind: Option<RecordType>,
    ) -> Result<Vec<RecordSet>>;

    /// Makes the changes: in one request that is all or nothing, unless they do not fit into one body (2 MB); then in
    /// as few as possible, changes of one name together.
    ///
    /// # Errors
    /// `InvalidRequest` for what the server refuses, naming the record; nothing of that request was then applied.
    async fn apply(&self, zone: &ZoneName, changes: &ChangeSet) -> Result<Applied>;
}

/// The zone that has `name`: the longest one of the server, found by asking for the name and each of its parents, which
/// is a small read each however many zones there are; `None` if there is none. To find the zones of many names, list
/// the zones once and ask a [`ZoneMatcher`](crate::ZoneMatcher).
///
/// # Errors
/// Those of [`DnsZones::zone`] but `zone_not_found`.
///
/// # Cancel safety
/// Safe; it reads.
pub async fn zone_of(zones: &dyn DnsZones, name: &DomainName) -> Result<Option<ZoneName>> {
    let mut next = Some(name.clone());
    while let Some(here) = next {
        next = here.parent();
        let Ok(zone) = ZoneName::try_from(here) else { continue };
        match zones.zone(&zone).await {
            Ok(_) => return Ok(Some(zone)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
