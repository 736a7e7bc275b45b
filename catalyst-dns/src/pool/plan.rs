//! What to do next, from what is seen. Pure: all decisions of [`ensure_allocated`](super::PoolDomains::ensure_allocated)
//! are here.

use std::time::{Duration, SystemTime};

use catalyst_core::{Error, ErrorKind, RetryAdvice};

use super::{Allocation, AllocationState, Availability, PoolClaim, Repair, Reservation};

const OPERATION: &str = "ensure a pool name";

/// What is seen of a claim's name.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs, reason = "all that the decision depends on")]
pub struct Observed {
    /// What a check says.
    pub availability: Availability,
    /// The name's row, if it has one.
    pub allocation: Option<Allocation>,
    /// What the zone lacks, if the name is active and ours.
    pub repair: Option<Repair>,
    /// When this was seen.
    pub now: SystemTime,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PoolStep {
    /// The name is free: reserve it.
    Reserve,
    /// The name is reserved, and by us: commit it.
    Commit(Reservation),
    /// The name is active and ours: read its records.
    ReadRecords,
    /// The name is active and ours, and records are missing: write them.
    WriteRecords(Repair),
    /// All is as it should be.
    Done,
}

/// What leads on from `seen`.
///
/// # Errors
/// `Conflict` with code `taken` if another Sovereign has the name, or with `reserved_by_another` and the time to wait;
/// `InvalidRequest` with `reserved_label`, `invalid_label` or `unsupported_pool`.
pub fn next_step(claim: &PoolClaim, seen: &Observed) -> Result<PoolStep, Error> {
    match &seen.availability {
        Availability::Free => Ok(PoolStep::Reserve),
        Availability::InvalidLabel => Err(refused(
            claim,
            ErrorKind::InvalidRequest,
            "invalid_label",
            "the manager does not take the label",
        )),
        Availability::ReservedLabel => Err(refused(
            claim,
            ErrorKind::InvalidRequest,
            "reserved_label",
            "the platform keeps this label for itself; choose another one",
        )),
        Availability::UnsupportedPool => Err(refused(
            claim,
            ErrorKind::InvalidRequest,
            "unsupported_pool",
            "the manager does not manage this pool domain",
        )),
        Availability::Reserved | Availability::Active | Availability::Unknown(_) => held(claim, seen),
    }
}

fn held(claim: &PoolClaim, seen: &Observed) -> Result<PoolStep, Error> {
    let Some(allocation) = &seen.allocation else {
        // Gone between the two looks; whoever looks again will see.
        return Err(refused(
            claim,
            ErrorKind::Conflict,
            "reserved_by_another",
            "the name changes hands just now",
        )
        .with_retry(RetryAdvice::Backoff));
    };
    match allocation.state {
        AllocationState::Active if allocation.sovereign.as_ref() == Some(&claim.target.sovereign) => {
            Ok(match &seen.repair {
                None => PoolStep::ReadRecords,
                Some(repair) if repair.is_empty() => PoolStep::Done,
                Some(repair) => PoolStep::WriteRecords(repair.clone()),
            })
        }
        AllocationState::Active => {
            let help = "another Sovereign has the name; choose another one, or release it there";
            Err(refused(claim, ErrorKind::Conflict, "taken", help))
        }
        AllocationState::Reserved => match allocation.reservation() {
            Some(reservation) if allocation.created_by == claim.created_by => {
                Ok(PoolStep::Commit(reservation))
            }
            _ => Err(reserved_by_another(claim, allocation, seen.now)),
        },
        AllocationState::Unknown => Err(refused(
            claim,
            ErrorKind::Conflict,
            "taken",
            "the manager has the name in a state of its own",
        )),
    }
}

/// It is free again when the reservation ends, or active.
fn reserved_by_another(claim: &PoolClaim, allocation: &Allocation, now: SystemTime) -> Error {
    let left = allocation.expires_at.and_then(|end| end.duration_since(now).ok()).unwrap_or(Duration::ZERO);
    let help = format!(
        "somebody reserved the name; it is free again in {} s unless it is committed",
        left.as_secs()
    );
    refused(claim, ErrorKind::Conflict, "reserved_by_another", help)
        .with_retry(RetryAdvice::After(left + Duration::from_secs(1)))
}

pub(super) fn refused(
    claim: &PoolClaim,
    kind: ErrorKind,
    code: &'static str,
    help: impl Into<String>,
) -> Error {
    Error::new(kind, OPERATION)
        .with_service(super::refusal::SERVICE)
        .with_code(code)
        .with_target(format!("{}.{}", claim.label, claim.pool))
        .with_help(help)
}
