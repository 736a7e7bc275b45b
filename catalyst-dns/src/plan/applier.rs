//! Reading zones, planning, and writing what was planned, unless somebody else was faster.

use std::fmt;
use std::sync::Arc;

use catalyst_core::{Clock, Error, ErrorKind, Result, RetryAdvice};
use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use super::{
    ApplyEvent, ApplyEventKind, ApplyObserver, Desired, DesiredZone, Outcome, Plan, PlanPolicy, Report,
    Summary, Warning, ZonePlan, ZoneReport,
};
use crate::{ChangeSet, DnsZones, RecordData, RecordSet, RecordType, Serial, ZoneName};

/// Brings zones to their desired state.
///
/// A zone whose plan is empty costs one read. Otherwise the serial of the SOA is read again right before the write: if
/// it has moved, somebody else wrote, and the zone is read and planned anew. What happens between that read and the write
/// goes unnoticed: PowerDNS 4.7 has no conditional write, and its `X-PDNS-Old-Serial` holds the new serial. The serial
/// after the write, which the server tells with it or is asked for, warns of a zone whose serial stands still.
///
/// Zones are worked on in parallel without spawning; the failure of one is in the [`Report`] beside the others.
///
/// ```no_run
/// # async fn publish(zones: &dyn catalyst_dns::DnsZones, desired: catalyst_dns::plan::Desired) -> catalyst_dns::Result<()> {
/// use catalyst_dns::plan::{Applier, PlanPolicy};
///
/// let applier = Applier::new(PlanPolicy::default());
/// let plan = applier.plan(zones, &desired).await;
/// eprintln!("{plan}");
/// for (zone, changes) in plan.change_sets()? {
///     eprintln!("{zone}: {} changes in one request", changes.len());
/// }
/// let report = applier.apply_plan(zones, plan).await;
/// eprintln!("{report}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Applier {
    policy: Arc<PlanPolicy>,
    concurrency: usize,
    replans: u32,
    observer: Option<ApplyObserver>,
    clock: Clock,
}

impl Applier {
    /// One that plans by `policy`, works on 16 zones at a time, and plans a zone anew up to 3 times.
    pub fn new(policy: impl Into<Arc<PlanPolicy>>) -> Self {
        Self { policy: policy.into(), concurrency: 16, replans: 3, observer: None, clock: Clock::system() }
    }

    /// How many zones are worked on at a time; at least one.
    pub fn concurrency(self, zones: usize) -> Self {
        Self { concurrency: zones.max(1), ..self }
    }

    /// How often a zone is planned anew because somebody else wrote it. With 0 a plan that was looked at is what is
    /// applied, or nothing.
    pub fn replans(self, times: u32) -> Self {
        Self { replans: times, ..self }
    }

    /// Who is told of every step.
    pub fn observer(self, observer: ApplyObserver) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// The clock of the events.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Reads the zones, one read for each, and plans. Writes nothing.
    ///
    /// # Cancel safety
    /// May be dropped at any time.
    pub async fn plan(&self, zones: &dyn DnsZones, desired: &Desired) -> Plan {
        let read = stream::iter(desired.zones().iter().cloned())
            .map(|desired| async move {
                let name = desired.name().clone();
                self.read(zones, &desired).await.map_err(|error| (name, error))
            })
            .buffer_unordered(self.concurrency)
            .collect::<Vec<_>>()
            .await;
        let (mut plans, mut failures) = (Vec::new(), Vec::new());
        for result in read {
            match result {
                Ok(plan) => plans.push(plan),
                Err(failure) => failures.push(failure),
            }
        }
        Plan::new(plans).with_failures(failures)
    }

    /// Plans every zone and applies it.
    ///
    /// # Cancel safety
    /// A write on its way when the future is dropped may take effect. Calling it again goes on from there.
    pub async fn apply(&self, zones: &dyn DnsZones, desired: &Desired) -> Report {
        let todo = desired.zones().iter().map(|zone| (Arc::clone(zone), None)).collect();
        Report::new(self.run(zones, todo).await)
    }

    /// Applies a plan. A zone that has changed since is planned anew by the policy of its plan, up to
    /// [`replans`](Self::replans) times. Zones that could not be read then stay failed.
    ///
    /// # Cancel safety
    /// As [`apply`](Self::apply).
    pub async fn apply_plan(&self, zones: &dyn DnsZones, plan: Plan) -> Report {
        let (plans, failures) = plan.into_parts();
        let todo = plans.into_iter().map(|plan| (Arc::clone(plan.desired()), Some(plan))).collect();
        let mut reports = self.run(zones, todo).await;
        reports.extend(failures.into_iter().map(|(zone, error)| ZoneReport::begun(zone).failed(error)));
        Report::new(reports)
    }

    async fn run(
        &self,
        zones: &dyn DnsZones,
        todo: Vec<(Arc<DesiredZone>, Option<ZonePlan>)>,
    ) -> Vec<ZoneReport> {
        stream::iter(todo)
            .map(|(desired, plan)| async move { self.zone(zones, &desired, plan).await })
            .buffer_unordered(self.concurrency)
            .collect()
            .await
    }

    async fn read(&self, zones: &dyn DnsZones, desired: &Arc<DesiredZone>) -> Result<ZonePlan> {
        Ok(ZonePlan::new(desired, &self.policy, zones.record_sets(desired.name()).await?))
    }

    /// One zone, from the first read to the report.
    async fn zone(
        &self,
        zones: &dyn DnsZones,
        desired: &Arc<DesiredZone>,
        plan: Option<ZonePlan>,
    ) -> ZoneReport {
        let begun = Instant::now();
        let mut report = ZoneReport::begun(desired.name().clone());
        if let Err(error) = self.attempts(zones, desired, plan, &mut report).await {
            self.tell(desired, || ApplyEventKind::Failed { error: error.clone() });
            report = report.failed(error);
        }
        report.elapsed = begun.elapsed();
        report
    }

    async fn attempts(
        &self,
        zones: &dyn DnsZones,
        desired: &Arc<DesiredZone>,
        mut known: Option<ZonePlan>,
        report: &mut ZoneReport,
    ) -> Result<()> {
        let policy = Arc::clone(known.as_ref().map_or(&self.policy, ZonePlan::policy));
        for replans in 0..=self.replans {
            report.replans = replans;
            let plan = if let Some(plan) = known.take() {
                plan
            } else {
                report.reads += 1;
                ZonePlan::new(desired, &policy, zones.record_sets(desired.name()).await?)
            };
            if self.attempt(zones, plan, report).await? {
                return Ok(());
            }
        }
        Err(Error::new(ErrorKind::Conflict, "apply changes")
            .with_code("changed_meanwhile")
            .with_target(desired.name().to_string())
            .with_help("somebody else wrote the zone each time between its read and our write")
            .with_retry(RetryAdvice::Backoff))
    }

    /// Applies one plan; `false` if the zone is not any more what the plan was made of.
    async fn attempt(&self, zones: &dyn DnsZones, plan: ZonePlan, report: &mut ZoneReport) -> Result<bool> {
        report.summary = plan.summary();
        if let Err(error) = plan.check() {
            self.tell_refusals(&plan);
            self.tell(plan.desired(), || ApplyEventKind::Blocked { error: error.clone() });
            report.outcome = Outcome::Refused(error);
            report.plan = Some(plan);
            return Ok(true);
        }
        let changes = plan.change_set()?;
        if changes.is_empty() {
            self.tell_refusals(&plan);
            self.tell(plan.desired(), || ApplyEventKind::Unchanged);
            report.outcome = Outcome::Unchanged;
            report.plan = (!plan.is_empty()).then_some(plan);
            return Ok(true);
        }
        let read = plan.serial();
        let now = serial(zones, plan.zone(), report).await?;
        if now != read {
            self.tell(plan.desired(), || ApplyEventKind::Outrun { read, now });
            return Ok(false);
        }
        self.tell_refusals(&plan);
        let written = self.write(zones, &plan, &changes, report).await;
        report.plan = Some(plan);
        written.map(|()| true)
    }

    async fn write(
        &self,
        zones: &dyn DnsZones,
        plan: &ZonePlan,
        changes: &ChangeSet,
        report: &mut ZoneReport,
    ) -> Result<()> {
        let applied = zones.apply(plan.zone(), changes).await.inspect_err(|_| report.writes += 1)?;
        report.writes += applied.requests;
        report.outcome = Outcome::Applied { changes: changes.len() };
        self.tell_changes(plan, changes.len(), applied.requests);
        let now = match applied.serial {
            Some(now) => Ok(Some(now)),
            None => serial(zones, plan.zone(), report).await,
        };
        let warning = match now {
            Ok(now) if now == plan.serial() => Some(Warning::SerialUnmoved),
            Ok(_) => None,
            // The zone is written; that nobody can tell its serial does not undo it.
            Err(_unread) => Some(Warning::SerialUnread),
        };
        if let Some(warning) = warning {
            self.tell(plan.desired(), || ApplyEventKind::Warned { warning });
            report.warnings.push(warning);
        }
        Ok(())
    }

    fn tell(&self, desired: &DesiredZone, kind: impl FnOnce() -> ApplyEventKind) {
        if let Some(observer) = &self.observer {
            let (zone, owner) = (desired.name().clone(), desired.owner().clone());
            observer(&ApplyEvent { zone, owner, at: self.clock.now(), kind: kind() });
        }
    }

    fn tell_refusals(&self, plan: &ZonePlan) {
        if self.observer.is_none() {
            return;
        }
        for refusal in plan.refusals() {
            let (key, code) = (refusal.set.key(), refusal.code);
            self.tell(plan.desired(), || ApplyEventKind::Refused { key, code, reason: refusal.to_string() });
        }
    }

    fn tell_changes(&self, plan: &ZonePlan, changes: usize, requests: u32) {
        if self.observer.is_none() {
            return;
        }
        self.tell(plan.desired(), || ApplyEventKind::Written { changes, requests });
        for action in plan.actions().filter(|action| !matches!(action, super::Action::Refuse(_))) {
            self.tell(plan.desired(), || ApplyEventKind::Changed {
                key: action.key(),
                action: action.name(),
                before: action.before().map(ToString::to_string),
                after: action.after().map(ToString::to_string),
            });
        }
    }
}

/// The serial as it is now: a small read.
async fn serial(zones: &dyn DnsZones, zone: &ZoneName, report: &mut ZoneReport) -> Result<Option<Serial>> {
    report.reads += 1;
    let sets = zones.find(zone, zone.apex(), Some(RecordType::Soa)).await?;
    Ok(sets.iter().flat_map(RecordSet::records).find_map(|record| match record {
        RecordData::Soa(soa) => Some(soa.serial),
        _ => None,
    }))
}

impl ZoneReport {
    fn begun(zone: ZoneName) -> Self {
        Self {
            zone,
            outcome: Outcome::Unchanged,
            summary: Summary::default(),
            plan: None,
            warnings: Vec::new(),
            reads: 0,
            writes: 0,
            replans: 0,
            elapsed: std::time::Duration::ZERO,
        }
    }

    fn failed(self, error: Error) -> Self {
        Self { outcome: Outcome::Failed(error), ..self }
    }
}

impl Default for Applier {
    fn default() -> Self {
        Self::new(PlanPolicy::default())
    }
}

impl fmt::Debug for Applier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { policy, concurrency, replans, .. } = self;
        f.debug_struct("Applier")
            .field("policy", policy)
            .field("concurrency", concurrency)
            .field("replans", replans)
            .finish_non_exhaustive()
    }
}
