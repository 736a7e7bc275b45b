//! What replaces secrets in time, and keeps the keys of realms fresh.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalyst_core::{Backoff, Clock, Error};
use catalyst_keycloak::rotation::{NextStep, SecretRotation};
use catalyst_keycloak::token::TokenVerifier;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::Place;

/// Drives the rotations of applications, one at a time. Cheap to clone; does nothing until it is run.
///
/// Each secret is looked at hourly, give or take a tenth: a secret that was made by hand is noticed then. Whatever
/// fails is tried again, sooner at first and hourly in the end. Any number of keepers may look after the same
/// secrets; the lock in the record lets one work.
///
/// The [verifiers](super::Sso::verifier) of applications get their realms' keys ahead of time from it, so that no
/// verification waits.
#[derive(Clone)]
pub struct RotationKeeper(Arc<Shared>);

struct Shared {
    clock: Clock,
    kept: Mutex<BTreeMap<Place, Kept>>,
    changed: Notify,
    verifiers: Mutex<Verifiers>,
    verifier_added: Notify,
}

#[derive(Default)]
struct Verifiers {
    all: BTreeMap<Place, TokenVerifier>,
    /// Those whose keys nobody keeps fresh yet.
    new: Vec<TokenVerifier>,
}

struct Kept {
    rotation: Arc<SecretRotation>,
    due: Instant,
    failures: u32,
}

/// How often a secret is looked at when nothing is due.
const LOOK: Duration = Duration::from_secs(3600);
/// No sleep is longer, so that a machine that was suspended notices.
const TICK: Duration = Duration::from_secs(30);
const RETRY: Backoff = Backoff::new(Duration::from_secs(30), LOOK);

impl RotationKeeper {
    pub(super) fn new(clock: Clock) -> Self {
        Self(Arc::new(Shared {
            clock,
            kept: Mutex::default(),
            changed: Notify::new(),
            verifiers: Mutex::default(),
            verifier_added: Notify::new(),
        }))
    }

    /// Looks after everything until `stop` is ready. A step under way is finished first; each has a limit.
    ///
    /// # Cancel safety
    /// Safe: what was begun is gone on with by the next keeper, after the lock's end.
    pub async fn run_until(&self, stop: impl Future<Output = ()> + Send) {
        tokio::select! {
            () = self.rotate_until(stop) => {}
            () = self.keep_keys_fresh() => {}
        }
    }

    async fn rotate_until(&self, stop: impl Future<Output = ()> + Send) {
        let mut stop = pin!(stop);
        loop {
            if let Some((place, rotation, due)) = self.next()
                && due <= Instant::now()
            {
                let advanced = rotation.advance().await;
                self.schedule(&place, &advanced);
            }
            let horizon = Instant::now() + TICK;
            let wake = self.next().map_or(horizon, |(_, _, due)| due.min(horizon));
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = self.0.changed.notified() => {}
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Never ends by itself.
    async fn keep_keys_fresh(&self) {
        let mut fresh = FuturesUnordered::new();
        // A keeper before this one may have been ended: all begin anew.
        self.verifiers().renew();
        loop {
            let new = std::mem::take(&mut self.verifiers().new);
            fresh.extend(new.iter().map(TokenVerifier::maintain));
            tokio::select! {
                () = self.0.verifier_added.notified() => {}
                Some(()) = fresh.next() => {}
            }
        }
    }

    /// How many secrets are looked after.
    pub fn len(&self) -> usize {
        self.kept().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.kept().is_empty()
    }

    /// The rotation of the application at `place`; `make` is asked once.
    pub(super) fn keep(&self, place: &Place, make: impl FnOnce() -> SecretRotation) -> Arc<SecretRotation> {
        let mut kept = self.kept();
        let entry = kept.entry(place.clone()).or_insert_with(|| {
            self.0.changed.notify_one();
            Kept { rotation: Arc::new(make()), due: Instant::now(), failures: 0 }
        });
        Arc::clone(&entry.rotation)
    }

    /// The verifier of the application at `place`; `make` is asked once.
    pub(super) fn verifier(
        &self,
        place: &Place,
        make: impl FnOnce() -> Result<TokenVerifier, Error>,
    ) -> Result<TokenVerifier, Error> {
        let mut verifiers = self.verifiers();
        if let Some(known) = verifiers.all.get(place) {
            return Ok(known.clone());
        }
        let verifier = make()?;
        verifiers.all.insert(place.clone(), verifier.clone());
        verifiers.new.push(verifier.clone());
        self.0.verifier_added.notify_one();
        Ok(verifier)
    }

    pub(super) fn forget(&self, place: &Place) {
        self.kept().remove(place);
        self.verifiers().all.remove(place);
    }

    fn next(&self) -> Option<(Place, Arc<SecretRotation>, Instant)> {
        let kept = self.kept();
        let (place, next) = kept.iter().min_by_key(|(_, kept)| kept.due)?;
        Some((place.clone(), Arc::clone(&next.rotation), next.due))
    }

    fn schedule(&self, place: &Place, advanced: &Result<NextStep, Error>) {
        let now = Instant::now();
        let mut all = self.kept();
        // Forgotten meanwhile, perhaps.
        let Some(kept) = all.get_mut(place) else { return };
        kept.failures = if advanced.is_ok() { 0 } else { kept.failures.saturating_add(1) };
        kept.due = now
            + match advanced {
                Ok(NextStep::At(when)) => {
                    self.0.clock.until(*when).min(LOOK.mul_f64(0.9 + fastrand::f64() / 5.0))
                }
                // It has come far and is not done: somebody writes the record all the time.
                Ok(_) => Duration::from_secs(1),
                // Told by the rotation itself.
                Err(_) => RETRY.delay(kept.failures, fastrand::f64()),
            };
    }

    fn verifiers(&self) -> MutexGuard<'_, Verifiers> {
        self.0.verifiers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<Place, Kept>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Verifiers {
    fn renew(&mut self) {
        self.new = self.all.values().cloned().collect();
    }
}

impl fmt::Debug for RotationKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RotationKeeper").field("secrets", &self.len()).finish_non_exhaustive()
    }
}
