//! The DS records in the parent.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result};

use crate::{Change, ChangeSet, DnsZones, Ds, RecordData, RecordKey, RecordSet, RecordType, Ttl, ZoneName};

/// Where a child's DS records are written: [`ServedParent`], or a registrar that can.
///
/// # Cancel safety
/// May be repeated.
#[async_trait]
pub trait DsPublisher: fmt::Debug + Send + Sync + 'static {
    /// Makes these the DS records of `child`, all others go; none makes the child insecure.
    async fn set_ds(&self, child: &ZoneName, ds: &[Ds]) -> Result<()>;
}

/// A parent zone that we serve, too.
///
/// Writes nothing but the DS set at the child's name, and only where the parent delegates the child.
///
/// ```no_run
/// use std::sync::Arc;
/// use catalyst_dns::dnssec::{DsPublisher, ServedParent, SignedZone};
/// use catalyst_dns::DnsZones;
///
/// # async fn example(powerdns: Arc<dyn DnsZones>, signed: SignedZone) -> catalyst_dns::Result<()> {
/// let parent = ServedParent::new(powerdns, "example.org".parse()?);
/// parent.set_ds(&signed.zone, &signed.ds).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ServedParent {
    zones: Arc<dyn DnsZones>,
    parent: ZoneName,
    ttl: Ttl,
}

impl ServedParent {
    /// The zone `parent` of this server; DS records have a TTL of one hour.
    pub fn new(zones: Arc<dyn DnsZones>, parent: ZoneName) -> Self {
        Self { zones, parent, ttl: Ttl::HOUR }
    }

    /// The TTL of the DS records: the time that a rollover waits.
    pub fn ttl(self, ttl: Ttl) -> Self {
        Self { ttl, ..self }
    }

    /// The DS records of `child` in the parent's data.
    pub async fn ds(&self, child: &ZoneName) -> Result<Vec<Ds>> {
        let sets = self.zones.find(&self.parent, child.apex(), Some(RecordType::Ds)).await?;
        Ok(sets.iter().flat_map(RecordSet::records).filter_map(as_ds).collect())
    }

    /// The change that [`set_ds`](DsPublisher::set_ds) would make; none if all is as it should be.
    ///
    /// # Errors
    /// `InvalidRequest` with code `not_below` if the child is not below the parent; `Conflict` with code
    /// `not_delegated` if the parent has no NS records for it.
    pub async fn plan(&self, child: &ZoneName, ds: &[Ds]) -> Result<ChangeSet> {
        if child == &self.parent || !self.parent.contains(child.apex()) {
            let help = format!("it does not lie below {}", self.parent);
            return Err(refused(ErrorKind::InvalidRequest, "not_below", child, help));
        }
        let delegation = self.zones.find(&self.parent, child.apex(), Some(RecordType::Ns)).await?;
        if delegation.is_empty() {
            let help = format!("{} has no NS records for it; delegate it first", self.parent);
            return Err(refused(ErrorKind::Conflict, "not_delegated", child, help));
        }
        let (mut now, mut wanted) = (self.ds(child).await?, ds.to_vec());
        now.sort();
        wanted.sort();
        wanted.dedup();
        if now == wanted {
            return Ok(ChangeSet::default());
        }
        let key = RecordKey { name: child.apex().clone(), kind: RecordType::Ds };
        let change = if wanted.is_empty() {
            Change::Delete(key)
        } else {
            Change::Replace(RecordSet::new(key.name, self.ttl, wanted.into_iter().map(RecordData::Ds))?)
        };
        ChangeSet::new([change])
    }
}

#[async_trait]
impl DsPublisher for ServedParent {
    async fn set_ds(&self, child: &ZoneName, ds: &[Ds]) -> Result<()> {
        let changes = self.plan(child, ds).await?;
        if !changes.is_empty() {
            self.zones.apply(&self.parent, &changes).await?;
            tracing::info!(child = %child, parent = %self.parent, records = ds.len(), "DS published");
        }
        Ok(())
    }
}

fn as_ds(record: &RecordData) -> Option<Ds> {
    match record {
        RecordData::Ds(ds) => Some(ds.clone()),
        _ => None,
    }
}

fn refused(kind: ErrorKind, code: &'static str, child: &ZoneName, help: String) -> Error {
    Error::new(kind, "publish the DS of a zone").with_code(code).with_target(child.as_str()).with_help(help)
}
