//! What is claimed, and how far it is.

use std::fmt;
use std::net::Ipv4Addr;
use std::time::SystemTime;

use catalyst_core::{Result, Secret};

use super::{PoolLabel, SovereignTarget};
use crate::{DomainName, ZoneName};

/// A name that a Sovereign wants, and where it is to lead.
///
/// ```
/// use catalyst_dns::pool::{PoolClaim, SovereignTarget};
///
/// let target = SovereignTarget::new("omantel.omani.works".parse()?, [192, 0, 2, 10].into());
/// let claim = PoolClaim::new("omani.works".parse()?, "omantel".parse()?, "deployment-4f2a", target);
/// assert_eq!(claim.zone()?.as_str(), "omantel.omani.works.");
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolClaim {
    pub(super) pool: ZoneName,
    pub(super) label: PoolLabel,
    pub(super) created_by: String,
    pub(super) target: SovereignTarget,
}

impl PoolClaim {
    /// The label `label` below `pool`, for `target`. `created_by` is who asks, and must be one's own: a reservation
    /// with the same word is taken for one that an earlier run made.
    pub fn new(
        pool: ZoneName,
        label: PoolLabel,
        created_by: impl Into<String>,
        target: SovereignTarget,
    ) -> Self {
        Self { pool, label, created_by: created_by.into(), target }
    }

    /// The zone that the manager makes for it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the name becomes too long.
    pub fn zone(&self) -> Result<ZoneName> {
        self.pool.child(self.label.as_str())?.try_into()
    }

    /// Where the name is to lead.
    pub fn target(&self) -> &SovereignTarget {
        &self.target
    }
}

/// Whether a name can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Availability {
    /// Nobody has it.
    Free,
    /// Somebody reserved it, for ten minutes at most.
    Reserved,
    /// A Sovereign has it.
    Active,
    /// It is no label.
    InvalidLabel,
    /// The platform keeps it for itself.
    ReservedLabel,
    /// The manager does not manage the pool domain.
    UnsupportedPool,
    /// The manager says something else.
    Unknown(String),
}

/// How far a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AllocationState {
    /// For ten minutes.
    Reserved,
    /// Until it is released.
    Active,
    /// The manager says something else.
    Unknown,
}

/// A name that somebody has, as the manager lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Allocation {
    /// The pool domain.
    pub pool: ZoneName,
    /// The label, as the manager has it.
    pub label: String,
    /// How far it is.
    pub state: AllocationState,
    /// Since when.
    pub reserved_at: Option<SystemTime>,
    /// Until when, while it is reserved.
    pub expires_at: Option<SystemTime>,
    /// The Sovereign, once it is active.
    pub sovereign: Option<DomainName>,
    /// Where it leads, once it is active.
    pub load_balancer: Option<Ipv4Addr>,
    /// Who asked.
    pub created_by: String,
    pub(super) token: Option<Secret>,
}

impl Allocation {
    /// What commits it, while it is reserved: the manager lists the token.
    pub fn reservation(&self) -> Option<Reservation> {
        if self.state != AllocationState::Reserved {
            return None;
        }
        Some(Reservation {
            pool: self.pool.clone(),
            label: self.label.parse().ok()?,
            token: self.token.clone()?,
            expires_at: self.expires_at,
        })
    }
}

/// A name that is held, and the token that commits it.
#[derive(Clone, PartialEq, Eq)]
pub struct Reservation {
    pub(super) pool: ZoneName,
    pub(super) label: PoolLabel,
    pub(super) token: Secret,
    pub(super) expires_at: Option<SystemTime>,
}

impl Reservation {
    /// The pool domain.
    pub fn pool(&self) -> &ZoneName {
        &self.pool
    }

    /// The label.
    pub fn label(&self) -> &PoolLabel {
        &self.label
    }

    /// Until when it is held, by the manager's clock.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation")
            .field("name", &format_args!("{}.{}", self.label, self.pool))
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// What a commit did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Committed {
    /// The name is active, and its records are served.
    Served,
    /// The name is active, and its records could not be written (202). The manager's advice to commit again does not
    /// work; write them with [`repair`](super::repair).
    DnsPending,
}

/// What a release did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Released {
    /// The name is free, and its zone and delegation are gone.
    Freed,
    /// The name is free, and its zone or its delegation could not be removed (202). The manager's advice to release
    /// again does not work, for it knows the name no more; see
    /// [`clean_up`](super::PoolDomains::clean_up).
    DnsPending,
    /// Nobody had it, or an earlier try, whose answer was lost, freed it.
    NotThere,
}
