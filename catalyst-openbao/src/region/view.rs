//! What is known of each region: how fast it answers, whether it does, and how fresh it is. Pure, but for the time that
//! it is given.

use std::time::Duration;

use tokio::time::Instant;

/// So many answers are remembered.
const REMEMBERED: usize = 64;
/// A region that failed is left alone so long at first, and at most.
const REST: Duration = Duration::from_millis(500);
const LONGEST_REST: Duration = Duration::from_secs(15);
/// A second region is asked no sooner than this after the first, and no later.
const HEDGE: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));
/// Before anything was measured.
const FIRST_HEDGE: Duration = Duration::from_millis(100);

/// One region, as the router sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    /// The last answers' times, the newest last.
    latencies: Vec<Duration>,
    smoothed: Option<Duration>,
    failures: u32,
    failed_at: Option<Instant>,
    freshness: Freshness,
}

/// How fresh a replica is, without a clock that could jump: the replicator says in its marker how old the copy was when
/// the marker was written, and the marker was written after the last look that did not show it.
#[derive(Clone, Copy, Debug, Default)]
struct Freshness {
    /// The last look: when it was begun, and the marker it showed.
    looked: Option<(Instant, u64)>,
    /// All that was written by this moment is there.
    swept: Option<Instant>,
    /// The same, for what was noted in the journals.
    noted: Option<Instant>,
}

/// What a look at the marker of a region showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) version: u64,
    pub(crate) sweep_age: Duration,
    pub(crate) journal_age: Duration,
}

impl View {
    pub(crate) fn answered(&mut self, took: Duration) {
        (self.failures, self.failed_at) = (0, None);
        if self.latencies.len() == REMEMBERED {
            self.latencies.remove(0);
        }
        self.latencies.push(took);
        self.smoothed = Some(match self.smoothed {
            Some(before) => (before * 7 + took) / 8,
            None => took,
        });
    }

    pub(crate) fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        self.failed_at = Some(now);
    }

    /// Whether it is worth asking: it did not fail, or has rested.
    pub(crate) fn usable(&self, now: Instant) -> bool {
        let Some(failed_at) = self.failed_at else { return true };
        let rest = REST.saturating_mul(1 << (self.failures.saturating_sub(1)).min(6)).min(LONGEST_REST);
        now.saturating_duration_since(failed_at) >= rest
    }

    pub(crate) fn is_healthy(&self) -> bool {
        self.failures == 0
    }

    pub(crate) fn latency(&self) -> Option<Duration> {
        self.smoothed
    }

    /// When to ask a second region as well: what nineteen of twenty answers took.
    pub(crate) fn hedge_after(&self) -> Duration {
        if self.latencies.is_empty() {
            return FIRST_HEDGE;
        }
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let at = (sorted.len() * 19 / 20).min(sorted.len() - 1);
        sorted[at].clamp(HEDGE.0, HEDGE.1)
    }

    /// Takes in a look that was begun at `begun`; none if there is no marker that counts.
    pub(crate) fn looked(&mut self, begun: Instant, seen: Option<Seen>) {
        let Some(seen) = seen else {
            self.freshness = Freshness::default();
            return;
        };
        let freshness = &mut self.freshness;
        match freshness.looked {
            // The marker was written after the look before, and its ages count from then on.
            Some((before, version)) if version != seen.version => {
                let as_of = |age: Duration| before.checked_sub(age);
                // A later moment is not taken back: all that was there then is there now.
                freshness.swept = as_of(seen.sweep_age).max(freshness.swept);
                freshness.noted = as_of(seen.journal_age).max(freshness.noted);
            }
            // Not known before, or nothing new: how old it is cannot be told.
            _ => {}
        }
        freshness.looked = Some((begun, seen.version));
    }

    /// How old the copy may be; none if that is not known.
    pub(crate) fn staleness(&self, now: Instant) -> Option<Duration> {
        Some(now.saturating_duration_since(self.freshness.swept?))
    }

    /// Whether it has what was noted at `moment`.
    pub(crate) fn has(&self, moment: Instant) -> bool {
        let latest = self.freshness.noted.max(self.freshness.swept);
        latest.is_some_and(|noted| noted >= moment)
    }
}

/// How old what is read may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Staleness {
    /// Regions that are known to be fresher than this are asked first, then the primary, and when it does not answer,
    /// any: reading goes on when the primary is lost.
    Prefer(Duration),
    /// Nothing older is returned: when the primary is lost, reads fail with `too_stale` once the others are this old.
    Require(Duration),
}

/// One candidate for a read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) index: usize,
    pub(crate) view: &'a View,
    pub(crate) is_primary: bool,
    /// It was named as the near one.
    pub(crate) is_local: bool,
    /// It lacks something that the caller wrote.
    pub(crate) lacks_own_write: bool,
}

/// In which order regions are asked. The first is asked, a second one if it is slow, the others if it fails.
pub(crate) fn order(candidates: &[Candidate<'_>], staleness: Staleness, now: Instant) -> Vec<usize> {
    let (bound, strict) = match staleness {
        Staleness::Prefer(bound) => (bound, false),
        Staleness::Require(bound) => (bound, true),
    };
    let mut ranked: Vec<_> = candidates
        .iter()
        .filter_map(|candidate| {
            let view = candidate.view;
            let fresh = candidate.is_primary || view.staleness(now).is_some_and(|age| age <= bound);
            let class = match (fresh && !candidate.lacks_own_write, view.usable(now)) {
                (true, true) => 0,
                _ if !fresh && strict || candidate.lacks_own_write => return None,
                (false, true) => 1,
                (true, false) => 2,
                (false, false) => 3,
            };
            // Beyond the bound, the freshest first; within it, the near one, and then the fastest.
            let age = if fresh { Duration::ZERO } else { view.staleness(now).unwrap_or(Duration::MAX) };
            let near = (!candidate.is_local, view.latency().unwrap_or_default());
            Some(((class, age, near), candidate.index))
        })
        .collect();
    ranked.sort_by_key(|(rank, index)| (*rank, *index));
    ranked.into_iter().map(|(_, index)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[derive(Clone, Debug)]
    struct Region {
        latency: u64,
        failures: u32,
        swept: Option<u64>,
        lacks: bool,
    }

    fn regions() -> impl Strategy<Value = Vec<Region>> {
        let one = (0u64..200, 0u32..3, proptest::option::of(0u64..20_000), any::<bool>())
            .prop_map(|(latency, failures, swept, lacks)| Region { latency, failures, swept, lacks });
        proptest::collection::vec(one, 1..5)
    }

    fn view(region: &Region, now: Instant) -> View {
        let mut view = View::default();
        view.answered(ms(region.latency));
        for _ in 0..region.failures {
            view.failed(now);
        }
        view.freshness.swept = region.swept.map(|age| now - ms(age));
        view
    }

    fn now() -> Instant {
        // Far enough from the clock's zero.
        Instant::now() + Duration::from_secs(100)
    }

    proptest! {
        #[test]
        fn nothing_older_than_demanded_is_ever_asked(regions in regions(), bound in 0u64..20_000) {
            let now = now();
            let views: Vec<_> = regions.iter().map(|region| view(region, now)).collect();
            let candidates: Vec<_> = views.iter().enumerate().map(|(index, view)| Candidate {
                index, view, is_primary: index == 0, is_local: false, lacks_own_write: index > 0 && regions[index].lacks,
            }).collect();
            let asked = order(&candidates, Staleness::Require(ms(bound)), now);
            for &index in &asked {
                prop_assert!(index == 0 || (regions[index].swept.is_some_and(|age| age <= bound) && !regions[index].lacks));
            }
            prop_assert!(asked.contains(&0), "the primary is always fresh");
        }

        #[test]
        fn a_preference_leaves_no_region_out_but_those_that_lack_our_writes(regions in regions(), bound in 0u64..20_000) {
            let now = now();
            let views: Vec<_> = regions.iter().map(|region| view(region, now)).collect();
            let candidates: Vec<_> = views.iter().enumerate().map(|(index, view)| Candidate {
                index, view, is_primary: index == 0, is_local: false, lacks_own_write: index > 0 && regions[index].lacks,
            }).collect();
            let asked = order(&candidates, Staleness::Prefer(ms(bound)), now);
            let wanted = (0..regions.len()).filter(|&index| index == 0 || !regions[index].lacks).count();
            prop_assert_eq!(asked.len(), wanted);
            // A healthy region within the bound is asked before one that is neither.
            let good = |index: usize| regions[index].failures == 0
                && (index == 0 || regions[index].swept.is_some_and(|age| age <= bound));
            let goods: Vec<_> = asked.iter().map(|&index| good(index)).collect();
            prop_assert!(goods.is_sorted_by(|one, other| one >= other), "{:?}", goods);
        }

        #[test]
        fn a_copy_is_never_thought_fresher_than_it_is(
            steps in proptest::collection::vec((1u64..500, any::<bool>(), 0u64..300), 1..40),
        ) {
            // The replicator writes a marker at some moment; the router looks at others.
            let start = now();
            let (mut at, mut view, mut version, mut truth, mut written) = (start, View::default(), 0, None, None);
            for (pause, marks, age) in steps {
                at += ms(pause);
                if marks {
                    version += 1;
                    truth = Some(at - ms(age));
                    written = Some((version, ms(age)));
                } else {
                    let seen = written.map(|(version, age)| Seen { version, sweep_age: age, journal_age: age });
                    view.looked(at, seen);
                }
                if let (Some(believed), Some(_)) = (view.freshness.swept, truth) {
                    prop_assert!(believed <= at, "not in the future");
                }
                if let Some(staleness) = view.staleness(at) {
                    // The newest statement that was ever true bounds what may be believed.
                    prop_assert!(at - staleness <= at);
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_seen_once_is_of_unknown_age_and_what_advances_is_not() {
        let (mut view, start) = (View::default(), Instant::now() + Duration::from_secs(100));
        let seen = |version| Some(Seen { version, sweep_age: ms(300), journal_age: ms(100) });
        view.looked(start, seen(4));
        assert_eq!(view.staleness(start), None, "the marker may be a year old");
        view.looked(start + ms(1000), seen(5));
        assert_eq!(view.staleness(start + ms(1000)), Some(ms(1300)));
        assert!(view.has(start - ms(100)) && !view.has(start));
        view.looked(start + ms(2000), seen(5));
        assert_eq!(view.staleness(start + ms(2000)), Some(ms(2300)), "it ages where nothing is replicated");
        view.looked(start + ms(3000), None);
        assert_eq!(view.staleness(start + ms(3000)), None, "another primary's copy");
    }

    #[tokio::test(start_paused = true)]
    async fn a_region_that_failed_rests_longer_each_time() {
        let (mut view, now) = (View::default(), Instant::now());
        view.failed(now);
        assert!(!view.usable(now) && view.usable(now + REST));
        for _ in 0..20 {
            view.failed(now);
        }
        assert!(!view.usable(now + LONGEST_REST - ms(1)) && view.usable(now + LONGEST_REST));
        view.answered(ms(3));
        assert!(view.usable(now) && view.is_healthy());
    }
}
