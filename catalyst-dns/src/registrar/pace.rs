//! No more requests than an account may make.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// At most so many requests in any minute, and so many at a time, for one account.
///
/// Some may follow each other at once (the burst); the others are spaced so that burst and rest together stay within
/// the limit of every window of 60 seconds.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    tolerance: Duration,
    next: Mutex<Option<Instant>>,
    threads: Semaphore,
}

impl Pace {
    pub(super) fn new(per_minute: u32, burst: u32, threads: usize) -> Self {
        let per_minute = per_minute.max(1);
        let early = burst.clamp(1, per_minute) - 1;
        let interval = Duration::from_secs(60) / (per_minute - early);
        Self {
            interval,
            tolerance: interval * early,
            next: Mutex::new(None),
            threads: Semaphore::new(threads.max(1)),
        }
    }

    /// Waits until a request may be made; hold the answer while it is made.
    ///
    /// # Errors
    /// How long it would have to wait, if that is longer than `limit`; the turn is then not taken.
    pub(super) async fn turn(&self, limit: Duration) -> Result<SemaphorePermit<'_>, Duration> {
        let start = Instant::now();
        let Ok(Ok(permit)) = tokio::time::timeout(limit, self.threads.acquire()).await else {
            return Err(self.interval);
        };
        let wait = self.reserve(limit.saturating_sub(start.elapsed()))?;
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(permit)
    }

    fn reserve(&self, limit: Duration) -> Result<Duration, Duration> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let due = next.unwrap_or(now).max(now);
        let wait = due.duration_since(now).saturating_sub(self.tolerance);
        if wait > limit {
            return Err(wait);
        }
        *next = Some(due + self.interval);
        Ok(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_comes_too_late_is_not_taken() {
        let pace = Pace::new(60, 1, 1);
        assert!(pace.turn(Duration::ZERO).await.is_ok());
        let wait = pace.turn(Duration::from_millis(10)).await.unwrap_err();
        assert_eq!(wait, Duration::from_secs(1));
        assert!(pace.turn(Duration::from_secs(1)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn one_thread_makes_one_request_at_a_time() {
        let pace = Pace::new(60_000, 100, 1);
        let held = pace.turn(Duration::from_secs(1)).await.unwrap();
        assert!(pace.turn(Duration::from_secs(1)).await.is_err());
        drop(held);
        assert!(pace.turn(Duration::from_secs(1)).await.is_ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn no_minute_has_more_requests_than_it_may(per_minute in 1u32..80, burst in 1u32..20, pauses in prop::collection::vec(0u64..5_000, 1..120)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let times = runtime.block_on(async {
                let pace = Pace::new(per_minute, burst, 1);
                let start = Instant::now();
                let mut times = Vec::new();
                for pause in pauses {
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                    drop(pace.turn(Duration::from_secs(10_000)).await.unwrap());
                    times.push(start.elapsed());
                }
                times
            });
            for first in &times {
                let within = times.iter().filter(|time| **time >= *first && **time < *first + Duration::from_secs(60));
                // One more for the rounding of timers to milliseconds.
                prop_assert!(within.count() <= per_minute as usize + 1);
            }
        }
    }
}
