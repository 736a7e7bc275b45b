//! The one retry loop.
//!
//! Bounded in attempts, in time and by a budget shared by all calls of a client, so that an outage is not made
//! worse by the clients that wait for its end. Whether a call may be repeated is declared by the caller, not read
//! off the HTTP method: OpenBao's `GET database/creds/:role` creates a user.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::{Backoff, Error, ErrorKind, Jitter, Result, RetryAdvice};

/// Whether a call may be made twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// Twice is the same as once.
    Repeatable,
    /// Twice makes two things: repeated only when it is certain that the first never took effect.
    Once,
}

/// The limits of the loop.
#[derive(Clone, Debug)]
pub struct RetryConfig {
    attempts: u32,
    deadline: Duration,
    backoff: Backoff,
    jitter: Jitter,
}

/// One try of a call, as the loop hands it to the operation.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// What is left of the deadline; the operation should not take longer.
    pub remaining: Duration,
}

impl RetryConfig {
    /// At most `attempts` tries within `deadline` in all.
    pub fn new(attempts: u32, deadline: Duration) -> Self {
        Self { attempts: attempts.max(1), deadline, ..Self::default() }
    }

    /// One try only.
    pub fn never() -> Self {
        Self::new(1, Self::default().deadline)
    }

    /// The pauses between tries.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Where the pauses' randomness comes from.
    #[must_use]
    pub fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// The limit on all tries together.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }
}

impl Default for RetryConfig {
    /// Three tries within 30 seconds, pauses from 100 ms to 2 s.
    fn default() -> Self {
        Self {
            attempts: 3,
            deadline: Duration::from_secs(30),
            backoff: Backoff::new(Duration::from_millis(100), Duration::from_secs(2)),
            jitter: Jitter::Random,
        }
    }
}

/// Retries are paid from here: each costs one token, each success earns a fifth. Shared by the calls of a client.
#[derive(Clone, Debug)]
pub struct RetryBudget(Arc<AtomicU32>);

const TOKEN: u32 = 5;

impl RetryBudget {
    /// A budget of `tokens` retries to start with, which is also the most it can hold.
    pub fn new(tokens: u32) -> Self {
        Self(Arc::new(AtomicU32::new(tokens.saturating_mul(TOKEN))))
    }

    fn spend(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(TOKEN)).is_ok()
    }

    fn earn(&self) {
        let cap = MAX_TOKENS * TOKEN;
        // Full is the ordinary case, and then the shared line is only read.
        if self.0.load(Ordering::Relaxed) < cap {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

const MAX_TOKENS: u32 = 50;

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new(MAX_TOKENS)
    }
}

/// Runs `operation` until it succeeds, cannot succeed, or a limit is reached; the last error is returned with the
/// number of attempts and the time they took. There is no pause after the last try.
///
/// # Cancel safety
/// Dropping the future drops the operation in flight; whether that is safe is the operation's to say.
pub async fn retry<T, F, Fut>(
    config: &RetryConfig,
    budget: &RetryBudget,
    idempotency: Idempotency,
    mut operation: F,
) -> Result<T>
where
    F: FnMut(Attempt) -> Fut,
    Fut: Future<Output = Result<T>>,
{
    let start = Instant::now();
    for number in 1..=config.attempts {
        let remaining = config.deadline.saturating_sub(start.elapsed());
        let error = match operation(Attempt { number, remaining }).await {
            Ok(value) => {
                budget.earn();
                return Ok(value);
            }
            Err(error) => error,
        };
        let pause = pause_before_next(&error, idempotency, config, number);
        let left = config.deadline.saturating_sub(start.elapsed());
        match pause {
            Some(pause) if number < config.attempts && pause < left && budget.spend() => {
                tracing::debug!(attempt = number, pause_ms = pause.as_millis(), %error, "trying again");
                tokio::time::sleep(pause).await;
            }
            _ => return Err(error.with_attempts(number, start.elapsed())),
        }
    }
    Err(Error::new(ErrorKind::Other, "retry").with_help("no attempt was made"))
}

fn pause_before_next(
    error: &Error,
    idempotency: Idempotency,
    config: &RetryConfig,
    failures: u32,
) -> Option<Duration> {
    if idempotency == Idempotency::Once && error.outcome_unknown() {
        return None;
    }
    match error.retry() {
        RetryAdvice::Never => None,
        RetryAdvice::Backoff => Some(config.backoff.delay(failures, config.jitter.draw())),
        RetryAdvice::After(pause) => Some(pause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    async fn failing(idempotency: Idempotency, error: Error, budget: &RetryBudget) -> (u32, Error) {
        let calls = Cell::new(0);
        let result = retry(&RetryConfig::default(), budget, idempotency, |_| {
            calls.set(calls.get() + 1);
            let error = error.clone();
            async move { Err::<(), _>(error) }
        })
        .await;
        (calls.get(), result.unwrap_err())
    }

    #[tokio::test(start_paused = true)]
    async fn a_passing_fault_is_tried_three_times_and_reported_with_the_count() {
        let unavailable = Error::new(ErrorKind::Unavailable, "read");
        let (calls, error) = failing(Idempotency::Repeatable, unavailable, &RetryBudget::default()).await;
        assert_eq!((calls, error.attempts()), (3, 3));
        assert!(error.elapsed() > Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lasting_fault_is_tried_once() {
        let refused = Error::new(ErrorKind::PermissionDenied, "read");
        assert_eq!(failing(Idempotency::Repeatable, refused, &RetryBudget::default()).await.0, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_have_happened_is_never_repeated_when_twice_makes_two() {
        let ambiguous = Error::new(ErrorKind::Timeout, "issue").with_outcome_unknown();
        assert_eq!(failing(Idempotency::Once, ambiguous.clone(), &RetryBudget::default()).await.0, 1);
        assert_eq!(failing(Idempotency::Repeatable, ambiguous, &RetryBudget::default()).await.0, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn the_budget_ends_retries_and_successes_refill_it() {
        let budget = RetryBudget::new(3);
        let unavailable = Error::new(ErrorKind::Unavailable, "read");
        assert_eq!(failing(Idempotency::Repeatable, unavailable.clone(), &budget).await.0, 3);
        assert_eq!(failing(Idempotency::Repeatable, unavailable.clone(), &budget).await.0, 2);
        assert_eq!(failing(Idempotency::Repeatable, unavailable.clone(), &budget).await.0, 1);
        for _ in 0..TOKEN {
            retry(&RetryConfig::default(), &budget, Idempotency::Repeatable, |_| async { Ok(()) })
                .await
                .unwrap();
        }
        assert_eq!(failing(Idempotency::Repeatable, unavailable, &budget).await.0, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_servers_pause_is_kept_unless_it_passes_the_deadline() {
        let wait = |seconds| {
            Error::new(ErrorKind::RateLimited, "read")
                .with_retry(RetryAdvice::After(Duration::from_secs(seconds)))
        };
        let start = Instant::now();
        failing(Idempotency::Repeatable, wait(7), &RetryBudget::default()).await;
        assert_eq!(start.elapsed(), Duration::from_secs(14));
        assert_eq!(failing(Idempotency::Repeatable, wait(60), &RetryBudget::default()).await.0, 1);
    }
}
