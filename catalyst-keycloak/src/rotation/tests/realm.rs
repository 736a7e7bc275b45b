//! A realm with one client, and a store, whose calls can be counted, failed and cut off.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use catalyst_core::{Clock, ClockHand, Error, ErrorKind, Result, Secret};
use tokio::sync::Notify;

use super::super::{MemoryRecordStore, Policy, Record, RecordStore, SecretRotation, Version};
use crate::{ClientId, ClientSecrets, SecretPair};

pub(super) const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The worker dies before it is made.
    DieBefore,
    /// It takes effect, and the worker dies before it learns so.
    DieAfter,
    /// It takes effect, and its answer is lost.
    LoseAnswer,
    /// It never arrives, and nobody can tell.
    LoseRequest,
    /// It is refused.
    Refuse,
}

/// Keycloak and OpenBao, as far as they matter here. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct World(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    hand: ClockHand,
    store: MemoryRecordStore,
    state: Mutex<State>,
    died: Notify,
}

#[derive(Debug, Default)]
struct State {
    secret: u64,
    created_at: Option<SystemTime>,
    rotated: Option<(u64, SystemTime)>,
    overlaps: bool,
    calls: u32,
    fate: Option<(u32, Fate)>,
    made: u32,
}

impl World {
    pub(super) fn new() -> Self {
        let (clock, hand) = Clock::manual();
        let state = State { created_at: Some(clock.now()), overlaps: true, ..State::default() };
        Self(Arc::new(Inner {
            clock,
            hand,
            store: MemoryRecordStore::new(),
            state: Mutex::new(state),
            died: Notify::new(),
        }))
    }

    pub(super) fn rotation(&self) -> SecretRotation {
        self.rotation_by(Policy::default())
    }

    /// A worker of its own, as another process would be.
    pub(super) fn rotation_by(&self, policy: Policy) -> SecretRotation {
        let (secrets, store) = (Arc::new(self.clone()), Arc::new(self.clone()));
        SecretRotation::new("app".parse().unwrap(), secrets, store, policy).clock(self.0.clock.clone())
    }

    pub(super) fn now(&self) -> SystemTime {
        self.0.clock.now()
    }

    pub(super) fn pass(&self, time: Duration) {
        self.0.hand.advance(time);
    }

    pub(super) fn overlaps(&self, on: bool) {
        self.state().overlaps = on;
    }

    /// From now on, the call with this number (0 is the next) meets its fate.
    pub(super) fn fate(&self, call: u32, fate: Fate) {
        let mut state = self.state();
        state.fate = Some((state.calls + call, fate));
    }

    /// No fate any more; whether there still was one.
    pub(super) fn no_fate(&self) -> bool {
        self.state().fate.take().is_some()
    }

    /// How many secrets the realm has made since the first.
    pub(super) fn made(&self) -> u32 {
        self.state().made
    }

    pub(super) fn record(&self) -> Record {
        self.0.store.record().expect("there is a record")
    }

    /// What an application reads now.
    pub(super) fn published(&self) -> Option<Secret> {
        self.0.store.record().map(|record| record.current)
    }

    pub(super) fn works(&self, secret: &Secret) -> bool {
        let (now, state) = (self.now(), self.state());
        let rotated = state.rotated.filter(|(_, end)| *end > now).map(|(secret, _)| secret);
        [Some(state.secret), rotated].into_iter().flatten().any(|valid| *secret == text(valid))
    }

    /// Somebody presses the button in the console.
    pub(super) fn regenerate_by_hand(&self) -> Secret {
        let now = self.now();
        let mut state = self.state();
        state.rotated = state.overlaps.then_some((state.secret, now + DAY));
        state.secret += 1;
        state.created_at = Some(now);
        state.made += 1;
        text(state.secret)
    }

    /// Runs `work` to its end, or until a call kills it.
    pub(super) async fn survive<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.0.died.notified() => None,
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    async fn call<T>(&self, act: impl Future<Output = Result<T>>) -> Result<T> {
        let fate = {
            let mut state = self.state();
            let number = state.calls;
            state.calls += 1;
            state.fate.take_if(|(at, _)| *at == number).map(|(_, fate)| fate)
        };
        let failed = |kind| Error::new(kind, "call");
        match fate {
            None => act.await,
            Some(Fate::Refuse) => Err(failed(ErrorKind::PermissionDenied)),
            Some(Fate::LoseRequest) => Err(failed(ErrorKind::Timeout).with_outcome_unknown()),
            Some(Fate::LoseAnswer) => {
                act.await?;
                Err(failed(ErrorKind::Timeout).with_outcome_unknown())
            }
            Some(fate) => {
                if fate == Fate::DieAfter {
                    act.await?;
                }
                self.0.died.notify_one();
                std::future::pending().await
            }
        }
    }
}

fn text(secret: u64) -> Secret {
    Secret::from(format!("secret-{secret}"))
}

#[async_trait]
impl ClientSecrets for World {
    async fn secrets(&self, _id: &ClientId) -> Result<SecretPair> {
        let look = async {
            let state = self.state();
            let mut pair = SecretPair::new(text(state.secret));
            pair.created_at = state.created_at;
            if state.overlaps {
                pair.expires_at = state.created_at.map(|made| made + 97 * DAY);
            }
            pair.rotated = state.rotated.map(|(secret, _)| text(secret));
            pair.rotated_expires_at = state.rotated.map(|(_, end)| end);
            Ok(pair)
        };
        self.call(look).await
    }

    async fn regenerate(&self, _id: &ClientId) -> Result<Secret> {
        self.call(async { Ok(self.regenerate_by_hand()) }).await
    }

    async fn end_rotated(&self, _id: &ClientId) -> Result<bool> {
        self.call(async { Ok(self.state().rotated.take().is_some()) }).await
    }

    async fn accepts(&self, _id: &ClientId, secret: &Secret) -> Result<bool> {
        self.call(async { Ok(self.works(secret)) }).await
    }

    async fn overlaps(&self, _id: &ClientId) -> Result<bool> {
        self.call(async { Ok(self.state().overlaps) }).await
    }
}

#[async_trait]
impl RecordStore for World {
    async fn load(&self) -> Result<Option<(Record, Version)>> {
        self.call(self.0.store.load()).await
    }

    async fn save(&self, record: &Record, expected: Option<Version>) -> Result<Version> {
        self.call(self.0.store.save(record, expected)).await
    }
}
