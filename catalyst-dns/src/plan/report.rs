//! What came of an application.

use std::fmt;
use std::time::Duration;

use catalyst_core::{Error, Result};

use super::{Summary, ZonePlan};
use crate::ZoneName;

/// What came of every zone, in the order of their names.
#[derive(Clone, Debug)]
pub struct Report {
    zones: Vec<ZoneReport>,
}

/// What came of one zone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ZoneReport {
    /// The zone.
    pub zone: ZoneName,
    /// What came of it.
    pub outcome: Outcome,
    /// How many sets were changed or refused.
    pub summary: Summary,
    /// The plan that was applied, or was not; `None` if there was nothing to do, or the zone could not be read.
    pub plan: Option<ZonePlan>,
    /// What deserves a look.
    pub warnings: Vec<Warning>,
    /// Calls that read.
    pub reads: u32,
    /// Requests that wrote.
    pub writes: u32,
    /// How often the zone was planned again because somebody else wrote it meanwhile.
    pub replans: u32,
    /// How long it took.
    pub elapsed: Duration,
}

/// What came of a zone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The zone was written and is as it is wanted, but for refusals that the policy skips.
    Applied {
        /// How many changes, those of marks among them.
        changes: usize,
    },
    /// There was nothing to do, but for refusals that the policy skips.
    Unchanged,
    /// Nothing was written: the plan must not be applied ([`ZonePlan::check`]).
    Refused(Error),
    /// The zone could not be read or written, or others kept writing it.
    Failed(Error),
}

impl Outcome {
    /// One stable word, for logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Applied { .. } => "applied",
            Self::Unchanged => "unchanged",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
        }
    }

    /// Why the zone is not as it is wanted.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Applied { .. } | Self::Unchanged => None,
            Self::Refused(error) | Self::Failed(error) => Some(error),
        }
    }
}

/// Something about a zone that deserves a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The serial did not move with the write, so that secondaries do not transfer and conflicts are not noticed:
    /// `soa_edit_api` is a word that PowerDNS does not know. PUT the zone with `INCREASE` or `DEFAULT`.
    SerialUnmoved,
    /// The zone was written, and its serial could not be read afterwards.
    SerialUnread,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SerialUnmoved => {
                "the serial did not move with the write, so secondaries do not transfer; set soa_edit_api to INCREASE"
            }
            Self::SerialUnread => "the zone was written, but its serial could not be read afterwards",
        })
    }
}

impl Report {
    pub(super) fn new(mut zones: Vec<ZoneReport>) -> Self {
        zones.sort_by(|one, other| one.zone.cmp(&other.zone));
        Self { zones }
    }

    /// The zones.
    pub fn zones(&self) -> &[ZoneReport] {
        &self.zones
    }

    /// What came of one zone.
    pub fn zone(&self, zone: &ZoneName) -> Option<&ZoneReport> {
        self.zones.iter().find(|report| report.zone == *zone)
    }

    /// The zones that are not as they are wanted, and why.
    pub fn errors(&self) -> impl Iterator<Item = (&ZoneName, &Error)> {
        self.zones.iter().filter_map(|report| Some((&report.zone, report.outcome.error()?)))
    }

    /// All requests, of reads and writes.
    pub fn requests(&self) -> u32 {
        self.zones.iter().map(|report| report.reads + report.writes).sum()
    }

    /// Whether every zone is as it is wanted.
    ///
    /// # Errors
    /// That of the first zone that is not; [`errors`](Self::errors) has all of them.
    pub fn check(&self) -> Result<()> {
        self.errors().next().map_or(Ok(()), |(_, error)| Err(error.clone()))
    }
}

impl fmt::Display for Report {
    /// One line for each zone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.zones.iter().try_for_each(|report| writeln!(f, "{report}"))
    }
}

impl fmt::Display for ZoneReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { zone, outcome, reads, writes, elapsed, .. } = self;
        write!(f, "{zone}: {}", outcome.name())?;
        if let Outcome::Applied { changes } = outcome {
            write!(f, ", {changes} changes")?;
        }
        write!(f, ", {reads} reads, {writes} writes, {elapsed:.1?}")?;
        if let Some(error) = outcome.error() {
            write!(f, ": {error}")?;
        }
        self.warnings.iter().try_for_each(|warning| write!(f, "; {warning}"))
    }
}
