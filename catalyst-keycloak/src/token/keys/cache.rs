//! The keys at hand, and the one fetch that all share who need other ones.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use arc_swap::{ArcSwapOption, Guard};
use catalyst_core::{Error, ErrorKind, Result};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::{Instant, sleep_until, timeout};

use super::plan::{Age, Ages, Planner, Unknown};
use super::source::{KeySource, PublishedKeys};
use crate::jose::{Algorithm, KeySet};
use crate::token::Refusal;
use crate::token::headers::Headers;

/// A fetch ends after this time.
const FETCH_LIMIT: Duration = Duration::from_secs(10);
/// Nobody waits longer than this for one.
const WAIT_LIMIT: Duration = Duration::from_secs(2);

/// The keys of one issuer. Clones share them.
#[derive(Clone)]
pub(in crate::token) struct KeyCache(Arc<Inner>);

struct Inner {
    source: Arc<dyn KeySource>,
    current: ArcSwapOption<Loaded>,
    /// Those who do not find their key take this lock; those who do, never.
    slow: Mutex<Slow>,
    /// How many futures refresh ahead.
    maintained: AtomicUsize,
}

/// A loaded set.
pub(in crate::token) struct Loaded {
    /// Headers of tokens that were verified with it.
    pub(in crate::token) headers: Headers,
    pub(in crate::token) keys: KeySet,
    /// Another number for another set of keys.
    pub(in crate::token) generation: u64,
    ages: Ages,
}

#[derive(Default)]
struct Slow {
    planner: Planner,
    flight: Option<Flight>,
    failed: Option<Error>,
}

/// A fetch under way. Whoever waits for it drives it, so it goes on when one of them gives up.
#[derive(Clone)]
struct Flight {
    started: Instant,
    /// Whether it goes past all caches.
    forced: bool,
    done: Shared<BoxFuture<'static, Result<()>>>,
}

/// What a caller finds.
pub(in crate::token) enum Look {
    /// Keys to verify with.
    Keys(Guard<Option<Arc<Loaded>>>),
    /// Keys to verify with, once this was awaited.
    Refresh(BoxFuture<'static, ()>),
    /// None.
    Nothing,
}

impl KeyCache {
    pub(in crate::token) fn new(source: Arc<dyn KeySource>) -> Self {
        Self(Arc::new(Inner {
            source,
            current: ArcSwapOption::empty(),
            slow: Mutex::new(Slow::default()),
            maintained: AtomicUsize::new(0),
        }))
    }

    /// The keys at hand. Takes no lock while they are fresh. A caller that may `refresh` is asked to if it is the one.
    pub(in crate::token) fn look(&self, refresh: bool) -> Look {
        let now = Instant::now();
        let current = self.0.current.load();
        match current.as_ref().map(|loaded| loaded.ages.at(now)) {
            Some(Age::Fresh) => Look::Keys(current),
            Some(Age::Stale) => match self.refresh(refresh, now) {
                Some(flight) => Look::Refresh(timeout(WAIT_LIMIT, flight.done).map(drop).boxed()),
                None => Look::Keys(current),
            },
            Some(Age::Dead) | None => Look::Nothing,
        }
    }

    /// The number of the set that is in force and not due for a refresh by a caller. Takes no lock.
    pub(in crate::token) fn generation(&self) -> Option<u64> {
        let now = Instant::now();
        let current = self.0.current.load();
        current.as_ref().filter(|loaded| loaded.ages.at(now) == Age::Fresh).map(|loaded| loaded.generation)
    }

    /// Makes sure that the key is at hand, fetching if that can help.
    pub(in crate::token) async fn obtain(&self, kid: &str, algorithm: Algorithm) -> Result<()> {
        let Some(Flight { forced, done, .. }) = self.flight_for(kid, algorithm)? else { return Ok(()) };
        match timeout(WAIT_LIMIT, done).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(unavailable(Some(error))),
            Err(_elapsed) => return Err(unavailable(None)),
        }
        let now = Instant::now();
        match &*self.0.current.load() {
            Some(loaded) if loaded.keys.find(kid, algorithm).is_some() => Ok(()),
            _ => {
                // What a cache in between gave says nothing about keys that are new.
                if forced {
                    self.0.slow().planner.refuse(kid, now);
                }
                Err(Refusal::UnknownKey.into())
            }
        }
    }

    /// Refreshes ahead for as long as it is polled.
    pub(in crate::token) fn maintain(&self) -> impl Future<Output = ()> + Send + 'static {
        let inner = Arc::clone(&self.0);
        async move {
            let _counted = Counted::new(&inner);
            loop {
                let due = inner.current.load().as_ref().map(|loaded| loaded.ages.refresh_at);
                let paced = inner.slow().planner.retry_at();
                match due.max(paced) {
                    Some(at) if at > Instant::now() => sleep_until(at).await,
                    _ => {
                        let flight = inner.slow().join_or_start(&inner, Instant::now(), false);
                        // A failure is paced by the planner.
                        drop(flight.done.await);
                    }
                }
            }
        }
    }

    /// The fetch that this caller makes, if it is the one who should.
    fn refresh(&self, allowed: bool, now: Instant) -> Option<Flight> {
        if !allowed || self.0.maintained.load(Ordering::Relaxed) > 0 {
            return None;
        }
        // Whoever holds the lock has the same in mind.
        let mut slow = self.0.slow.try_lock().ok()?;
        if slow.flight(now).is_some() || !slow.planner.may_fetch(now) {
            return None;
        }
        Some(slow.join_or_start(&self.0, now, false))
    }

    fn flight_for(&self, kid: &str, algorithm: Algorithm) -> Result<Option<Flight>> {
        let mut slow = self.0.slow();
        let now = Instant::now();
        let current = self.0.current.load();
        match current.as_ref().filter(|loaded| loaded.ages.at(now) != Age::Dead) {
            // Somebody fetched it between the look and the lock.
            Some(loaded) if loaded.keys.find(kid, algorithm).is_some() => Ok(None),
            Some(_) if slow.planner.is_refused(kid, now) => Err(Refusal::UnknownKey.into()),
            Some(_) => match slow.flight(now) {
                Some(flight) => Ok(Some(flight)),
                None => match slow.planner.unknown(kid, now) {
                    Unknown::Fetch => Ok(Some(slow.join_or_start(&self.0, now, true))),
                    Unknown::Refuse => Err(Refusal::UnknownKey.into()),
                    Unknown::Failing => Err(unavailable(slow.failed.clone())),
                },
            },
            None if slow.flight(now).is_none() && !slow.planner.may_fetch(now) => {
                Err(unavailable(slow.failed.clone()))
            }
            None => Ok(Some(slow.join_or_start(&self.0, now, false))),
        }
    }
}

impl Slow {
    /// The fetch under way. One that nobody drives any more is left behind.
    fn flight(&self, now: Instant) -> Option<Flight> {
        let driven = |flight: &&Flight| now < flight.started + FETCH_LIMIT + WAIT_LIMIT;
        self.flight.as_ref().filter(driven).cloned()
    }

    fn join_or_start(&mut self, inner: &Arc<Inner>, now: Instant, forced: bool) -> Flight {
        if let Some(flight) = self.flight(now) {
            return flight;
        }
        let (source, owner) = (Arc::clone(&inner.source), Arc::downgrade(inner));
        let done = async move {
            let fetched = timeout(FETCH_LIMIT, source.fetch(forced)).await;
            let fetched = fetched
                .unwrap_or_else(|_elapsed| Err(Error::new(ErrorKind::Timeout, "load the keys of an issuer")));
            land(&owner, now, forced, fetched)
        };
        let flight = Flight { started: now, forced, done: done.boxed().shared() };
        self.flight = Some(flight.clone());
        flight
    }
}

/// Takes over what was fetched at `asked`. Nothing but a good set replaces one.
fn land(owner: &Weak<Inner>, asked: Instant, forced: bool, fetched: Result<PublishedKeys>) -> Result<()> {
    let Some(inner) = owner.upgrade() else { return Ok(()) };
    let read = fetched.and_then(|published| Ok((KeySet::parse(&published.json)?, published.max_age)));
    let mut slow = inner.slow();
    slow.flight = slow.flight.take().filter(|flight| flight.started != asked);
    let now = Instant::now();
    match read {
        Ok((keys, max_age)) => {
            let before = inner.current.load();
            let known = before.as_ref();
            let changed = known.is_none_or(|known| known.keys != keys);
            let generation = known.map_or(0, |known| known.generation + u64::from(changed));
            if changed {
                tracing::info!(keys = keys.keys().len(), "the issuer's keys changed");
            }
            let ages = Ages::of(asked, max_age, fastrand::f64());
            inner.current.store(Some(Arc::new(Loaded {
                headers: Headers::default(),
                keys,
                generation,
                ages,
            })));
            slow.planner.loaded(now, forced, changed);
            slow.failed = None;
            Ok(())
        }
        Err(error) => {
            tracing::warn!(%error, "the issuer's keys could not be loaded; those at hand serve for up to an hour");
            slow.planner.failed(now, forced);
            slow.failed = Some(error.clone());
            Err(error)
        }
    }
}

impl Inner {
    fn slow(&self) -> MutexGuard<'_, Slow> {
        self.slow.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one who refreshes ahead.
struct Counted<'a>(&'a Inner);

impl<'a> Counted<'a> {
    fn new(inner: &'a Inner) -> Self {
        inner.maintained.fetch_add(1, Ordering::Relaxed);
        Self(inner)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.maintained.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cold]
fn unavailable(cause: Option<Error>) -> Error {
    let error = Error::new(ErrorKind::Unavailable, "verify a token")
        .with_code("keys_unavailable")
        .with_help("the issuer's keys could not be loaded; is it up, and can this service reach it?");
    match cause {
        Some(cause) => error.with_source(cause),
        None => error,
    }
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyCache").field("source", &self.0.source).finish_non_exhaustive()
    }
}
