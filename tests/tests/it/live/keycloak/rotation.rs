//! Rotation on the real server, under load.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalyst_core::{Clock, Result, Secret};
use catalyst_keycloak::rotation::{
    MemoryRecordStore, Outcome, Phase, Policy, Record, RecordStore, SecretRotation,
};
use catalyst_keycloak::{AdminRegistrar, ClientCredential, ClientRegistrar, CredentialSource};
use catalyst_tests::servers::poll;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::stage::{PATIENCE, Stage, code, robot};

pub(super) const DAY: Duration = Duration::from_hours(24);
/// A call may take a quarter of it.
pub(super) const LOCK: Duration = PATIENCE.saturating_mul(8);

/// A client whose secret is on record.
async fn recorded(stage: &Stage, id: &str) -> (AdminRegistrar, MemoryRecordStore) {
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let store = recorded_by(&registrar, id).await;
    (registrar, store)
}

pub(super) async fn recorded_by(registrar: &AdminRegistrar, id: &str) -> MemoryRecordStore {
    let secret = registrar.ensure(&robot(id)).await.unwrap().secret.unwrap();
    let store = MemoryRecordStore::new();
    let first = Record::first(secret, Clock::system().now(), &Policy::default());
    store.save(&first, None).await.unwrap();
    store
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
        SecretRotation::new("busy".parse().unwrap(), Arc::new(registrar), Arc::new(store.clone()), policy)
            .clock(clock);
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
    fn join(stage: &Stage, store: &MemoryRecordStore, number: usize) -> Self {
        let mounted = Mounted(Arc::new(Mutex::new(store.record().unwrap().current)));
        let client = stage.oidc("busy", mounted.clone());
        let (looked, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (seen, store, ended) = (Arc::clone(&looked), store.clone(), Arc::clone(&over));
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

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn without_the_policy_a_rotation_is_refused_and_the_secret_stays() {
    let stage = Stage::plain().await;
    let (registrar, store) = recorded(&stage, "unrotated").await;
    let first = store.record().unwrap().current;
    let client = "unrotated".parse().unwrap();
    let rotation =
        SecretRotation::new(client, Arc::new(registrar), Arc::new(store.clone()), Policy::default());
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
    let rotation =
        SecretRotation::new(client, Arc::new(registrar), Arc::new(store.clone()), Policy::default());
    rotation.replace_leaked().await.unwrap();
    assert!(!stage.lets_in("leaked", &first).await);
    assert!(stage.lets_in("leaked", &store.record().unwrap().current).await);
}
