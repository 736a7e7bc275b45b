//! What is to change in several zones.

use std::sync::Arc;

use catalyst_core::{Error, Result};

use super::{Applier, Report, Summary, ZonePlan};
use crate::{ChangeSet, DnsZones, ZoneName};

/// What is to change in several zones, as [`Applier::plan`] found it. Zones that could not be read stand beside.
///
/// It is a dry run as it is: printed it is a diff, and [`change_sets`](Self::change_sets) has what would be sent.
#[derive(Clone, Debug)]
pub struct Plan {
    zones: Vec<ZonePlan>,
    failures: Vec<(ZoneName, Error)>,
}

impl Plan {
    /// These plans.
    pub fn new(mut zones: Vec<ZonePlan>) -> Self {
        zones.sort_by(|one, other| one.zone().cmp(other.zone()));
        Self { zones, failures: Vec::new() }
    }

    pub(super) fn with_failures(mut self, mut failures: Vec<(ZoneName, Error)>) -> Self {
        failures.sort_by(|one, other| one.0.cmp(&other.0));
        self.failures = failures;
        self
    }

    /// The plans, in the order of the zones' names.
    pub fn zones(&self) -> &[ZonePlan] {
        &self.zones
    }

    /// The plan of one zone.
    pub fn zone(&self, zone: &ZoneName) -> Option<&ZonePlan> {
        self.zones.iter().find(|plan| plan.zone() == zone)
    }

    /// The zones that could not be read.
    pub fn failures(&self) -> &[(ZoneName, Error)] {
        &self.failures
    }

    /// Whether every zone was read, is as it is wanted, and nothing was refused.
    pub fn is_empty(&self) -> bool {
        self.failures.is_empty() && self.zones.iter().all(ZonePlan::is_empty)
    }

    /// How many sets there are of each kind of action, in all zones.
    pub fn summary(&self) -> Summary {
        self.zones.iter().map(ZonePlan::summary).fold(Summary::default(), |sum, one| Summary {
            create: sum.create + one.create,
            update: sum.update + one.update,
            delete: sum.delete + one.delete,
            take: sum.take + one.take,
            marks: sum.marks + one.marks,
            refused: sum.refused + one.refused,
        })
    }

    /// Whether every zone was read and may be written.
    ///
    /// # Errors
    /// The first failure, or that of the first [`ZonePlan::check`].
    pub fn check(&self) -> Result<()> {
        match self.failures.first() {
            Some((_, error)) => Err(error.clone()),
            None => self.zones.iter().try_for_each(ZonePlan::check),
        }
    }

    /// The changes of one zone; none if the plan does not know it.
    ///
    /// # Errors
    /// As [`ZonePlan::change_set`].
    pub fn change_set(&self, zone: &ZoneName) -> Result<ChangeSet> {
        self.zone(zone).map_or_else(|| Ok(ChangeSet::default()), ZonePlan::change_set)
    }

    /// The changes of every zone that has some: what a client needs to show the requests that would be sent.
    ///
    /// # Errors
    /// As [`ZonePlan::change_set`].
    pub fn change_sets(&self) -> Result<Vec<(&ZoneName, ChangeSet)>> {
        let zones = self.zones.iter().map(|plan| plan.change_set().map(|changes| (plan.zone(), changes)));
        zones.filter(|zone| !matches!(zone, Ok((_, changes)) if changes.is_empty())).collect()
    }

    /// Applies it, with the defaults of [`Applier`]. A zone that has changed since is planned again, with the same
    /// desired state and policy; [`Applier::replans`] says otherwise.
    pub async fn apply(self, zones: &dyn DnsZones) -> Report {
        let policy = self.zones.first().map(|plan| Arc::clone(plan.policy())).unwrap_or_default();
        Applier::new(policy).apply_plan(zones, self).await
    }

    pub(super) fn into_parts(self) -> (Vec<ZonePlan>, Vec<(ZoneName, Error)>) {
        (self.zones, self.failures)
    }
}
