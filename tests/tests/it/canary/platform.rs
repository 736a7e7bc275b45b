//! Identity, secrets, logins, databases.

use std::time::Duration;

use catalyst_core::tls::TlsConfig;
use catalyst_openbao::mock::{Fault, FaultRule, LoginRule, Operation, Refusal, TokenGrant};
use catalyst_openbao::{Login, OpenBao, SecretData, SecretStore, WriteMode};
use catalyst_sdk::config::LoginMethod;
use catalyst_sdk::rotation::EventKind;
use catalyst_sdk::{Catalyst, Secret};
use catalyst_spiffe::WorkloadIdentity;

use super::ear::{Canaries, listen};
use crate::scenario::stage::Stage;
use catalyst_sdk::testing::events;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn nothing_that_was_planted_is_ever_printed() {
    let (mut canaries, _guard) = listen();
    let stage = Stage::open(3 * SECOND).await;
    identity(&mut canaries, &stage).await;
    platform(&mut canaries, &stage).await;
    secrets(&mut canaries, &stage).await;
    logins(&mut canaries, &stage).await;
    faults(&mut canaries, &stage).await;
    settings(&mut canaries);

    let heard = canaries.logs.text();
    for expected in ["credential in use", "credential revoked", "answered", "rotation step failed"] {
        assert!(heard.contains(expected), "the capture is deaf: {expected}");
    }
    assert!(canaries.secrets.len() >= 12, "{} secrets", canaries.secrets.len());
    let planted: Vec<&str> = canaries.secrets.iter().map(String::as_str).collect();
    canaries.logs.assert_absent(&planted);
}

async fn identity(canaries: &mut Canaries, stage: &Stage) {
    let identity = stage.agent.identity();
    let (svid, token) = (identity.x509().unwrap(), identity.jwt(&["openbao"]).await.unwrap());
    canaries.plant(token.token().expose());
    // A key would be printed as a list of numbers, or as base64 of its middle.
    let key = svid.private_key().expose();
    canaries.plant(&format!("{:?}", &key[40..60]).replace(['[', ']'], ""));
    canaries.debug(&*svid);
    canaries.debug(&*token);
    canaries.debug(&identity);
    canaries.debug(&identity.bundles().unwrap());
}

async fn platform(canaries: &mut Canaries, stage: &Stage) {
    let config = stage.config();
    canaries.debug(&config);
    let catalyst = Catalyst::builder(config).connect().await.unwrap();
    let orders = catalyst.postgres("orders-rw").await.unwrap();
    let clients = catalyst.postgres_deadpool("orders-rw").await.unwrap();
    let bare = catalyst.database_credentials("orders-rw").await.unwrap();
    canaries.plant(catalyst.identity().unwrap().jwt(&["openbao"]).await.unwrap().token().expose());
    canaries.plant(bare.current().password.expose());
    for user in stage.bao.model().live_users() {
        canaries.plant(stage.bao.model().password_of(&user).unwrap().expose());
    }
    let mut seen = orders.events();
    stage
        .bao
        .faults()
        .inject(FaultRule::new(Fault::Refuse(Refusal::sealed())).on(Operation::Issue).until_cleared());
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Failed { .. })).await;
    stage.bao.faults().clear();
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Revoked)).await;
    for user in stage.bao.model().live_users() {
        canaries.plant(stage.bao.model().password_of(&user).unwrap().expose());
    }
    canaries.debug(&(&catalyst, &orders, &clients, &bare, &*bare.current(), orders.health()));
    canaries.debug(&orders.acquire().await.unwrap());
    canaries.debug(&orders.begin().await.unwrap());
    canaries.debug(&clients.get().await.unwrap());
    canaries.error(catalyst.postgres("no-such-role").await);
    canaries.error(sqlx::query("select nonsense").execute(&orders).await);
    catalyst.shutdown().await.unwrap();
}

async fn secrets(canaries: &mut Canaries, stage: &Stage) {
    let bao = stage.bao.client().unwrap();
    let kv = bao.kv("secret".parse().unwrap());
    let mut data = SecretData::new();
    data.insert("password", "canary-kv-value");
    canaries.plant("canary-kv-value");
    let path = "app/db".parse().unwrap();
    kv.write(&path, &data, WriteMode::CreateOnly).await.unwrap();
    canaries.error(kv.write(&path, &data, WriteMode::CreateOnly).await);
    canaries.debug(&kv.read(&path, None).await.unwrap());
    let wrapped = bao.wrap(60 * SECOND, &data).await.unwrap();
    canaries.plant(wrapped.token.expose());
    canaries.debug(&wrapped);
    canaries.debug(&bao.unwrap(&wrapped.token).await.unwrap());
    canaries.error(bao.unwrap(&wrapped.token).await);
    canaries.debug(&(&bao, &kv, &data));
}

/// Each way to log in, accepted or refused.
async fn logins(canaries: &mut Canaries, stage: &Stage) {
    canaries.plant("canary-secret-id");
    canaries.plant("canary-wrong-token");
    canaries.plant("canary-service-account-token");
    let model = stage.bao.model();
    let grant = TokenGrant::new(60 * SECOND);
    model.allow_login("approle", "app", LoginRule::app_role("canary-role", "canary-secret-id"), grant);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "canary-service-account-token").unwrap();
    let attempts = [
        (true, Login::app_role("canary-role", Secret::new("canary-secret-id"))),
        (false, Login::app_role("other-role", Secret::new("canary-secret-id"))),
        (false, Login::token(Secret::new("canary-wrong-token"))),
        (false, Login::kubernetes("orders".parse().unwrap(), &file)),
    ];
    for (accepted, login) in attempts {
        canaries.debug(&login);
        let bao = OpenBao::builder(&stage.bao.address())
            .unwrap()
            .login(login)
            .tls(TlsConfig::new())
            .build()
            .unwrap();
        canaries.debug(&bao);
        if accepted {
            canaries.debug(&bao.session().await.unwrap());
        } else {
            canaries.error(bao.session().await);
        }
    }
}

/// Answers that are no answers, and a server that repeats what it was sent.
async fn faults(canaries: &mut Canaries, stage: &Stage) {
    let bao = stage.bao.client().unwrap();
    let kv = bao.kv("secret".parse().unwrap());
    let path = "app/db".parse().unwrap();
    let echo = "cannot use token s.AT29Cibp8IH4ua9Utacs19yQ with password=canary-echoed";
    canaries.plant("s.AT29Cibp8IH4ua9Utacs19yQ");
    canaries.plant("canary-echoed");
    let scripted = [
        Fault::Refuse(Refusal::new(500, &[echo])),
        Fault::Refuse(Refusal::new(400, &[echo])),
        Fault::NotJson,
        Fault::OversizedBody(32 << 20),
        Fault::Drop,
        Fault::DropAnswer,
    ];
    for fault in scripted {
        stage.bao.faults().clear();
        stage.bao.faults().inject(FaultRule::new(fault).on(Operation::KvRead).until_cleared());
        canaries.error(kv.read(&path, None).await);
    }
    stage.bao.faults().clear();
}

fn settings(canaries: &mut Canaries) {
    canaries.plant("canary-url-password");
    let mut config = catalyst_sdk::config::Config::default();
    config.database_url = Some(Secret::new("postgres://app:canary-url-password@127.0.0.1/app"));
    config.openbao.token = Some(Secret::new("canary-wrong-token"));
    config.openbao.login.method = Some(LoginMethod::AppRole);
    config.openbao.login.secret_id = Some(Secret::new("canary-secret-id"));
    canaries.debug(&config);
    canaries.error(OpenBao::builder("https://user:canary-url-password@bao.test"));
}
