//! When keys are fetched: times in, decisions out, nothing else.

use std::time::Duration;

use tokio::time::Instant;

use super::unknown::{RefusedKids, Throttle};

/// Keys are fresh for so long unless the server says less.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// The server cannot ask for more than one fetch in this time.
const LEAST_FRESH: Duration = Duration::from_secs(60);
/// Keys that could not be fetched anew are good until this age, and then nothing is verified any more.
const OLDEST: Duration = Duration::from_secs(60 * 60);
/// Where in the fresh time the refresh ahead begins, and how far that varies.
const AHEAD: f64 = 0.8;
const VARIATION: f64 = 0.1;
/// Pauses after failed fetches: doubled from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The moments in the life of a loaded set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ages {
    /// From here on it is refreshed ahead.
    pub(super) refresh_at: Instant,
    /// From here on a caller refreshes it if nothing does that ahead.
    pub(super) fresh_until: Instant,
    /// From here on it is not used.
    pub(super) dies_at: Instant,
}

/// What an age means to a caller whose key is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    Fresh,
    /// Used; one caller refreshes.
    Stale,
    /// Not used.
    Dead,
}

impl Ages {
    /// Of a set whose fetch began at `asked`; `chance` from 0 to 1 spreads the refreshes of many verifiers.
    pub(super) fn of(asked: Instant, max_age: Option<Duration>, chance: f64) -> Self {
        let fresh = max_age.map_or(FRESH, |age| age.clamp(LEAST_FRESH, FRESH));
        let share = AHEAD * (1.0 + VARIATION * (2.0 * chance.clamp(0.0, 1.0) - 1.0));
        Self { refresh_at: asked + fresh.mul_f64(share), fresh_until: asked + fresh, dies_at: asked + OLDEST }
    }

    pub(super) fn at(&self, now: Instant) -> Age {
        if now >= self.dies_at {
            Age::Dead
        } else if now >= self.fresh_until {
            Age::Stale
        } else {
            Age::Fresh
        }
    }
}

/// What happens for a key that is not in the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// There is no such key, as far as is known, and it is too early to ask again.
    Refuse,
    /// The server did not answer a moment ago; it is too early to ask again.
    Failing,
    /// Ask now, past all caches.
    Fetch,
}

/// The memory of past fetches.
#[derive(Debug, Default)]
pub(super) struct Planner {
    failures: u32,
    retry_at: Option<Instant>,
    throttle: Throttle,
    refused: RefusedKids,
}

impl Planner {
    /// Whether a fetch may begin, as far as failures go.
    pub(super) fn may_fetch(&self, now: Instant) -> bool {
        self.retry_at.is_none_or(|at| now >= at)
    }

    /// When the next fetch may begin.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// What to do for the unknown key `kid`. [`Unknown::Fetch`] is counted.
    pub(super) fn unknown(&mut self, kid: &str, now: Instant) -> Unknown {
        if self.refused.contains(kid, now) {
            Unknown::Refuse
        } else if !self.may_fetch(now) {
            Unknown::Failing
        } else if self.throttle.take(now) {
            Unknown::Fetch
        } else {
            Unknown::Refuse
        }
    }

    /// Whether `kid` was looked for in vain a moment ago.
    pub(super) fn is_refused(&self, kid: &str, now: Instant) -> bool {
        self.refused.contains(kid, now)
    }

    /// `kid` is not in a set that was fetched for it.
    pub(super) fn refuse(&mut self, kid: &str, now: Instant) {
        self.refused.insert(kid, now);
    }

    /// A set was loaded; `changed` if it is another one than before.
    pub(super) fn loaded(&mut self, now: Instant, forced: bool, changed: bool) {
        self.failures = 0;
        self.retry_at = None;
        self.refused.clear();
        if forced && !changed {
            self.throttle.in_vain(now);
        }
    }

    /// A fetch failed.
    pub(super) fn failed(&mut self, now: Instant, forced: bool) {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(5)).min(LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        self.retry_at = Some(now + pause);
        if forced {
            self.throttle.in_vain(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_server_may_ask_for_less_but_not_for_everything() {
        let now = Instant::now();
        let fresh = |max_age| Ages::of(now, max_age, 0.5).fresh_until - now;
        assert_eq!(fresh(None), FRESH);
        assert_eq!(fresh(Some(Duration::ZERO)), LEAST_FRESH);
        assert_eq!(fresh(Some(SECOND * 90)), SECOND * 90);
        assert_eq!(fresh(Some(SECOND * 86_400)), FRESH);
        assert_eq!(Ages::of(now, None, 0.5).refresh_at - now, SECOND * 240);
    }

    #[test]
    fn failures_are_paced_and_a_success_forgets_them() {
        let (mut planner, now) = (Planner::default(), Instant::now());
        let mut pauses = Vec::new();
        for _ in 0..7 {
            planner.failed(now, false);
            pauses.push((planner.retry_at().unwrap() - now).as_secs());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        assert!(!planner.may_fetch(now) && planner.may_fetch(now + LONGEST_PAUSE));
        assert_eq!(planner.unknown("new", now), Unknown::Failing);
        planner.loaded(now, false, false);
        assert!(planner.may_fetch(now));
    }

    proptest! {
        #[test]
        fn the_ages_are_in_order(max_age in proptest::option::of(0_u64..100_000), chance in -1.0..2.0_f64) {
            let now = Instant::now();
            let ages = Ages::of(now, max_age.map(Duration::from_secs), chance);
            prop_assert!(now + LEAST_FRESH.mul_f64(0.7) <= ages.refresh_at);
            prop_assert!(ages.refresh_at < ages.fresh_until && ages.fresh_until < ages.dies_at);
            prop_assert_eq!(ages.at(ages.dies_at), Age::Dead);
            prop_assert_eq!(ages.at(ages.refresh_at), Age::Fresh);
        }

        /// Whatever is asked for, and whatever the server answers: in any ten seconds there are at most two forced
        /// fetches, and one if the first brought nothing new.
        #[test]
        fn fuzz_unknown_keys_never_cause_more_fetches_than_the_throttle(
            asks in proptest::collection::vec((0_u64..3_000, 0_u32..40, 0_u8..4), 1..400)
        ) {
            let (mut planner, start) = (Planner::default(), Instant::now());
            let (mut now, mut fetches) = (start, Vec::<(Instant, bool)>::new());
            for (pause, kid, outcome) in asks {
                now += Duration::from_millis(pause);
                let kid = kid.to_string();
                if planner.unknown(&kid, now) != Unknown::Fetch {
                    continue;
                }
                match outcome {
                    0 => planner.failed(now, true),
                    1 => planner.loaded(now, true, true),
                    _ => {
                        planner.loaded(now, true, false);
                        planner.refuse(&kid, now);
                        prop_assert_eq!(planner.unknown(&kid, now), Unknown::Refuse);
                    }
                }
                fetches.push((now, outcome == 1));
            }
            for (index, (at, useful)) in fetches.iter().enumerate() {
                let soon = fetches.iter().skip(index + 1).filter(|(then, _)| *then - *at < SECOND * 10).count();
                prop_assert!(soon <= usize::from(*useful), "{fetches:?}");
            }
        }
    }
}
