//! The boundary: zones and their record sets, wherever they are kept.

use std::fmt;

use async_trait::async_trait;
use catalyst_core::Result;

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

    /// Makes the changes: in one request that is all or nothing, unless they do not fit into one body (1.5 MB); then in
    /// as few as possible, changes of one name together.
    ///
    /// # Errors
    /// `InvalidRequest` for what the server refuses, naming the record; nothing of that request was then applied.
    async fn apply(&self, zone: &ZoneName, changes: &ChangeSet) -> Result<Applied>;
}
