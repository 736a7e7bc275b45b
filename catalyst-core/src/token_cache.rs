//! A value that is fetched once for all who ask, refreshed before its end, and dropped when it was refused.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::{Error, Result};

/// A fetched value with the two moments that matter.
#[derive(Clone, Debug)]
pub struct Fetched<T> {
    /// The value.
    pub value: T,
    /// From here on a caller fetches anew; others still get this one.
    pub refresh_at: Instant,
    /// From here on it is never handed out.
    pub expires_at: Instant,
}

/// A cache of one value with single flight: a thousand cold callers cause one fetch.
///
/// - A fresh value is returned without waiting and without a lock.
/// - Past `refresh_at`, one caller fetches and the others get the old value; a failed refresh is not an error while
///   the old value lives, and is tried again only after a pause.
/// - Past `expires_at`, or with no value, callers wait for the one fetch, and share its error.
#[derive(Debug)]
pub struct TokenCache<T> {
    current: ArcSwapOption<Fetched<Arc<T>>>,
    flight: Mutex<Flight>,
    pause: Duration,
}

#[derive(Debug, Default)]
struct Flight {
    /// The last failure and when it was, for the callers that queued behind it and to pace refreshes.
    failed: Option<(Instant, Error)>,
}

impl<T> TokenCache<T> {
    /// An empty cache; after a failed fetch the next one is made no sooner than one second later.
    pub fn new() -> Self {
        Self::with_pause(Duration::from_secs(1))
    }

    /// An empty cache with its own pause after a failed fetch.
    pub fn with_pause(pause: Duration) -> Self {
        Self { current: ArcSwapOption::empty(), flight: Mutex::new(Flight::default()), pause }
    }

    /// The value, from the cache or from `fetch`.
    ///
    /// # Errors
    /// The error of the fetch that this caller made or waited for.
    ///
    /// # Cancel safety
    /// A caller that is dropped while fetching leaves the cache as it was; the next one in line fetches.
    pub async fn get<F, Fut>(&self, fetch: F) -> Result<Arc<T>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Fetched<T>>>,
    {
        let asked = Instant::now();
        let mut flight = match self.usable(asked) {
            Some((value, false)) => return Ok(value),
            // Somebody else refreshes already: the old value still serves.
            Some((value, true)) => match self.flight.try_lock() {
                Ok(flight) => flight,
                Err(_) => return Ok(value),
            },
            None => self.flight.lock().await,
        };
        let now = Instant::now();
        let alive = match self.usable(now) {
            Some((value, false)) => return Ok(value),
            other => other.map(|(value, _)| value),
        };
        if let Some((when, error)) = &flight.failed {
            // A refresh is paced; a caller that queued behind the failing fetch shares its error.
            let paced = now < *when + self.pause;
            match &alive {
                Some(value) if paced => return Ok(Arc::clone(value)),
                None if *when >= asked => return Err(error.clone()),
                _ => {}
            }
        }
        match fetch().await {
            Ok(fetched) => {
                flight.failed = None;
                Ok(self.store(fetched))
            }
            Err(error) => {
                flight.failed = Some((Instant::now(), error.clone()));
                match alive {
                    Some(value) if self.usable(Instant::now()).is_some() => {
                        tracing::warn!(%error, "refresh failed; the value in use is kept until its end");
                        Ok(value)
                    }
                    _ => Err(error),
                }
            }
        }
    }

    /// Fetches although the value in the cache still serves; the others get that one meanwhile, and a failure leaves
    /// it there. A value that was fetched after this caller asked is returned instead of fetching once more.
    ///
    /// # Errors
    /// The error of the fetch.
    ///
    /// # Cancel safety
    /// A caller that is dropped while fetching leaves the cache as it was.
    pub async fn refresh<F, Fut>(&self, fetch: F) -> Result<Arc<T>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Fetched<T>>>,
    {
        let before = self.current.load_full();
        let mut flight = self.flight.lock().await;
        let now = self.current.load_full();
        if let Some(newer) = &now {
            let replaced = before.is_none_or(|before| !Arc::ptr_eq(&before, newer));
            if replaced && Instant::now() < newer.refresh_at {
                return Ok(Arc::clone(&newer.value));
            }
        }
        let fetched = fetch().await?;
        flight.failed = None;
        Ok(self.store(fetched))
    }

    /// The value in the cache if it is not due for a refresh; never fetches. What a caller tries before
    /// [`TokenCache::get`] where even an idle future is too large to carry along.
    pub fn fresh(&self) -> Option<Arc<T>> {
        self.usable(Instant::now()).and_then(|(value, due)| (!due).then_some(value))
    }

    /// The value in the cache if it has not ended; never fetches.
    pub fn peek(&self) -> Option<Arc<T>> {
        self.usable(Instant::now()).map(|(value, _)| value)
    }

    /// What is left of the value in the cache.
    pub fn remaining(&self) -> Option<Duration> {
        let current = self.current.load();
        current.as_ref().map(|fetched| fetched.expires_at.saturating_duration_since(Instant::now()))
    }

    /// Drops `rejected` if it is still the value in the cache; a value fetched in the meantime stays.
    /// Returns whether it was dropped.
    pub fn invalidate(&self, rejected: &Arc<T>) -> bool {
        let current = self.current.load();
        match &*current {
            Some(fetched) if Arc::ptr_eq(&fetched.value, rejected) => {
                let dropped = self.current.compare_and_swap(&current, None);
                dropped.as_ref().is_some_and(|was| Arc::ptr_eq(was, fetched))
            }
            _ => false,
        }
    }

    /// Empties the cache and returns what was in it, ended or not.
    pub fn take(&self) -> Option<Arc<T>> {
        self.current.swap(None).map(|fetched| Arc::clone(&fetched.value))
    }

    fn store(&self, fetched: Fetched<T>) -> Arc<T> {
        let Fetched { value, refresh_at, expires_at } = fetched;
        let value = Arc::new(value);
        self.current.store(Some(Arc::new(Fetched { value: Arc::clone(&value), refresh_at, expires_at })));
        value
    }

    /// The value and whether it is due for a refresh.
    fn usable(&self, now: Instant) -> Option<(Arc<T>, bool)> {
        let current = self.current.load();
        let fetched = current.as_ref()?;
        (now < fetched.expires_at).then(|| (Arc::clone(&fetched.value), now >= fetched.refresh_at))
    }
}

impl<T> Default for TokenCache<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::time::{advance, sleep};

    const SECOND: Duration = Duration::from_secs(1);

    fn lasting(value: u32, seconds: u32) -> Fetched<u32> {
        let now = Instant::now();
        Fetched { value, refresh_at: now + SECOND * seconds / 2, expires_at: now + SECOND * seconds }
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_cold_callers_cause_one_fetch() {
        let (cache, calls) = (Arc::new(TokenCache::new()), Arc::new(AtomicU32::new(0)));
        let tasks: Vec<_> = (0..1000)
            .map(|_| {
                let (cache, calls) = (Arc::clone(&cache), Arc::clone(&calls));
                tokio::spawn(async move {
                    let fetch = || async {
                        sleep(SECOND).await;
                        Ok(lasting(calls.fetch_add(1, Ordering::SeqCst), 60))
                    };
                    cache.get(fetch).await.map(|value| *value)
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap().unwrap(), 0);
        }
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_callers_share_one_failure() {
        let (cache, calls) = (Arc::new(TokenCache::<u32>::new()), Arc::new(AtomicU32::new(0)));
        let tasks: Vec<_> = (0..1000)
            .map(|_| {
                let (cache, calls) = (Arc::clone(&cache), Arc::clone(&calls));
                tokio::spawn(async move {
                    let fetch = || async {
                        sleep(SECOND).await;
                        calls.fetch_add(1, Ordering::SeqCst);
                        Err(Error::new(ErrorKind::Unavailable, "login"))
                    };
                    cache.get(fetch).await.is_err()
                })
            })
            .collect();
        for task in tasks {
            assert!(task.await.unwrap());
        }
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn past_half_life_one_refreshes_and_a_failure_keeps_the_old_value() {
        let cache = TokenCache::new();
        cache.get(|| async { Ok(lasting(1, 60)) }).await.unwrap();
        advance(SECOND * 31).await;
        let failing = || async { Err(Error::new(ErrorKind::Unavailable, "login")) };
        assert_eq!(*cache.get(failing).await.unwrap(), 1);
        assert!(cache.fresh().is_none() && cache.peek().is_some());
        // Paced: the next caller does not even try.
        assert_eq!(*cache.get(|| async { Ok(lasting(2, 60)) }).await.unwrap(), 1);
        advance(SECOND * 2).await;
        assert_eq!(*cache.get(|| async { Ok(lasting(3, 60)) }).await.unwrap(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn an_ended_value_is_never_handed_out() {
        let cache = TokenCache::new();
        cache.get(|| async { Ok(lasting(1, 60)) }).await.unwrap();
        advance(SECOND * 60).await;
        assert!(cache.peek().is_none());
        assert!(cache.get(|| async { Err(Error::new(ErrorKind::Connect, "login")) }).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_rejected_value_is_dropped() {
        let cache = TokenCache::new();
        let first = cache.get(|| async { Ok(lasting(1, 60)) }).await.unwrap();
        assert!(cache.invalidate(&first));
        let second = cache.get(|| async { Ok(lasting(2, 60)) }).await.unwrap();
        assert!(!cache.invalidate(&first));
        assert_eq!(cache.peek(), Some(second));
    }

    #[tokio::test(start_paused = true)]
    async fn a_forced_refresh_is_made_once_and_its_failure_keeps_the_old_value() {
        let (cache, calls) = (Arc::new(TokenCache::new()), Arc::new(AtomicU32::new(0)));
        cache.get(|| async { Ok(lasting(1, 60)) }).await.unwrap();
        assert!(cache.refresh(|| async { Err(Error::new(ErrorKind::Connect, "login")) }).await.is_err());
        assert_eq!(cache.peek().as_deref(), Some(&1));
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let (cache, calls) = (Arc::clone(&cache), Arc::clone(&calls));
                tokio::spawn(async move {
                    let fetch = || async {
                        sleep(SECOND).await;
                        calls.fetch_add(1, Ordering::SeqCst);
                        Ok(lasting(2, 60))
                    };
                    cache.refresh(fetch).await.map(|value| *value)
                })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(*cache.get(|| async { Ok(lasting(3, 60)) }).await.unwrap(), 1);
        for task in tasks {
            assert_eq!(task.await.unwrap().unwrap(), 2);
        }
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_fetching_caller_is_dropped_the_next_one_fetches() {
        let cache = Arc::new(TokenCache::new());
        let dropped = tokio::time::timeout(SECOND, cache.get(std::future::pending)).await;
        assert!(dropped.is_err());
        assert_eq!(*cache.get(|| async { Ok(lasting(2, 60)) }).await.unwrap(), 2);
    }
}
