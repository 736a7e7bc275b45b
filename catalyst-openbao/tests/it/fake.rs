//! The contract through the real client, on the fake.

use std::time::Duration;

use catalyst_openbao::mock::{
    Capability, LoginRule, MockRole, MockStaticRole, Operation, Policy, ServerState, TokenGrant,
};
use catalyst_openbao::testing::contract::{self, DynamicSetting};
use catalyst_openbao::testing::{FakeOpenBao, FixedAssertion, unsigned_jwt};
use catalyst_openbao::{
    DynamicCredentials, ErrorKind, HealthStatus, Login, Mount, OpenBao, RoleName, Secret, SecretStore,
};

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn role() -> RoleName {
    "app".parse().unwrap()
}

fn mount() -> Mount {
    "database".parse().unwrap()
}

async fn fake() -> FakeOpenBao {
    let fake = FakeOpenBao::start().await;
    fake.model().set_role("database", "app", MockRole::new(secs(2)).max_ttl(secs(5)));
    fake
}

fn setting<'a>(fake: &'a FakeOpenBao, role: &'a RoleName) -> DynamicSetting<'a> {
    DynamicSetting { role, ttl: secs(2), max_ttl: secs(5), database: fake.model() }
}

#[tokio::test]
async fn keeps_the_contract_of_the_store() {
    let fake = fake().await;
    contract::store::all(&fake.client().unwrap().kv("secret".parse().unwrap())).await;
}

#[tokio::test]
async fn keeps_the_contract_of_dynamic_credentials() {
    let fake = fake().await;
    contract::dynamic::all(&fake.client().unwrap().database(mount()), &setting(&fake, &role())).await;
}

#[tokio::test]
async fn keeps_the_contract_of_static_credentials() {
    let fake = fake().await;
    fake.model().set_static_role("database", "fixed", &MockStaticRole::new("app_static", secs(5)));
    let fixed = "fixed".parse().unwrap();
    contract::statics::all(&fake.client().unwrap().database(mount()), &fixed, fake.model()).await;
}

#[tokio::test]
async fn keeps_the_contract_of_the_client() {
    let (fake, role) = (fake().await, role());
    let (bao, setting) = (fake.client().unwrap(), setting(&fake, &role));
    contract::client::all(&bao, &mount(), &setting).await;
    contract::client::a_prefix_of_leases_is_revoked_together(&bao, &mount(), &setting).await;
    contract::client::an_unknown_mount_is_told_from_an_unknown_secret(&bao).await;
    let revoke = || async { fake.model().revoke_all_tokens() };
    contract::client::a_lost_session_is_replaced(&bao, &mount(), &setting, revoke).await;
    contract::client::a_shutdown_takes_all_leases_along(&bao, &mount(), &setting).await;
    assert_eq!(fake.model().live_tokens(), 0, "no token is left behind");
}

#[tokio::test]
async fn what_no_policy_allows_is_told_from_a_bad_token() {
    let (fake, role) = (fake().await, role());
    let update = [Capability::Update];
    let policy = Policy::new()
        .allow("database/creds/app", &[Capability::Read])
        .allow("sys/leases/revoke", &update)
        .allow("sys/leases/renew", &update);
    fake.model().set_policy("app", policy);
    let bao = fake.client_with(TokenGrant::new(secs(60)).policies(&["app"])).unwrap().build().unwrap();
    let forbidden = (&"secret".parse().unwrap(), &"others".parse().unwrap());
    let setting = setting(&fake, &role);
    contract::client::what_no_policy_allows_is_told_from_a_bad_token(&bao, &mount(), &setting, forbidden)
        .await;
}

#[tokio::test]
async fn every_login_is_accepted_for_what_it_shows_and_refused_for_anything_else() {
    let fake = fake().await;
    let (model, grant) = (fake.model(), TokenGrant::new(secs(60)));
    let subject = "spiffe://example.test/ns/shop/sa/orders";
    model.allow_login("jwt", "app", LoginRule::jwt_of("openbao", subject), grant.clone());
    model.allow_login("kubernetes", "app", LoginRule::kubernetes("shop", "orders"), grant.clone());
    model.allow_login("approle", "app", LoginRule::app_role("id", "secret-id"), grant.clone());
    let folder = tempfile::tempdir().unwrap();
    let account = |name: &str| {
        let file = folder.path().join(name);
        let token = unsigned_jwt(&format!("system:serviceaccount:shop:{name}"), "bao", secs(60));
        std::fs::write(&file, token.expose()).unwrap();
        Login::kubernetes(role(), file)
    };
    let jwt = |subject: &str, audience: &str| {
        Login::jwt(role(), audience, std::sync::Arc::new(FixedAssertion::new(subject)))
    };
    let connect = |login| OpenBao::builder(&fake.address()).unwrap().login(login).build().unwrap();
    for good in [
        jwt(subject, "openbao"),
        account("orders"),
        Login::app_role("id", Secret::new("secret-id")),
        Login::token(model.new_token(&grant)),
    ] {
        connect(good.clone()).session().await.unwrap_or_else(|error| panic!("{good:?}: {error}"));
    }
    for (bad, code) in [
        (jwt("spiffe://example.test/ns/shop/sa/other", "openbao"), "bad_credentials"),
        (jwt(subject, "another"), "bad_credentials"),
        (account("other"), "bad_credentials"),
        (Login::app_role("id", Secret::new("wrong")), "bad_credentials"),
        (Login::token(Secret::new("s.unknown")), "invalid_token"),
        (jwt(subject, "openbao").mount("nowhere".parse().unwrap()), "bad_credentials"),
    ] {
        let error = connect(bad.clone()).session().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Unauthenticated, Some(code)),
            "{bad:?}: {error}"
        );
    }
}

#[tokio::test]
async fn health_tells_each_state_of_the_server() {
    let fake = fake().await;
    let bao = OpenBao::builder(&fake.address()).unwrap().build().unwrap();
    for (state, status) in [
        (ServerState::Active, HealthStatus::Active),
        (ServerState::Standby { active_address: None }, HealthStatus::Standby),
        (ServerState::PerformanceStandby, HealthStatus::PerformanceStandby),
        (ServerState::DrSecondary, HealthStatus::DrSecondary),
        (ServerState::NotInitialized, HealthStatus::NotInitialized),
        (ServerState::Sealed, HealthStatus::Sealed),
    ] {
        fake.model().set_server_state(state);
        assert_eq!(bao.health().await.unwrap().status, status);
    }
}

#[tokio::test]
async fn namespaces_are_apart() {
    let fake = fake().await;
    fake.model().add_namespace("team-a");
    fake.model().mount_kv("team-a/kv");
    fake.model().put_secret("team-a/kv", "db", [("user", "a")]);
    fake.model().allow_login(
        "team-a/approle",
        "app",
        LoginRule::app_role("id", "s"),
        TokenGrant::new(secs(60)),
    );
    let login = Login::app_role("id", Secret::new("s"));
    let connect = |namespace: &str| {
        let builder = OpenBao::builder(&fake.address()).unwrap().login(login.clone());
        builder.namespace(namespace.parse().unwrap()).build().unwrap()
    };
    let (path, kv) = ("db".parse().unwrap(), "kv".parse::<Mount>().unwrap());
    let read = connect("team-a").kv(kv.clone()).read(&path, None).await.unwrap();
    assert_eq!(read.data.get("user").unwrap().expose(), "a");
    let elsewhere = connect("team-b").session().await.unwrap_err();
    assert_eq!(elsewhere.code(), Some("bad_credentials"), "{elsewhere}");
}

#[tokio::test]
async fn a_thousand_cold_callers_make_one_login() {
    let fake = fake().await;
    let bao = fake.client().unwrap();
    let callers: Vec<_> = (0..1000)
        .map(|_| {
            let bao = bao.clone();
            tokio::spawn(async move { bao.session().await.unwrap().id() })
        })
        .collect();
    let mut sessions = Vec::new();
    for caller in callers {
        sessions.push(caller.await.unwrap());
    }
    sessions.dedup();
    assert_eq!((sessions.len(), fake.model().calls(Operation::Login)), (1, 1));
}

#[tokio::test]
async fn the_server_can_be_moved_ahead_of_the_client() {
    let fake = fake().await;
    fake.model().set_role("database", "long", MockRole::new(secs(3600)));
    let database = fake.client().unwrap().database(mount());
    let lease = database.issue(&"long".parse().unwrap()).await.unwrap();
    fake.model().advance(secs(3600));
    assert!(fake.model().live_users().is_empty());
    assert_eq!(database.renew(&lease.id, None).await.unwrap_err().code(), Some("lease_not_found"));
}
