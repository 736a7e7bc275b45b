//! When a session is to be prolonged or replaced: a pure function, so that time is a parameter.

use std::time::Duration;

use catalyst_core::Backoff;
use tokio::time::Instant;

use crate::token::Term;

/// A try that failed is followed by the next one no sooner than this.
const FLOOR: Duration = Duration::from_millis(250);
/// Nor, while the token lives, later than this, or than a quarter of what is left of it.
const CAP: Duration = Duration::from_secs(60);
/// Nothing is done twice within this time after a success, whatever the server grants.
const SPACING: Duration = Duration::from_millis(500);

/// The failures since the last success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Failures {
    pub(crate) count: u32,
    pub(crate) last: Option<Instant>,
}

impl Failures {
    pub(crate) fn one_more(self, now: Instant) -> Self {
        Self { count: self.count.saturating_add(1), last: Some(now) }
    }
}

/// The moment to act; none if the token never ends. `jitter` lies in `[0, 1]`.
///
/// The first try is made at two thirds of the term, and up to a twentieth of it earlier, so that those who started
/// together do not renew together. After a failure the pause grows, and is measured by what is left.
pub(crate) fn due(term: &Term, failures: Failures, jitter: f64) -> Option<Instant> {
    let (ttl, end) = (term.ttl?, term.expires_at()?);
    let Some(failed_at) = failures.last else {
        let share = 2.0 / 3.0 - 0.05 * jitter.clamp(0.0, 1.0);
        return Some(term.issued_at + ttl.mul_f64(share).max(SPACING.min(ttl)));
    };
    let left = end.saturating_duration_since(failed_at);
    let cap = if left.is_zero() { CAP } else { (left / 4).clamp(FLOOR, CAP) };
    let backoff = Backoff::new(Duration::from_secs(1), cap).floor(FLOOR);
    Some(failed_at + backoff.delay(failures.count, jitter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn term(seconds: u64) -> Term {
        Term { issued_at: Instant::now(), ttl: Some(Duration::from_secs(seconds)), renewable: true }
    }

    #[tokio::test(start_paused = true)]
    async fn an_hour_is_renewed_between_minute_37_and_40() {
        let term = term(3600);
        let at = |jitter| due(&term, Failures::default(), jitter).unwrap() - term.issued_at;
        assert_eq!(at(0.0).as_secs(), 2400);
        assert_eq!(at(1.0).as_secs(), 2220);
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_ends_is_never_due() {
        assert_eq!(due(&Term { ttl: None, ..term(1) }, Failures::default(), 0.5), None);
    }

    proptest! {
        #[test]
        fn the_first_try_comes_before_the_end(seconds in 1u64..=30 * 86_400, jitter in 0.0f64..=1.0) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _entered = runtime.enter();
            let term = term(seconds);
            let at = due(&term, Failures::default(), jitter).unwrap();
            prop_assert!(at < term.expires_at().unwrap());
            prop_assert!(at >= term.issued_at + SPACING);
        }

        #[test]
        fn under_permanent_failure_it_neither_spins_nor_gives_up(seconds in 1u64..=30 * 86_400, jitter in 0.0f64..=1.0) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _entered = runtime.enter();
            let term = term(seconds);
            let end = term.expires_at().unwrap();
            let (mut failures, mut tries_before_end) = (Failures::default(), 0);
            for _ in 0..10_000 {
                let at = due(&term, failures, jitter).unwrap();
                if let Some(last) = failures.last {
                    let pause = at - last;
                    prop_assert!((FLOOR..=CAP).contains(&pause));
                    let left = end.saturating_duration_since(last);
                    prop_assert!(left.is_zero() || pause <= left.max(FLOOR), "tried again only after the end");
                }
                if at >= end + Duration::from_secs(600) {
                    break;
                }
                tries_before_end += u32::from(at < end);
                failures = failures.one_more(at);
            }
            let wanted = if seconds >= 10 { 4 } else { 1 };
            prop_assert!(tries_before_end >= wanted, "{} tries", tries_before_end);
        }
    }
}
