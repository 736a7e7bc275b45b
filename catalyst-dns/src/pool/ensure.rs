//! From any state to an active name with its records.

use catalyst_core::{Error, ErrorKind, Result};

use super::plan::refused;
use super::records::repair;
use super::{Availability, Observed, PoolClaim, PoolDomains, PoolStep, Repair, next_step};
use crate::{Change, ChangeSet, DnsZones, RecordKey};

/// Look and step at most this often: reserve, commit, read, write, and each of them once more after somebody came
/// in between.
const ROUNDS: usize = 10;
/// So many steps may fail in a way that makes another look worth while.
const DOUBTS: usize = 3;

/// What was done so that a name is active.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ensured {
    /// Whether this run reserved the name.
    pub reserved: bool,
    /// Whether this run committed it.
    pub committed: bool,
    /// Record sets that this run wrote because the manager had not.
    pub repaired: usize,
    /// Record sets with other data, which stay as they are.
    pub kept: Vec<RecordKey>,
}

impl Ensured {
    /// Whether nothing had to be done.
    pub fn is_unchanged(&self) -> bool {
        !self.reserved && !self.committed && self.repaired == 0
    }
}

impl PoolDomains {
    /// Makes the claim's name active with its records served, from whatever state it is in: free, reserved by an
    /// earlier run of ours, stored without records, or active already. Safe to repeat and to interrupt anywhere.
    ///
    /// Records go through `zones`, the PowerDNS behind the manager, and only those that are missing.
    ///
    /// # Errors
    /// As [`next_step`] has them, those of the manager, and those of `zones`.
    ///
    /// # Cancel safety
    /// What was done stays; call it again.
    pub async fn ensure_allocated(&self, claim: &PoolClaim, zones: &dyn DnsZones) -> Result<Ensured> {
        let mut done = Ensured::default();
        let mut doubts = 0;
        for _ in 0..ROUNDS {
            let mut seen = self.observe(claim).await?;
            let mut step = next_step(claim, &seen)?;
            if step == PoolStep::ReadRecords {
                let zone = claim.zone()?;
                seen.repair = Some(repair(&zone, &claim.target, &zones.record_sets(&zone).await?)?);
                step = next_step(claim, &seen)?;
            }
            if step == PoolStep::Done {
                done.kept = seen.repair.unwrap_or_default().kept;
                return Ok(done);
            }
            tracing::debug!(name = %claim.label, pool = %claim.pool, ?step, "next step");
            match self.take(claim, step, zones, &mut done).await {
                Err(error) if worth_a_look(&error) && doubts < DOUBTS => {
                    tracing::debug!(%error, "looking again");
                    doubts += 1;
                }
                result => result?,
            }
        }
        let help = "the name changed after each look; somebody else works on it";
        Err(refused(claim, ErrorKind::Conflict, "changing", help))
    }

    async fn observe(&self, claim: &PoolClaim) -> Result<Observed> {
        let availability = self.check(&claim.pool, &claim.label).await?;
        let held = !matches!(
            availability,
            Availability::Free
                | Availability::InvalidLabel
                | Availability::ReservedLabel
                | Availability::UnsupportedPool
        );
        let allocation = if held { self.allocation(claim).await? } else { None };
        Ok(Observed { availability, allocation, repair: None, now: self.clock.now() })
    }

    /// Whether a commit had its records written is left to the next look.
    async fn take(
        &self,
        claim: &PoolClaim,
        step: PoolStep,
        zones: &dyn DnsZones,
        done: &mut Ensured,
    ) -> Result<()> {
        match step {
            PoolStep::Reserve => {
                let reservation = self.reserve(&claim.pool, &claim.label, &claim.created_by).await?;
                done.reserved = true;
                self.commit(&reservation, &claim.target).await?;
                done.committed = true;
            }
            PoolStep::Commit(reservation) => {
                self.commit(&reservation, &claim.target).await?;
                done.committed = true;
            }
            PoolStep::WriteRecords(Repair { write, .. }) => {
                let count = write.len();
                let changes = ChangeSet::new(write.into_iter().map(Change::Replace))?;
                zones.apply(&claim.zone()?, &changes).await?;
                done.repaired += count;
            }
            PoolStep::ReadRecords | PoolStep::Done => {}
        }
        Ok(())
    }
}

/// The next look tells whether it happened: no answer came, or somebody was faster.
fn worth_a_look(error: &Error) -> bool {
    error.outcome_unknown()
        || matches!(
            error.code(),
            Some("taken" | "already_active" | "reservation_expired" | "not_allocated" | "token_mismatch")
        )
}
