//! How old a grant is, also after the machine was asleep.

use std::time::{Duration, SystemTime};

use catalyst_core::Clock;
use tokio::time::Instant;

use super::Policy;
use super::plan::{self, Schedule};
use super::source::{Backing, Term};

/// How far the wall clock may run ahead before we believe that the machine slept. The monotonic clock of Linux
/// stands still in suspend; leases do not.
const SLEPT: Duration = Duration::from_secs(5);

/// A moment on both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    monotonic: Instant,
    wall: SystemTime,
}

impl Stamp {
    pub(super) fn now(clock: &Clock) -> Self {
        Self { monotonic: Instant::now(), wall: clock.now() }
    }

    /// The moment `at`, which is past.
    fn at(at: Instant, clock: &Clock) -> Self {
        let ago = Instant::now().saturating_duration_since(at);
        let wall = clock.now();
        Self { monotonic: at, wall: wall.checked_sub(ago).unwrap_or(wall) }
    }

    /// The time since then, on the clock that ran further.
    pub(super) fn elapsed(&self, clock: &Clock) -> Duration {
        let monotonic = self.monotonic.elapsed();
        match clock.now().duration_since(self.wall) {
            Ok(wall) if wall > monotonic + SLEPT => wall,
            _ => monotonic,
        }
    }
}

/// The life of one grant.
#[derive(Clone, Debug)]
pub(super) struct Life {
    issued: Stamp,
    ttl: Duration,
    pub(super) renewable: bool,
    /// Drawn once, so that asking twice gives the same schedule.
    jitter: f64,
}

impl Life {
    pub(super) fn new(term: Term, policy: &Policy) -> Self {
        Self {
            issued: Stamp::at(term.issued_at, &policy.clock),
            ttl: term.ttl.min(plan::LONGEST),
            renewable: term.renewable,
            jitter: policy.jitter.draw(),
        }
    }

    pub(super) fn age(&self, policy: &Policy) -> Duration {
        self.issued.elapsed(&policy.clock)
    }

    /// What is left of the grant's own term.
    pub(super) fn left(&self, policy: &Policy) -> Duration {
        self.ttl.saturating_sub(self.age(policy))
    }

    pub(super) fn expires_at(&self, policy: &Policy) -> Instant {
        Instant::now() + self.left(policy)
    }

    /// The schedule, cut short where what backs the grant ends before it.
    pub(super) fn schedule(&self, policy: &Policy, backing: Backing) -> Schedule {
        let own = plan::schedule(policy, self.ttl, self.jitter);
        let until = |end: Instant| self.age(policy) + end.saturating_duration_since(Instant::now());
        match backing {
            Backing::Ends(end) if until(end) < self.ttl => plan::schedule(policy, until(end), self.jitter),
            // It should have been extended long before: somebody fails at that, so do not count on it.
            Backing::Lasting(end) if until(end) < self.ttl && Self::is_overdue(end, &own) => {
                plan::schedule(policy, until(end), self.jitter)
            }
            Backing::Lost => plan::schedule(policy, self.age(policy), self.jitter),
            _ => own,
        }
    }

    /// Whether what ends at `end` is so near its end that whoever extends it must be failing.
    fn is_overdue(end: Instant, own: &Schedule) -> bool {
        let reserve = own.end.saturating_sub(own.hard_stop);
        end.saturating_duration_since(Instant::now()) <= reserve
    }

    /// Takes over a renewal and tells whether it was clipped, after which no further one is asked for.
    pub(super) fn extend(&mut self, term: Term, policy: &Policy) -> bool {
        let before = self.left(policy);
        let renewed = Self { jitter: self.jitter, ..Self::new(term, policy) };
        let clipped = plan::clipped(before, renewed.left(policy), self.ttl);
        // A shorter answer is the server's word on the end, and counts.
        *self = Self { renewable: renewed.renewable && !clipped, ..renewed };
        clipped
    }
}
