//! Both servers, one clock, and the single sign-on between them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalyst_core::{Clock, ClockHand};
use catalyst_sdk::Secret;
use catalyst_sdk::keycloak::mock::{MockKeycloak, Model};
use catalyst_sdk::keycloak::{ClientSecrets, SharedSovereign};
use catalyst_sdk::openbao::mock::{MockOpenBao, Operation};
use catalyst_sdk::openbao::{Mount, SecretData, SecretStore};
use catalyst_sdk::sso::{EnvType, Registrar, Sso, SsoApplication, SsoBuilder, SsoEvent};

pub(super) const REALM: &str = "acme-shop";
pub(super) const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(86_400);

pub(super) struct Platform {
    pub(super) keycloak: Model,
    pub(super) bao: MockOpenBao,
    pub(super) clock: Clock,
    pub(super) sso: Sso,
    pub(super) events: Arc<Mutex<Vec<SsoEvent>>>,
    hand: ClockHand,
}

impl Platform {
    pub(super) fn new() -> Self {
        let (clock, hand) = Clock::manual();
        let keycloak = Model::with_clock(clock.clone());
        keycloak.set_realm(REALM);
        keycloak.set_rotation_policy(REALM, true);
        let bao = MockOpenBao::new();
        let events = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&events);
        let sso = builder(&keycloak, &bao, &clock)
            .observer(Arc::new(move |event: &SsoEvent| seen.lock().unwrap().push(event.clone())))
            .build();
        Self { keycloak, bao, clock, sso, events, hand }
    }

    /// As another process would have it.
    pub(super) fn another(&self) -> Sso {
        builder(&self.keycloak, &self.bao, &self.clock).build()
    }

    /// Time goes by, for wall clock and timers alike, in steps so small that nothing falls between.
    pub(super) async fn pass(&self, time: Duration) {
        const STEP: Duration = Duration::from_secs(15);
        let mut left = time;
        while !left.is_zero() {
            let step = left.min(STEP);
            self.hand.advance(step);
            tokio::time::sleep(step).await;
            left -= step;
        }
    }

    /// The wall clock jumps, as it does for a process that was not there.
    pub(super) fn jump(&self, time: Duration) {
        self.hand.advance(time);
    }

    pub(super) fn registrar(&self) -> MockKeycloak {
        registrar(&self.keycloak)
    }

    pub(super) async fn stored(&self) -> Option<SecretData> {
        let path = "org/acme-shop/env/prod/sso/wordpress".parse().unwrap();
        let found = self.kv().read(&path, None).await.ok();
        found.map(|found| found.data)
    }

    pub(super) async fn stored_secret(&self) -> Secret {
        self.stored().await.unwrap().get("client_secret").unwrap().clone()
    }

    pub(super) async fn works(&self, secret: &Secret) -> bool {
        self.registrar().accepts(&"wordpress".parse().unwrap(), secret).await.unwrap()
    }

    pub(super) fn kv(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.bao.kv(mount()))
    }

    pub(super) fn kv_calls(&self) -> (u64, u64) {
        let model = self.bao.model();
        (model.calls(Operation::KvRead), model.calls(Operation::KvWrite))
    }

    pub(super) fn steps(&self) -> Vec<&'static str> {
        self.events.lock().unwrap().drain(..).map(|event| event.kind.name()).collect()
    }
}

fn builder(keycloak: &Model, bao: &MockOpenBao, clock: &Clock) -> SsoBuilder {
    let registrar = Registrar::new(registrar(keycloak));
    let store: Arc<dyn SecretStore> = Arc::new(bao.kv(mount()));
    Sso::builder(SharedSovereign::new("https://auth.example.test"), registrar, store, mount())
        .clock(clock.clone())
}

fn registrar(keycloak: &Model) -> MockKeycloak {
    MockKeycloak::new(keycloak.clone(), REALM.parse().unwrap())
}

fn mount() -> Mount {
    "secret".parse().unwrap()
}

pub(super) fn wordpress() -> SsoApplication {
    SsoApplication::new(REALM.parse().unwrap(), EnvType::Prod, "wordpress")
        .unwrap()
        .redirect_uri("https://blog.acme.test/oauth/callback".parse().unwrap())
        .client(|client| client.role("editor").service_account(true))
}
