//! What keeps tokens with invented keys from becoming requests: a throttle, and a memory of keys that are not there.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::time::Duration;

use tokio::time::Instant;

/// One fetch in this time.
const PERIOD: Duration = Duration::from_secs(10);
/// So many keys are remembered as absent, each for so long.
const REMEMBERED: usize = 256;
const REMEMBERED_FOR: Duration = Duration::from_secs(30);

/// One fetch each ten seconds, and a second one at once if the first found something new: keys that rotate twice in a
/// row are found, and invented ones cause one fetch in ten seconds.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    /// When all that was taken is paid back.
    paid_at: Option<Instant>,
}

impl Throttle {
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let paid_at = self.paid_at.map_or(now, |at| at.max(now));
        if paid_at > now + PERIOD {
            return false;
        }
        self.paid_at = Some(paid_at + PERIOD);
        // Exactly one period ahead is the second of two at once; it leaves nothing.
        true
    }

    /// What was fetched at `now` was nothing new.
    pub(super) fn in_vain(&mut self, now: Instant) {
        let empty = now + PERIOD * 2;
        self.paid_at = Some(self.paid_at.map_or(empty, |at| at.max(empty)));
    }
}

/// The keys that were last looked for in vain, as keyed hashes, so that their length costs nothing.
pub(super) struct RefusedKids {
    ring: Vec<(u64, Instant)>,
    next: usize,
    hasher: RandomState,
}

impl RefusedKids {
    pub(super) fn contains(&self, kid: &str, now: Instant) -> bool {
        let hash = self.hasher.hash_one(kid);
        self.ring.iter().any(|(known, until)| *known == hash && now < *until)
    }

    pub(super) fn insert(&mut self, kid: &str, now: Instant) {
        let entry = (self.hasher.hash_one(kid), now + REMEMBERED_FOR);
        match self.ring.get_mut(self.next) {
            Some(oldest) => *oldest = entry,
            None => self.ring.push(entry),
        }
        self.next = (self.next + 1) % REMEMBERED;
    }

    pub(super) fn clear(&mut self) {
        self.ring.clear();
        self.next = 0;
    }
}

impl Default for RefusedKids {
    fn default() -> Self {
        Self { ring: Vec::new(), next: 0, hasher: RandomState::new() }
    }
}

impl fmt::Debug for RefusedKids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefusedKids({})", self.ring.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_at_once_when_the_first_was_useful_and_then_one_each_period() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        let taken: Vec<_> = (0..3).map(|_| throttle.take(now)).collect();
        assert_eq!(taken, [true, true, false]);
        assert!(!throttle.take(now + PERIOD - Duration::from_millis(1)));
        assert!(throttle.take(now + PERIOD) && !throttle.take(now + PERIOD));
    }

    #[test]
    fn absent_keys_are_remembered_for_a_while_and_only_the_last_of_them() {
        let (mut kids, now) = (RefusedKids::default(), Instant::now());
        for index in 0..=REMEMBERED {
            kids.insert(&index.to_string(), now);
        }
        assert!(!kids.contains("0", now), "pushed out by the last");
        assert!(kids.contains("1", now) && kids.contains("256", now));
        assert!(!kids.contains("1", now + REMEMBERED_FOR));
        kids.clear();
        assert!(!kids.contains("1", now));
    }
}
