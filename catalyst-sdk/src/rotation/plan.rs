//! When to act: pure functions of what is known, without a clock, a socket or a lock.
//!
//! Every duration here is an age: time since the request for the credential was sent. The loop in `engine` asks
//! again after every wait, so nothing depends on a wait having been exact.

use std::time::Duration;

use super::Policy;

/// A lease longer than this is treated as this long; the arithmetic below then cannot overflow.
pub(super) const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 3600);

/// The ages that matter to one credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    /// Its successor is fetched from here on.
    pub(super) rotate_at: Duration,
    /// It is taken from whoever still uses it.
    pub(super) hard_stop: Duration,
    /// The server ends it.
    pub(super) end: Duration,
}

/// What is known about the credential in use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation {
    /// Since the request for it was sent, on the clock that ran furthest.
    pub(super) age: Duration,
    /// How often fetching the successor failed.
    pub(super) failures: u32,
    /// Since the last failure.
    pub(super) since_failure: Duration,
    /// The draw for the pause after that failure, in `[0, 1]`.
    pub(super) draw: f64,
    /// The server's own word on when to come back.
    pub(super) asked_to_wait: Option<Duration>,
    /// A successor is wanted now: the credential was refused, its session is lost, somebody asked.
    pub(super) early: bool,
    /// Since the last rotation that was wanted early.
    pub(super) since_early: Option<Duration>,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing for this long.
    Wait(Duration),
    /// Fetch the successor.
    Rotate,
}

/// The schedule of a credential that lives for `ttl`, with `jitter` in `[0, 1]` drawn once for it.
pub(super) fn schedule(policy: &Policy, ttl: Duration, jitter: f64) -> Schedule {
    let ttl = ttl.min(LONGEST);
    let lead = policy.rotate_before.unwrap_or_else(|| (ttl / 6).max(Duration::from_secs(600))).min(ttl / 2);
    let spread = policy.spread.unwrap_or_else(|| (ttl / 12).min(Duration::from_secs(300)));
    let reserve =
        policy.drain_reserve.unwrap_or_else(|| (ttl / 10).min(Duration::from_secs(30))).min(ttl / 4);
    let latest = ttl.saturating_sub(lead.max(reserve));
    // Only ever earlier, and not so early that one rotation chases the next.
    let earlier = spread.min(latest / 2).mul_f64(jitter.clamp(0.0, 1.0));
    Schedule { rotate_at: latest.saturating_sub(earlier), hard_stop: ttl.saturating_sub(reserve), end: ttl }
}

/// Whether to fetch the successor now, or how long to wait.
pub(super) fn next(policy: &Policy, schedule: &Schedule, now: &Situation) -> Step {
    if now.failures > 0 {
        return after(now.since_failure, pause_after_failure(policy, schedule, now));
    }
    if now.early {
        let since = now.since_early.unwrap_or(Duration::MAX);
        return after(since, policy.early_spacing);
    }
    after(now.age, schedule.rotate_at)
}

/// The pause is measured by what remains, not by what was promised: the last attempts before the end come closer
/// together, down to the floor; past the end they go on at the cap, for ever.
fn pause_after_failure(policy: &Policy, schedule: &Schedule, now: &Situation) -> Duration {
    let remaining = schedule.hard_stop.saturating_sub(now.age.saturating_sub(now.since_failure));
    let backoff = if remaining.is_zero() { policy.retry } else { policy.retry.shorten(remaining / 8) };
    let pause = backoff.delay(now.failures, now.draw);
    match now.asked_to_wait {
        // The server's word counts, unless it would let the credential run out.
        Some(wait) if remaining.is_zero() => wait.min(Duration::from_secs(300)).max(pause),
        Some(wait) => wait.min(remaining / 2).max(pause),
        None => pause,
    }
}

/// From when on a credential whose successor is not there yet should be renewed: in the second half of what was left
/// at the rotation point.
pub(super) fn extend_at(schedule: &Schedule) -> Duration {
    schedule.rotate_at + schedule.end.saturating_sub(schedule.rotate_at) / 2
}

/// What to do with an old credential that is still in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DrainStep {
    /// Nothing for this long.
    Wait(Duration),
    /// Renew it for those who use it.
    Renew,
    /// Take it from them: it cannot be kept any longer.
    End,
}

/// The plan for an old credential that is `age` old, is still in use since `draining`, and may be `renewable`.
pub(super) fn drain(
    policy: &Policy,
    schedule: &Schedule,
    age: Duration,
    draining: Duration,
    renewable: bool,
) -> DrainStep {
    let patience = policy.drain_limit.map_or(LONGEST, |limit| limit.saturating_sub(draining));
    // Renewed in the last third, so that one lost answer is not the end of a transaction; and past the hard stop too
    // while the server still knows it, for the swap may have come late.
    let renew_at = schedule.hard_stop.saturating_sub(schedule.hard_stop / 3);
    if renewable && age >= renew_at && age < schedule.end && !patience.is_zero() {
        return DrainStep::Renew;
    }
    let left = schedule.hard_stop.saturating_sub(age).min(patience);
    if left.is_zero() {
        return DrainStep::End;
    }
    let until_renewal = if renewable { renew_at.saturating_sub(age) } else { left };
    DrainStep::Wait(left.min(until_renewal.max(Duration::from_millis(1))))
}

/// Whether a renewal gained so little that the maximum must be near: the next one is not worth asking for.
pub(super) fn clipped(left_before: Duration, left_after: Duration, ttl: Duration) -> bool {
    left_after <= left_before + Duration::from_secs(1).min(ttl / 10)
}

fn after(passed: Duration, due: Duration) -> Step {
    match due.checked_sub(passed) {
        Some(left) if !left.is_zero() => Step::Wait(left),
        _ => Step::Rotate,
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
