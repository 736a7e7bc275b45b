//! When a secret is replaced, and how long its predecessor is kept.

use std::time::{Duration, SystemTime};

use super::dates::later;
use crate::ClientId;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// The rules of a rotation. The defaults are the platform's: a secret lives for 90 days and is replaced after 83, give
/// or take 12 hours that differ by client; its predecessor works for 24 hours more.
///
/// ```
/// use std::time::Duration;
/// use catalyst_keycloak::rotation::Policy;
///
/// let policy = Policy::default().every(Duration::from_secs(30 * 86_400)).grace(Duration::from_secs(3600));
/// # let _ = policy;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Policy {
    pub(super) every: Duration,
    pub(super) before: Duration,
    pub(super) jitter: Duration,
    pub(super) grace: Duration,
    pub(super) lock: Duration,
    pub(super) without_overlap: WithoutOverlap,
}

/// What to do where the realm keeps no old secret valid beside a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WithoutOverlap {
    /// Refuse, with code `rotation_unsupported`.
    #[default]
    Refuse,
    /// Replace it all the same: this is a maintenance window, in which logins with the old secret may fail until
    /// applications have the new one.
    CutOver,
}

impl Policy {
    /// How long a secret lives. Default: 90 days.
    pub fn every(mut self, span: Duration) -> Self {
        self.every = span;
        self
    }

    /// How long before its end a secret is replaced; never more than half of its life. Default: 7 days.
    pub fn rotate_before(mut self, lead: Duration) -> Self {
        self.before = lead;
        self
    }

    /// How far clients are spread around that moment; never more than half of the lead. Default: 12 hours.
    pub fn jitter(mut self, span: Duration) -> Self {
        self.jitter = span;
        self
    }

    /// How long the old secret is kept for those who still use it. The realm's own policy must keep it as long.
    /// Default: 24 hours.
    pub fn grace(mut self, span: Duration) -> Self {
        self.grace = span;
        self
    }

    /// How long a worker that went away keeps others out; at least 4 s. No single call takes longer than a quarter
    /// of it. Default: 2 minutes.
    pub fn lock(mut self, span: Duration) -> Self {
        self.lock = span.max(Duration::from_secs(4));
        self
    }

    /// What to do where the realm keeps no old secret valid. Default: refuse.
    pub fn without_overlap(mut self, choice: WithoutOverlap) -> Self {
        self.without_overlap = choice;
        self
    }

    /// How long the old credential works beside the new one.
    pub fn grace_period(&self) -> Duration {
        self.grace
    }

    /// The longest life that a secret has by these rules.
    pub fn lifetime(&self) -> Duration {
        self.every
    }

    /// When a secret of `client` that was made at `issued_at`, and that the realm ends at `expires_at`, is to be
    /// replaced. The same for the same client, on every machine.
    pub fn due_at(
        &self,
        client: &ClientId,
        issued_at: SystemTime,
        expires_at: Option<SystemTime>,
    ) -> SystemTime {
        let ends = expires_at.and_then(|end| end.duration_since(issued_at).ok());
        let life = ends.map_or(self.every, |end| end.min(self.every));
        let lead = self.before.min(life / 2);
        let spread = self.jitter.min(lead / 2);
        let earliest = life.saturating_sub(lead + spread);
        later(issued_at, earliest + (spread * 2).mul_f64(share(client)))
    }

    /// No single call takes longer.
    pub(super) fn call_limit(&self) -> Duration {
        self.lock / 4
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            every: 90 * DAY,
            before: 7 * DAY,
            jitter: 12 * HOUR,
            grace: DAY,
            lock: 120 * Duration::from_secs(1),
            without_overlap: WithoutOverlap::Refuse,
        }
    }
}

/// A number in `[0, 1]` that only depends on the client. FNV-1a and the mixing of `SplitMix64` are the same on every
/// machine and in every version.
fn share(client: &ClientId) -> f64 {
    let hash = client.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    // 32 bits are exact in an f64.
    f64::from(u32::try_from(hash >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

#[cfg(test)]
#[allow(clippy::unchecked_time_subtraction, reason = "a test that meets the unexpected should fail there")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn by_default_a_secret_is_replaced_around_day_83_and_clients_are_spread() {
        let made = SystemTime::UNIX_EPOCH;
        let due: std::collections::BTreeSet<_> = (0..100)
            .map(|number| {
                let client: ClientId = format!("app-{number}").parse().unwrap();
                let end = made + 97 * DAY;
                Policy::default().due_at(&client, made, Some(end)).duration_since(made).unwrap()
            })
            .collect();
        assert!(due.len() > 90, "clients are spread: {}", due.len());
        assert!(
            *due.first().unwrap() >= 83 * DAY - 12 * HOUR && *due.last().unwrap() <= 83 * DAY + 12 * HOUR
        );
        let width = *due.last().unwrap() - *due.first().unwrap();
        assert!(width > 18 * HOUR, "over most of the day: {width:?}");
    }

    proptest! {
        #[test]
        fn a_secret_is_always_replaced_before_the_realm_ends_it(
            every in 2u64..10_000_000, before in 0u64..10_000_000, jitter in 0u64..1_000_000, life in 2u64..10_000_000, name in "[a-z]{1,12}"
        ) {
            let span = Duration::from_secs;
            let policy = Policy::default().every(span(every)).rotate_before(span(before)).jitter(span(jitter));
            let made = SystemTime::UNIX_EPOCH;
            let due = policy.due_at(&name.parse().unwrap(), made, Some(made + span(life))).duration_since(made).unwrap();
            let life = span(life.min(every));
            prop_assert!(due >= life / 4 && due <= life, "{due:?} of {life:?}");
        }
    }
}
