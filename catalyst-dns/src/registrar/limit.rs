//! How often an account may be asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalyst_core::{Error, Result, RetryAdvice};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::cause::Cause;

/// Lets at most so many requests through within any stretch of time, first come, first served. Clones share it: it
/// belongs to an account, and other processes that use the account are not seen.
///
/// A sliding window and no bucket: a bucket that is full lets twice its size through within its first period, and
/// registrars count strictly.
///
/// ```
/// use std::time::Duration;
/// use catalyst_dns::registrar::RateLimit;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> catalyst_dns::Result<()> {
/// let limit = RateLimit::new(1, Duration::from_secs(60)).max_wait(Duration::from_secs(5));
/// let first = limit.acquire().await?;
/// drop(first);
/// assert_eq!(limit.acquire().await.unwrap_err().code(), Some("rate_limited"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RateLimit {
    requests: usize,
    per: Duration,
    max_wait: Duration,
    window: Arc<Mutex<Window>>,
    at_once: Arc<Semaphore>,
}

/// The leave to make one request. Where only so many may be under way at once, it is given back by dropping it.
#[derive(Debug)]
#[must_use = "the request is under way while the permit lives"]
pub struct Permit {
    _under_way: OwnedSemaphorePermit,
}

#[derive(Debug, Default)]
struct Window {
    /// When the latest requests were or will be let through, at most `requests` of them, in order.
    slots: VecDeque<Instant>,
    /// The server said not to come before this.
    closed_until: Option<Instant>,
}

/// The most requests that a limit counts, which bounds its memory.
const MAX_REQUESTS: u32 = 10_000;

impl RateLimit {
    /// At most `requests` (1 to 10,000) within any `per`. Waiting is bounded to one minute, if not set.
    pub fn new(requests: u32, per: Duration) -> Self {
        Self {
            requests: requests.clamp(1, MAX_REQUESTS) as usize,
            per,
            max_wait: Duration::from_secs(60),
            window: Arc::default(),
            at_once: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        }
    }

    /// At most `requests` under way at the same time, 1 for accounts that want one after another.
    #[must_use]
    pub fn at_once(mut self, requests: u32) -> Self {
        self.at_once = Arc::new(Semaphore::new(requests.clamp(1, MAX_REQUESTS) as usize));
        self
    }

    /// Refuses at once what would have to wait longer than this.
    #[must_use]
    pub fn max_wait(mut self, limit: Duration) -> Self {
        self.max_wait = limit;
        self
    }

    /// Waits for the leave to make one request.
    ///
    /// # Errors
    /// [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited) with code `rate_limited` and the advice when to come again, without any wait, if it
    /// would take longer than [`max_wait`](Self::max_wait). No request was made.
    ///
    /// # Cancel safety
    /// The slot of a caller who leaves is not given to another one.
    pub async fn acquire(&self) -> Result<Permit> {
        self.acquire_within(self.max_wait).await
    }

    /// The same for a caller who has less time.
    pub(super) async fn acquire_within(&self, time: Duration) -> Result<Permit> {
        let time = time.min(self.max_wait);
        let latest = Instant::now() + time;
        let under_way = timeout_at(latest, Arc::clone(&self.at_once).acquire_owned());
        let Ok(Ok(under_way)) = under_way.await else { return Err(too_long(time)) };
        let slot = self.reserve(latest)?;
        if slot > Instant::now() {
            sleep_until(slot).await;
        }
        Ok(Permit { _under_way: under_way })
    }

    /// Lets nobody through for `pause`, at most an hour, because the server asked for it.
    pub fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause.min(Duration::from_secs(3600));
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.closed_until = window.closed_until.max(Some(until));
    }

    fn reserve(&self, latest: Instant) -> Result<Instant> {
        let now = Instant::now();
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let full = window.slots.len() >= self.requests;
        let free = window.slots.front().filter(|_| full).map(|oldest| *oldest + self.per);
        let last = window.slots.back().copied();
        // Never before the one who came before, so that the order holds across a pause.
        let slot = [free, last, window.closed_until].into_iter().flatten().fold(now, Instant::max);
        if slot > latest {
            return Err(too_long(slot - now));
        }
        if full {
            window.slots.pop_front();
        }
        window.slots.push_back(slot);
        Ok(slot)
    }
}

fn too_long(wait: Duration) -> Error {
    Cause::RateLimited
        .error("wait for the registrar's limit")
        .with_help(format!(
            "the account's limit of requests is used up for another {wait:.1?}; nothing was sent"
        ))
        .with_retry(RetryAdvice::After(wait))
}

#[cfg(test)]
mod tests {
    use super::*;
    use catalyst_core::ErrorKind;
    use futures_util::future::join_all;
    use proptest::prelude::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn what_is_too_much_waits_for_the_window_to_move() {
        let (limit, start) = (RateLimit::new(3, MINUTE), Instant::now());
        let grants = join_all((0..7).map(|_| async {
            let limit = limit.clone().max_wait(MINUTE * 5);
            drop(limit.acquire().await.unwrap());
            start.elapsed().as_secs()
        }));
        assert_eq!(grants.await, [0, 0, 0, 60, 60, 60, 120]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_the_bound_is_refused_at_once_and_says_when_to_come() {
        let limit = RateLimit::new(1, MINUTE * 10);
        drop(limit.acquire().await.unwrap());
        let start = Instant::now();
        let error = limit.acquire().await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::RateLimited, Some("rate_limited")));
        assert_eq!(error.retry(), RetryAdvice::After(MINUTE * 10));
        assert_eq!(start.elapsed(), Duration::ZERO);
        tokio::time::sleep(MINUTE * 10).await;
        drop(limit.acquire().await.expect("a refusal takes no slot"));
    }

    #[tokio::test(start_paused = true)]
    async fn one_after_another_means_that_the_second_waits_for_the_first() {
        let (limit, start) = (RateLimit::new(100, MINUTE).at_once(1), Instant::now());
        let done = join_all((0..3).map(|_| async {
            let _permit = limit.acquire().await.unwrap();
            tokio::time::sleep(Duration::from_secs(2)).await;
            start.elapsed().as_secs()
        }));
        assert_eq!(done.await, [2, 4, 6]);
        let _held = limit.acquire().await.unwrap();
        assert_eq!(limit.acquire().await.unwrap_err().code(), Some("rate_limited"), "bounded here too");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_the_server_asked_for_holds_for_all() {
        let (limit, start) = (RateLimit::new(100, MINUTE), Instant::now());
        limit.clone().pause(Duration::from_secs(30));
        drop(limit.acquire().await.unwrap());
        assert_eq!(start.elapsed(), Duration::from_secs(30));
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_the_limit(requests in 1usize..6, gaps in prop::collection::vec(0u64..40, 1..40)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let times = runtime.block_on(async {
                let limit = RateLimit::new(u32::try_from(requests).unwrap(), MINUTE).max_wait(MINUTE * 100);
                let start = Instant::now();
                let mut times = Vec::new();
                for gap in gaps {
                    tokio::time::sleep(Duration::from_secs(gap)).await;
                    drop(limit.acquire().await.unwrap());
                    times.push(start.elapsed());
                }
                times
            });
            for window in times.windows(requests + 1) {
                prop_assert!(window[requests] >= window[0] + MINUTE);
            }
        }
    }
}
