//! What a release leaves behind when its DNS part fails.

use catalyst_core::{Error, ErrorKind, Result};

use super::refusal::SERVICE;
use super::{Availability, PoolDomains, PoolLabel};
use crate::{Change, ChangeSet, DnsZones, RecordKey, RecordType, ZoneName};

impl PoolDomains {
    /// Removes the zone of a released name and its delegation (NS and DS) in the pool domain, after
    /// [`Released::DnsPending`](super::Released::DnsPending). Nothing there is no fault.
    ///
    /// # Errors
    /// `Conflict` with code `taken`, and nothing is removed, unless the manager says that the name is free; those of
    /// the manager and of `zones`. A name that somebody reserves in the same moment loses its new zone: run this
    /// directly after the release.
    ///
    /// # Cancel safety
    /// What was removed stays so; call it again.
    pub async fn clean_up(&self, pool: &ZoneName, label: &PoolLabel, zones: &dyn DnsZones) -> Result<()> {
        let child: ZoneName = pool.child(label.as_str())?.try_into()?;
        if self.check(pool, label).await? != Availability::Free {
            return Err(Error::new(ErrorKind::Conflict, "clean up a pool name")
                .with_service(SERVICE)
                .with_code("taken")
                .with_target(child.to_string())
                .with_help("the name is not free; its zone belongs to somebody, so nothing was removed"));
        }
        // The delegation first: a zone without one is seen by nobody, one without a zone fails for everybody.
        let gone =
            [RecordType::Ns, RecordType::Ds].map(|kind| RecordKey { name: child.apex().clone(), kind });
        zones.apply(pool, &ChangeSet::new(gone.map(Change::Delete))?).await?;
        zones.delete_zone(&child).await
    }
}
