//! Rotation on the real server: under load, and killed at every step.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{Clock, Result, Secret};
use catalyst_keycloak::rotation::{
    MemoryRecordStore, Outcome, Phase, Policy, Record, RecordStore, SecretRotation, Version,
};
use catalyst_keycloak::{
    AdminRegistrar, ClientCredential, ClientId, ClientRegistrar, ClientSecrets, CredentialSource, SecretPair,
};
use catalyst_tests::servers::poll;
use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::stage::{PATIENCE, Stage, code, robot};

const DAY: Duration = Duration::from_hours(24);
/// A call may take a quarter of it.
const LOCK: Duration = PATIENCE.saturating_mul(8);

/// A client whose secret is on record.
async fn recorded(stage: &Stage, id: &str) -> (AdminRegistrar, Arc<MemoryRecordStore>) {
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let store = recorded_by(&registrar, id).await;
    (registrar, store)
}

async fn recorded_by(registrar: &AdminRegistrar, id: &str) -> Arc<MemoryRecordStore> {
    let secret = registrar.ensure(&robot(id)).await.unwrap().secret.unwrap();
    let store = MemoryRecordStore::new();
    let first = Record::first(secret, Clock::system().now(), &Policy::default());
    store.save(&first, None).await.unwrap();
    Arc::new(store)
}

/// The secret as an application has it: as it was when it last looked.
#[derive(Clone, Debug)]
struct Mounted(Arc<Mutex<Secret>>);

impl CredentialSource for Mounted {
    fn credential(&self) -> Result<ClientCredential> {
        Ok(ClientCredential::Secret(self.0.lock().unwrap().clone()))
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn sixty_four_clients_that_log_in_all_the_time_notice_nothing_of_a_rotation() {
    let stage = Stage::rotating().await;
    let (registrar, store) = recorded(&stage, "busy").await;
    let first = store.record().unwrap().current;
    let crowd: Vec<_> = (0..64).map(|number| Member::join(&stage, &store, number)).collect();
    // Every one of them has logged in once more than now, with the secret that is then on record.
    let settled = async || {
        let goals: Vec<_> = crowd.iter().map(|member| member.looked.load(Ordering::SeqCst) + 2).collect();
        poll::until("all clients to log in again", 2 * PATIENCE, async || {
            let mut all = crowd.iter().zip(&goals);
            Ok(all.all(|(member, goal)| member.looked.load(Ordering::SeqCst) >= *goal).then_some(()))
        })
        .await
        .unwrap();
    };
    settled().await;

    let (clock, hand) = Clock::manual();
    let policy = Policy::default().lock(LOCK);
    let rotation =
        SecretRotation::new("busy".parse().unwrap(), Arc::new(registrar), store.clone(), policy).clock(clock);
    rotation.rotate_now().await.unwrap();
    assert_eq!(store.record().unwrap().phase, Phase::Grace);
    assert!(stage.lets_in("busy", &first).await, "the old secret ended before its grace");
    settled().await;
    hand.advance(DAY + Duration::from_secs(1));
    rotation.advance().await.unwrap();
    settled().await;

    let (mut logins, mut failed) = (0, Vec::new());
    for member in crowd {
        let (done, errors) = member.leave().await;
        logins += done;
        failed.extend(errors);
    }
    assert_eq!(failed, Vec::<String>::new(), "{} of {logins}", failed.len());
    assert!(logins >= 6 * 64, "{logins} logins");
    let record = store.record().unwrap();
    assert_eq!((record.phase, record.outcome), (Phase::Idle, Some(Outcome::Rotated)));
    assert!(!stage.lets_in("busy", &first).await && stage.lets_in("busy", &record.current).await);
}

/// A client that logs in without a pause. It looks for a new secret now and then, as a mounted file changes late.
struct Member {
    looked: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    task: JoinHandle<(usize, Vec<String>)>,
}

impl Member {
    fn join(stage: &Stage, store: &Arc<MemoryRecordStore>, number: usize) -> Self {
        let mounted = Mounted(Arc::new(Mutex::new(store.record().unwrap().current)));
        let client = stage.oidc("busy", mounted.clone());
        let (looked, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (seen, store, ended) = (Arc::clone(&looked), Arc::clone(store), Arc::clone(&over));
        let task = tokio::spawn(async move {
            let (mut done, mut failed) = (0, Vec::new());
            for round in number.. {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                match client.client_credentials(&[]).await {
                    Ok(_) => done += 1,
                    Err(error) => failed.push(error.to_string()),
                }
                // A breath, so that the tests beside this one get theirs.
                sleep(Duration::from_millis(50)).await;
                if round % 3 == 0 {
                    *mounted.0.lock().unwrap() = store.record().unwrap().current;
                    seen.fetch_add(1, Ordering::SeqCst);
                }
            }
            (done, failed)
        });
        Self { looked, over, task }
    }

    async fn leave(self) -> (usize, Vec<String>) {
        self.over.store(true, Ordering::SeqCst);
        self.task.await.unwrap()
    }
}

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
        std::future::pending().await
    }
}

#[derive(Debug)]
struct Mortal<T>(T, Arc<Scythe>);

#[async_trait]
impl RecordStore for Mortal<Arc<MemoryRecordStore>> {
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
    let heir = SecretRotation::new(client, Arc::new(registrar), store.clone(), policy).clock(clock);
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

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn without_the_policy_a_rotation_is_refused_and_the_secret_stays() {
    let stage = Stage::plain().await;
    let (registrar, store) = recorded(&stage, "unrotated").await;
    let first = store.record().unwrap().current;
    let client = "unrotated".parse().unwrap();
    let rotation = SecretRotation::new(client, Arc::new(registrar), store.clone(), Policy::default());
    let error = rotation.rotate_now().await.unwrap_err();
    assert_eq!(code(&error), "rotation_unsupported", "{error}");
    assert!(stage.lets_in("unrotated", &first).await);
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_secret_that_leaked_is_ended_at_once() {
    let stage = Stage::rotating().await;
    let (registrar, store) = recorded(&stage, "leaked").await;
    let first = store.record().unwrap().current;
    let client = "leaked".parse().unwrap();
    let rotation = SecretRotation::new(client, Arc::new(registrar), store.clone(), Policy::default());
    rotation.replace_leaked().await.unwrap();
    assert!(!stage.lets_in("leaked", &first).await);
    assert!(stage.lets_in("leaked", &store.record().unwrap().current).await);
}
