//! A worker that is killed at every step of a rotation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{Clock, Result, Secret};
use catalyst_keycloak::rotation::{
    MemoryRecordStore, Phase, Policy, Record, RecordStore, SecretRotation, Version,
};
use catalyst_keycloak::{AdminRegistrar, ClientId, ClientSecrets, SecretPair};
use catalyst_tests::servers::poll;
use futures_util::future::join_all;

use super::rotation::{DAY, LOCK, recorded_by};
use super::stage::Stage;

/// Kills its worker at one of its calls, before it reaches the other side or after it took effect.
#[derive(Debug)]
struct Scythe {
    calls: AtomicUsize,
    at: usize,
    after: bool,
    swung: AtomicBool,
}

impl Scythe {
    async fn around<T>(&self, call: impl Future<Output = T>) -> T {
        let now = self.calls.fetch_add(1, Ordering::SeqCst) == self.at;
        if now && !self.after {
            self.kill().await;
        }
        let done = call.await;
        if now {
            self.kill().await;
        }
        done
    }

    /// Whoever waits for the worker is told, and drops it.
    async fn kill(&self) {
        self.swung.store(true, Ordering::SeqCst);
        std::future::pending::<()>().await;
    }
}

#[derive(Debug)]
struct Mortal<T>(T, Arc<Scythe>);

#[async_trait]
impl RecordStore for Mortal<MemoryRecordStore> {
    async fn load(&self) -> Result<Option<(Record, Version)>> {
        self.1.around(self.0.load()).await
    }

    async fn save(&self, record: &Record, expected: Option<Version>) -> Result<Version> {
        self.1.around(self.0.save(record, expected)).await
    }
}

#[async_trait]
impl ClientSecrets for Mortal<AdminRegistrar> {
    async fn secrets(&self, id: &ClientId) -> Result<SecretPair> {
        self.1.around(self.0.secrets(id)).await
    }

    async fn regenerate(&self, id: &ClientId) -> Result<Secret> {
        self.1.around(self.0.regenerate(id)).await
    }

    async fn end_rotated(&self, id: &ClientId) -> Result<bool> {
        self.1.around(self.0.end_rotated(id)).await
    }

    async fn accepts(&self, id: &ClientId, secret: &Secret) -> Result<bool> {
        self.1.around(self.0.accepts(id, secret)).await
    }

    async fn overlaps(&self, id: &ClientId) -> Result<bool> {
        self.1.around(self.0.overlaps(id)).await
    }
}

/// Rotates, is killed at call `at`, and is replaced. Whether it came that far.
async fn killed_at(stage: &Stage, registrar: AdminRegistrar, at: usize, after: bool) -> bool {
    let id = format!("killed-{at}-{after}");
    let store = recorded_by(&registrar, &id).await;
    let first = store.record().unwrap().current;
    let scythe = Arc::new(Scythe { calls: AtomicUsize::new(0), at, after, swung: AtomicBool::new(false) });
    let (clock, hand) = Clock::manual();
    let client: ClientId = id.parse().unwrap();
    let victim = SecretRotation::new(
        client.clone(),
        Arc::new(Mortal(registrar.clone(), Arc::clone(&scythe))),
        Arc::new(Mortal(store.clone(), Arc::clone(&scythe))),
        Policy::default().lock(LOCK),
    )
    .clock(clock.clone());
    let life = async {
        victim.rotate_now().await.unwrap();
        hand.advance(DAY + Duration::from_secs(1));
        victim.advance().await.unwrap();
    };
    let death = poll::until("the worker to be killed", LOCK, async || {
        Ok(scythe.swung.load(Ordering::SeqCst).then_some(()))
    });
    tokio::select! { () = life => return false, dead = death => dead.unwrap() }
    drop(victim);
    // Whatever was done: what applications read works.
    let held = store.record().unwrap().current;
    assert!(stage.lets_in(&id, &held).await, "{id}: the secret that applications hold was evicted");

    hand.advance(2 * LOCK);
    let policy = Policy::default().lock(LOCK);
    let heir = SecretRotation::new(client, Arc::new(registrar), Arc::new(store.clone()), policy).clock(clock);
    if store.record().unwrap().number == 1 {
        heir.rotate_now().await.unwrap();
    }
    for _ in 0..3 {
        heir.advance().await.unwrap();
        assert!(stage.lets_in(&id, &store.record().unwrap().current).await, "{id}");
        hand.advance(DAY + Duration::from_secs(1));
    }
    let record = store.record().unwrap();
    assert_eq!((record.phase, record.number, record.lock), (Phase::Idle, 2, None), "{id}");
    assert!(stage.lets_in(&id, &record.current).await && !stage.lets_in(&id, &first).await, "{id}");
    true
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_worker_killed_at_any_step_is_replaced_and_evicts_no_secret_in_use() {
    let stage = Stage::rotating().await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let mut killed = 0;
    for after in [false, true] {
        // A rotation makes fewer calls than that; those beyond its end kill nobody.
        for batch in [0..8, 8..16, 16..24, 24..32] {
            let deaths = join_all(batch.map(|at| killed_at(&stage, registrar.clone(), at, after))).await;
            killed += deaths.iter().filter(|died| **died).count();
            if deaths.last() == Some(&false) {
                break;
            }
        }
    }
    assert!(killed > 16, "only {killed}");
}
