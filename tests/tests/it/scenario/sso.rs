//! A client whose secret changes while its users get tokens, over HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use catalyst_core::{Clock, ClockHand, Secret};
use catalyst_keycloak::testing::FakeKeycloak;
use catalyst_keycloak::{
    ClientCredential, ClientSecrets, CredentialSource, Keycloak, OidcClient, Outcome, Realm, SharedSovereign,
};
use catalyst_openbao::Mount;
use catalyst_openbao::mock::MockOpenBao;
use catalyst_sdk::sso::{EnvType, Registrar, RotatingCredential, Sso, SsoApplication};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn sixteen_clients_get_tokens_through_a_rotation_and_none_is_refused() {
    let fake = FakeKeycloak::start().await;
    fake.model().set_realm("acme");
    fake.model().set_rotation_policy("acme", true);
    rotate_under_load(&fake.keycloak().unwrap(), fake.realm("acme").unwrap(), 16).await;
}

#[tokio::test]
async fn the_keeper_has_the_realms_keys_before_the_first_token_comes() {
    let fake = FakeKeycloak::start().await;
    fake.model().set_realm("acme");
    let registrar = fake.keycloak().unwrap().registrar("acme".parse().unwrap());
    let realm = fake.realm("acme").unwrap();
    let (sso, _hand) = single_sign_on(Registrar::new(registrar.clone()), &realm);
    let application = SsoApplication::new("acme".parse().unwrap(), EnvType::Prod, "orders").unwrap();
    let application = application.client(|client| client.login(false).service_account(true));
    sso.ensure(&application).await.unwrap();
    let keeper = sso.keeper().clone();
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let running = tokio::spawn(async move { keeper.run_until(stopped.cancelled()).await });

    let verifier = sso.verifier(&application).unwrap();
    until(|| fake.model().requests().jwks == 1).await;
    let secret = registrar.secrets(application.id()).await.unwrap().current;
    let client = OidcClient::builder(realm, application.id().clone(), ClientCredential::Secret(secret));
    let tokens = client.build().unwrap().client_credentials(&[]).await.unwrap();
    for verifier in [verifier, sso.verifier(&application).unwrap()] {
        verifier.verify_access(tokens.access_token.expose()).await.unwrap();
    }
    assert_eq!(fake.model().requests().jwks, 1, "one verifier, whose keys were there already");
    stop.cancel();
    running.await.unwrap();
}

/// Registers a client, has `users` get tokens with its secret all the time, replaces that, and ends the old one a day
/// later by our clock.
pub(crate) async fn rotate_under_load(keycloak: &Keycloak, realm: Realm, users: usize) {
    let registrar = keycloak.registrar(realm.name().clone());
    let (sso, hand) = single_sign_on(Registrar::new(registrar.clone()), &realm);
    let application =
        SsoApplication::new(realm.name().as_str().parse().unwrap(), EnvType::Prod, "under-load").unwrap();
    let application = application.client(|client| client.login(false).service_account(true));
    assert_eq!(sso.ensure(&application).await.unwrap().outcome, Outcome::Created);
    let again = sso.ensure(&application).await.unwrap();
    assert_eq!((again.outcome, again.reads, again.writes), (Outcome::Unchanged, 2, 0));

    let credential = sso.credential(&application).await.unwrap();
    let old = secret(&credential);
    let crowd = Crowd::start(&realm, &application, &credential, users);
    crowd.log_in(users).await;

    let rotation = sso.rotation(&application).unwrap();
    rotation.rotate_now().await.unwrap();
    assert!(registrar.accepts(application.id(), &old).await.unwrap(), "the old one works in its grace");
    until(|| secret(&credential) != old).await;
    crowd.log_in(2 * users).await;

    hand.advance(Duration::from_secs(25 * 3600));
    rotation.advance().await.unwrap();
    assert!(!registrar.accepts(application.id(), &old).await.unwrap(), "the old one has ended");
    crowd.log_in(2 * users).await;
    crowd.stop().await;
    let unchanged = sso.ensure(&application).await.unwrap();
    assert_eq!(unchanged.writes, 0, "a rotation is no drift");
    assert!(sso.remove(&application).await.unwrap());
}

fn single_sign_on(registrar: Registrar, realm: &Realm) -> (Sso, ClockHand) {
    let (clock, hand) = Clock::manual();
    let mount: Mount = "secret".parse().unwrap();
    let store = Arc::new(MockOpenBao::new().kv(mount.clone()));
    let realms = SharedSovereign::new(realm.server().as_str());
    let sso = Sso::builder(realms, registrar, store, mount).poll(Duration::from_secs(1)).clock(clock).build();
    (sso, hand)
}

fn secret(credential: &RotatingCredential) -> Secret {
    match credential.credential().unwrap() {
        ClientCredential::Secret(secret) => secret,
        other => panic!("{other:?}"),
    }
}

/// Those who get tokens.
struct Crowd {
    logins: Arc<AtomicUsize>,
    stop: CancellationToken,
    users: Vec<tokio::task::JoinHandle<()>>,
}

impl Crowd {
    fn start(
        realm: &Realm,
        application: &SsoApplication,
        credential: &RotatingCredential,
        users: usize,
    ) -> Self {
        let (logins, stop) = (Arc::new(AtomicUsize::new(0)), CancellationToken::new());
        let users = (0..users).map(|_| {
            let client = OidcClient::builder(realm.clone(), application.id().clone(), credential.clone());
            let (client, logins, stop) = (client.build().unwrap(), Arc::clone(&logins), stop.clone());
            tokio::spawn(async move {
                while !stop.is_cancelled() {
                    client.client_credentials(&[]).await.expect("a login was refused");
                    logins.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        Self { users: users.collect(), logins, stop }
    }

    /// Waits for so many logins more.
    async fn log_in(&self, more: usize) {
        let wanted = self.logins.load(Ordering::Relaxed) + more;
        until(|| {
            assert!(self.users.iter().all(|user| !user.is_finished()), "a login was refused");
            self.logins.load(Ordering::Relaxed) >= wanted
        })
        .await;
    }

    async fn stop(self) {
        self.stop.cancel();
        for user in self.users {
            user.await.unwrap();
        }
    }
}

async fn until(mut condition: impl FnMut() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("it comes about");
}
