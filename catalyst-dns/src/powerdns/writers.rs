//! One writer at a time.
//!
//! Two requests that change one zone at a time can leave records twice (PowerDNS issue 8374), so writes of one zone
//! wait for each other; reads never wait. Several zones are written at the same time, for that is what makes a thousand
//! zones quick on a database that can do it. `SQLite` cannot: a second writer gets a 500, and with two at a time a quarter
//! of all writes (measured on 4.7.3). So the first 500 of a write narrows the whole client to one writer for a minute.
//!
//! This holds within one client and its clones. Other processes are not kept away: what meets them is the retry.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex as StdMutex, PoisonError};
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

use super::refusal::SERVICE;
use crate::ZoneName;

/// Zones share this many locks: two of one lock wait for each other without need, and the memory is bounded.
const LOCKS: usize = 256;
/// How long one writer at a time is kept up after the database refused a second one.
const NARROW: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Writers {
    zones: Vec<Mutex<()>>,
    hasher: RandomState,
    alone: Mutex<()>,
    narrow_until: StdMutex<Option<Instant>>,
    limit: Duration,
}

/// The right to write; ends when it is dropped.
#[must_use = "the turn ends when this is dropped"]
#[derive(Debug)]
pub(super) struct Turn<'a> {
    _guard: Option<MutexGuard<'a, ()>>,
}

impl Writers {
    /// Nobody waits for a turn longer than `limit`.
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            zones: (0..LOCKS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            alone: Mutex::default(),
            narrow_until: StdMutex::default(),
            limit,
        }
    }

    /// Waits until nobody else writes `zone`. Keep it over all requests that belong together.
    pub(super) async fn turn(&self, zone: &ZoneName, operation: &'static str) -> Result<Turn<'_>> {
        let slot = usize::try_from(self.hasher.hash_one(zone) % (LOCKS as u64)).unwrap_or_default();
        match self.zones.get(slot) {
            Some(lock) => self.wait(lock, operation, zone.as_str()).await,
            None => Ok(Turn { _guard: None }),
        }
    }

    /// Waits until nobody else writes at all, if the database wants it so; for one request.
    pub(super) async fn alone(&self, operation: &'static str, target: &str) -> Result<Turn<'_>> {
        if self.is_narrow() {
            self.wait(&self.alone, operation, target).await
        } else {
            Ok(Turn { _guard: None })
        }
    }

    /// The database refused two writers at a time.
    pub(super) fn narrow(&self) {
        let until = Instant::now() + NARROW;
        *self.narrow_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    fn is_narrow(&self) -> bool {
        let until = *self.narrow_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    async fn wait<'a>(
        &'a self,
        lock: &'a Mutex<()>,
        operation: &'static str,
        target: &str,
    ) -> Result<Turn<'a>> {
        match tokio::time::timeout(self.limit, lock.lock()).await {
            Ok(guard) => Ok(Turn { _guard: Some(guard) }),
            Err(_elapsed) => Err(Error::new(ErrorKind::Timeout, operation)
                .with_service(SERVICE)
                .with_target(target)
                .with_code("writer_busy")
                .with_help("another write of this process did not end in time; nothing was sent")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> ZoneName {
        "a.test".parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_writer_of_a_zone_waits_and_not_for_ever() {
        let writers = Writers::new(Duration::from_secs(5));
        let first = writers.turn(&zone(), "write").await.unwrap();
        let start = Instant::now();
        let error = writers.turn(&zone(), "write").await.unwrap_err();
        assert_eq!((error.code(), error.outcome_unknown()), (Some("writer_busy"), false));
        assert_eq!(start.elapsed(), Duration::from_secs(5));
        drop(first);
        assert!(writers.turn(&zone(), "write").await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_refusal_there_is_one_writer_for_a_minute() {
        let writers = Writers::new(Duration::from_secs(5));
        let many = (writers.alone("write", "a").await.unwrap(), writers.alone("write", "b").await.unwrap());
        drop(many);
        writers.narrow();
        let one = writers.alone("write", "a").await.unwrap();
        assert!(writers.alone("write", "b").await.is_err());
        tokio::time::advance(NARROW).await;
        assert!(
            writers.alone("write", "b").await.is_ok(),
            "the minute is over, although the first still writes"
        );
        drop(one);
    }
}
