//! What came of it.

use std::fmt;

use catalyst_dns::ZoneName;
use catalyst_dns::placement::Publication;
use catalyst_dns::plan::{Plan, ZoneReport};
use catalyst_dns::verify::Verification;

/// What would be done: a dry run. `Display` explains the placement and shows the diff.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Planned {
    /// The zone.
    pub zone: ZoneName,
    /// The records and what they do on this server.
    pub publication: Publication,
    /// What differs from the zone.
    pub plan: Plan,
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.publication, self.plan)
    }
}

/// What was done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Published {
    /// The records and what they do on this server.
    pub publication: Publication,
    /// What came of the zone: changes, requests, warnings.
    pub report: ZoneReport,
    /// What each name server says, for each type of address; empty where none is configured.
    pub verification: Vec<Verification>,
}

impl Published {
    /// Whether every name server that was asked serves what was published.
    pub fn is_served(&self) -> bool {
        self.verification.iter().all(Verification::agrees)
    }
}

/// What was taken away.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Withdrawn {
    /// What came of the zone.
    pub report: ZoneReport,
}
