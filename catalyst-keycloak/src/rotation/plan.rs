//! What to do next: a pure function of the record, of what the realm says, and of the time.

use std::time::SystemTime;

use super::dates::later;
use super::record::{Phase, Reason, Record, working_rotated};
use super::{Lock, Policy};
use crate::{ClientId, SecretPair};

/// What is known besides record and realm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation<'a> {
    pub(super) client: &'a ClientId,
    pub(super) policy: &'a Policy,
    pub(super) now: SystemTime,
    /// Who we are.
    pub(super) holder: &'a str,
    /// What somebody asked for beyond what is due.
    pub(super) demand: Demand,
    /// A regeneration of ours may still be on its way until then.
    pub(super) quiet_until: Option<SystemTime>,
}

/// What somebody asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    WhenDue,
    Now,
    Leaked,
}

/// One step: at most one effect at the realm, and one write of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing until then.
    Wait(SystemTime),
    /// Nothing until then, for somebody else is at work.
    StandBack(SystemTime),
    /// Take the lock, and write down what is about to be done.
    Lock(Phase, Reason),
    /// Have a new secret made, and write it down.
    Regenerate,
    /// Write down what the realm says.
    Adopt,
    /// Try the new secret.
    Verify,
    /// End the old secret, and see it refused.
    End,
}

pub(super) fn next(record: &Record, seen: &SecretPair, situation: &Situation<'_>) -> Step {
    let now = situation.now;
    if let Some(end) = locked_by_another(record, situation) {
        return Step::StandBack(end);
    }
    // Whatever was planned: a record that differs from the realm is what breaks applications.
    let rotated = working_rotated(seen, now);
    if seen.current != record.current || (rotated.is_some() && rotated != record.previous.as_ref()) {
        return Step::Adopt;
    }
    match situation.demand {
        Demand::Leaked if record.phase == Phase::Idle || record.reason != Reason::Leaked => {
            return Step::Lock(Phase::Regenerating, Reason::Leaked);
        }
        Demand::Now if record.phase == Phase::Idle => return Step::Lock(Phase::Regenerating, Reason::Asked),
        _ => {}
    }
    let held = |step| if holds(record, situation) { step } else { Step::Lock(record.phase, record.reason) };
    match record.phase {
        Phase::Idle => {
            let due = due_at(record, seen, situation);
            if now >= due { Step::Lock(Phase::Regenerating, Reason::Due) } else { Step::Wait(due) }
        }
        Phase::Regenerating => match situation.quiet_until.filter(|until| *until > now) {
            Some(until) => Step::Wait(until),
            None => held(Step::Regenerate),
        },
        Phase::Verifying => Step::Verify,
        Phase::Grace => match record.grace_ends_at.filter(|end| *end > now && rotated.is_some()) {
            Some(end) => Step::Wait(end),
            None => Step::Lock(Phase::Ending, record.reason),
        },
        Phase::Ending => held(Step::End),
    }
}

/// When the recorded secret is to be replaced, going by the realm's dates where it tells them.
pub(super) fn due_at(record: &Record, seen: &SecretPair, situation: &Situation<'_>) -> SystemTime {
    let issued_at = seen.created_at.unwrap_or(record.issued_at);
    situation.policy.due_at(situation.client, issued_at, seen.expires_at)
}

/// Until when somebody else works on it.
fn locked_by_another(record: &Record, situation: &Situation<'_>) -> Option<SystemTime> {
    let lock = record.lock.as_ref().filter(|lock| lock.holder != situation.holder)?;
    // A lock from a clock far ahead does not keep us out for longer than a lock lasts.
    let end = lock.ends_at.min(later(situation.now, situation.policy.lock));
    (lock.ends_at > situation.now).then_some(end)
}

/// Whether the lock is ours, with time enough left for the calls of one step.
fn holds(record: &Record, situation: &Situation<'_>) -> bool {
    let enough = |lock: &&Lock| lock.ends_at > later(situation.now, situation.policy.lock / 2);
    record.lock.as_ref().filter(enough).is_some_and(|lock| lock.holder == situation.holder)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
#[allow(clippy::unchecked_time_subtraction, reason = "a test that meets the unexpected should fail there")]
mod tests;
