//! Token sources, and secrets that change under them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalyst_keycloak::{
    ClientCredential, ClientSecrets as _, CredentialSource, OidcClient, Result, Secret, TokenSource,
};
use tokio::task::yield_now;

use super::Stage;

/// A secret that the application is handed anew.
#[derive(Clone, Debug)]
struct Rotating(Arc<Mutex<Secret>>);

impl CredentialSource for Rotating {
    fn credential(&self) -> Result<ClientCredential> {
        Ok(ClientCredential::Secret(self.0.lock().unwrap().clone()))
    }
}

#[tokio::test]
async fn a_hundred_callers_cause_one_request() {
    let stage = Stage::new().await;
    let source = TokenSource::new(stage.client("blog"));
    let asked = stage.fake.model().requests().tokens;
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let source = source.clone();
            tokio::spawn(async move { source.get().await.map(|token| token.access_token.clone()) })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), source.get().await.unwrap().access_token);
    }
    assert_eq!(stage.fake.model().requests().tokens, asked + 1);
}

#[tokio::test]
async fn it_is_renewed_with_thirty_seconds_left_and_never_handed_out_after_its_end() {
    let stage = Stage::new().await;
    let source = TokenSource::new(stage.client("blog"));
    let first = source.get().await.unwrap();
    let later = async |seconds: u64| {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
        source.get().await.unwrap()
    };
    assert!(Arc::ptr_eq(&first, &later(268).await), "of 300 s, 32 are left");
    let second = later(3).await;
    assert!(!Arc::ptr_eq(&first, &second));
    // Renewal fails: what lives is handed out as long as it lives.
    stage.fake.model().edit_client("acme", "blog", |client| client["enabled"] = false.into());
    assert!(Arc::ptr_eq(&second, &later(280).await));
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(25)).await;
    tokio::time::resume();
    assert_eq!(source.get().await.unwrap_err().code(), Some("bad_credentials"));
}

#[tokio::test]
async fn a_refused_token_is_dropped_once() {
    let stage = Stage::new().await;
    let source = TokenSource::new(stage.client("blog")).scope("email");
    let first = source.get().await.unwrap();
    assert!(source.invalidate(&first) && !source.invalidate(&first));
    let second = source.get().await.unwrap();
    assert_ne!(first.access_token, second.access_token);
    assert!(!source.invalidate(&first), "a newer one stays");
}

#[tokio::test]
async fn a_secret_that_changed_while_we_asked_is_asked_for_again() {
    /// Old at the first look, new at the second.
    #[derive(Debug)]
    struct Late(AtomicBool);
    impl CredentialSource for Late {
        fn credential(&self) -> Result<ClientCredential> {
            let secret = if self.0.swap(true, Ordering::SeqCst) { "hunter2" } else { "the-one-before" };
            Ok(ClientCredential::Secret(Secret::new(secret)))
        }
    }
    let stage = Stage::new().await;
    let late = Late(AtomicBool::new(false));
    let client = OidcClient::builder(stage.fake.realm("acme").unwrap(), "blog".parse().unwrap(), late);
    let asked = stage.fake.model().requests().tokens;
    client.build().unwrap().client_credentials(&[]).await.unwrap();
    assert_eq!(stage.fake.model().requests().tokens, asked + 2);

    let wrong = ClientCredential::Secret(Secret::new("wrong"));
    let client = OidcClient::builder(stage.fake.realm("acme").unwrap(), "blog".parse().unwrap(), wrong);
    let error = client.build().unwrap().client_credentials(&[]).await.unwrap_err();
    assert_eq!(error.code(), Some("bad_credentials"));
    assert_eq!(stage.fake.model().requests().tokens, asked + 3, "the same secret is not asked twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_do_not_notice_that_the_secret_rotates() {
    let stage = Stage::new().await;
    let model = stage.fake.model();
    model.set_rotation_policy("acme", true);
    let secrets = stage.fake.keycloak().unwrap().registrar("acme".parse().unwrap());
    let id = "blog".parse().unwrap();
    let rotating = Rotating(Arc::new(Mutex::new(Secret::new("hunter2"))));
    let (stop, fetched) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let realm = stage.fake.realm("acme").unwrap();
    let users: Vec<_> = (0..64)
        .map(|_| {
            let client = OidcClient::builder(realm.clone(), "blog".parse().unwrap(), rotating.clone());
            let source = TokenSource::new(client.build().unwrap());
            let (stop, fetched) = (Arc::clone(&stop), Arc::clone(&fetched));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let token = source.get().await?;
                    source.invalidate(&token);
                    fetched.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, catalyst_keycloak::Error>(())
            })
        })
        .collect();
    let more = async |count: u64| {
        let goal = fetched.load(Ordering::Relaxed) + count;
        while fetched.load(Ordering::Relaxed) < goal {
            assert!(users.iter().all(|user| !user.is_finished()), "a login failed");
            yield_now().await;
        }
    };
    for _ in 0..2 {
        more(64).await;
        let new = secrets.regenerate(&id).await.unwrap();
        more(64).await;
        *rotating.0.lock().unwrap() = new;
        more(64).await;
        secrets.end_rotated(&id).await.unwrap();
    }
    more(64).await;
    stop.store(true, Ordering::Relaxed);
    for user in users {
        user.await.unwrap().unwrap();
    }
}
