//! What is to change in one zone.

use std::fmt;
use std::sync::Arc;

use catalyst_core::{Error, ErrorKind, Result};

use super::mark::Mark;
use super::planner;
use super::step::{Doing, Step};
use super::{Action, Breach, DesiredZone, PlanPolicy, Refusal, RefusalCode};
use crate::{RecordSet, Serial, ZoneName};

/// What is to change in one zone, what is refused, and for which state of the zone that was found.
///
/// `Display` prints one line for the zone and one for each action, in the order of the names:
///
/// ```text
/// example.org: 1 to create, 1 to update, 1 to delete, 1 refused
/// ~ api.example.org 60 A 192.0.2.1 -> 300 192.0.2.2
/// - old.example.org 60 A 192.0.2.9
/// ! shop.example.org A refused: owned by "openova" (ingress/shop/web)
/// + www.example.org 60 A 192.0.2.1
/// ```
///
/// It keeps the sets that it was made of and copies none of them: 16 bytes for each action, and the sets' own.
#[derive(Clone)]
pub struct ZonePlan {
    desired: Arc<DesiredZone>,
    policy: Arc<PlanPolicy>,
    current: Vec<RecordSet>,
    pub(super) steps: Vec<Step>,
    breaches: Vec<Breach>,
}

/// How many sets there are of each kind of action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// New sets.
    pub create: usize,
    /// Sets that change.
    pub update: usize,
    /// Sets that go.
    pub delete: usize,
    /// Sets that get an owner or another one.
    pub take: usize,
    /// Marks that change, or go, without their sets.
    pub marks: usize,
    /// Sets that are not written.
    pub refused: usize,
}

impl ZonePlan {
    /// Compares what is wanted with `current`, all record sets of the zone. Pure: asks nobody, and the same sets in
    /// any order and spelling give the same plan.
    pub fn new(desired: &Arc<DesiredZone>, policy: &Arc<PlanPolicy>, current: Vec<RecordSet>) -> Self {
        let (steps, breaches) = planner::plan(desired, policy, &current);
        Self { desired: Arc::clone(desired), policy: Arc::clone(policy), current, steps, breaches }
    }

    /// The zone.
    pub fn zone(&self) -> &ZoneName {
        self.desired.name()
    }

    /// What was wanted.
    pub fn desired(&self) -> &Arc<DesiredZone> {
        &self.desired
    }

    /// Under which policy.
    pub fn policy(&self) -> &Arc<PlanPolicy> {
        &self.policy
    }

    /// The serial of the zone as it was read; `None` if there was no SOA.
    pub fn serial(&self) -> Option<Serial> {
        planner::soa(&self.current, self.zone().apex()).map(|soa| soa.serial)
    }

    /// Everything that is done and refused, in the order of the names.
    pub fn actions(&self) -> impl Iterator<Item = Action<'_>> {
        self.steps.iter().filter_map(|step| self.action(step))
    }

    /// What is refused.
    pub fn refusals(&self) -> impl Iterator<Item = Refusal<'_>> {
        self.actions().filter_map(|action| match action {
            Action::Refuse(refusal) => Some(refusal),
            _ => None,
        })
    }

    /// The limits that the actions would break.
    pub fn breaches(&self) -> &[Breach] {
        &self.breaches
    }

    /// Whether the zone is as it is wanted, and nothing was refused.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// How many sets there are of each kind of action.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for step in &self.steps {
            *match step.doing {
                Doing::Create => &mut summary.create,
                Doing::Update => &mut summary.update,
                Doing::Delete => &mut summary.delete,
                Doing::Adopt | Doing::Transfer => &mut summary.take,
                Doing::Relabel | Doing::Forget => &mut summary.marks,
                Doing::Refuse(_) => &mut summary.refused,
            } += 1;
        }
        summary
    }

    /// Whether the zone may be written: no limit is broken, and nothing is refused unless the policy skips that.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`], naming the first set that is refused, with the code of the refusal; the code is
    /// `threshold` if too much would change at once.
    pub fn check(&self) -> Result<()> {
        if let Some(breach) = self.breaches.first() {
            return Err(Error::new(ErrorKind::Conflict, "plan changes")
                .with_code("threshold")
                .with_target(self.zone().to_string())
                .with_help(format!("{breach}; if that is meant, allow it with PlanPolicy::limits")));
        }
        if self.policy.skips_refused() {
            return Ok(());
        }
        let mut refusals = self.refusals();
        let Some(first) = refusals.next() else { return Ok(()) };
        let error = first.to_error();
        match refusals.count() {
            0 => Err(error),
            more => {
                let help = format!("{}; {more} more are refused", error.help().unwrap_or_default());
                Err(error.with_help(help))
            }
        }
    }

    pub(super) fn current(&self) -> &[RecordSet] {
        &self.current
    }

    /// A step as its reader sees it. `None` cannot happen: the places are those of this plan.
    pub(super) fn action(&self, step: &Step) -> Option<Action<'_>> {
        let want = step.want.get(self.desired.wants()).map(|want| &want.set);
        let have = step.have.get(&self.current);
        let mark = step.mark.get(&self.current);
        Some(match step.doing {
            Doing::Create => Action::Create(want?),
            Doing::Update => Action::Update { before: have?, after: want? },
            Doing::Delete => Action::Delete(have?),
            Doing::Adopt => Action::Adopt { before: have?, after: want? },
            Doing::Transfer => {
                let from = mark.and_then(Mark::read).map_or("", |mark| mark.owner);
                Action::Transfer { before: have, after: want?, from }
            }
            Doing::Relabel => Action::Relabel(have?),
            Doing::Forget => Action::Forget { mark: mark?.name() },
            Doing::Refuse(code) => Action::Refuse(refusal(code, want?, have, mark)),
        })
    }
}

fn refusal<'a>(
    code: RefusalCode,
    set: &'a RecordSet,
    in_the_way: Option<&'a RecordSet>,
    mark: Option<&'a RecordSet>,
) -> Refusal<'a> {
    let mark = mark.and_then(Mark::read);
    let (owner, resource) = (mark.map(|mark| mark.owner), mark.map(|mark| mark.resource));
    Refusal { code, set, in_the_way, owner, resource }
}

impl fmt::Debug for ZonePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summary = self.summary();
        f.debug_struct("ZonePlan")
            .field("zone", self.zone())
            .field("summary", &summary)
            .finish_non_exhaustive()
    }
}
