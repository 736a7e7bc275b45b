//! The server's own settings.

use catalyst_openbao::system::{
    AuditCheck, AuditVerdict, Capability, MountSettings, PolicyDocument, PolicyRule,
};
use catalyst_openbao::testing::contract;
use catalyst_openbao::{Login, Method, OpenBao, Secret, SecretData, SecretStore, WriteMode};
use catalyst_tests::servers::{OpenBaoServer, poll};
use serde_json::{Value, json};
use std::time::Duration;

use super::super::workload::{builder, mount, path};

/// A client with the root token, on a server in development mode.
pub(super) async fn start() -> (OpenBaoServer, OpenBao) {
    let server = OpenBaoServer::start_dev().await.unwrap();
    let bao = connect(&server, Login::token(server.root_token().clone()));
    (server, bao)
}

pub(super) fn connect(server: &OpenBaoServer, login: Login) -> OpenBao {
    builder(server).login(login).build().unwrap()
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keeps_the_contract_of_the_system() {
    let (_server, bao) = start().await;
    contract::system::all(&bao).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keeps_the_contract_of_policies() {
    let (server, bao) = start().await;
    contract::policies::all(&bao, &|login| connect(&server, login)).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_secret_stands_in_the_audit_log_as_its_hash_only() {
    let (server, bao) = start().await;
    let secret = Secret::new("a \"canary\" that nobody may see");
    let device = bao.system().audit_devices().await.unwrap().remove(0);
    let hash = bao.system().audit_hash(&device.path, &secret).await.unwrap();
    let data = SecretData::from([("password", secret.expose())]);
    bao.kv(mount("secret")).write(&path("audited"), &data, WriteMode::Overwrite).await.unwrap();
    poll::until("wait for the audit log", Duration::from_secs(10), async || {
        let mut check = AuditCheck::new(hash.as_str(), &secret);
        server.audit_log()?.lines().for_each(|line| check.line(line.as_bytes()));
        assert_ne!(check.verdict(), AuditVerdict::InClear);
        Ok((check.lines_with_hash() >= 2).then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_request_of_a_control_group_waits_for_its_approval() {
    let (server, bao) = start().await;
    let users = bao.userpass(mount("userpass"));
    bao.system()
        .enable_auth(&mount("userpass"), &"userpass".parse().unwrap(), &MountSettings::default())
        .await
        .unwrap();
    let data = SecretData::from([("k", "v")]);
    bao.kv(mount("secret")).write(&path("guarded"), &data, WriteMode::Overwrite).await.unwrap();
    let guarded = r#"path "secret/data/guarded" {
        capabilities = ["read"]
        control_group = { ttl = "1h" factor "ops" { controlled_capabilities = ["read"]
            identity { group_names = ["ops"] approvals = 1 } } }
    }"#;
    bao.system().write_policy(&"guarded".parse().unwrap(), &guarded.parse().unwrap()).await.unwrap();
    let may = PolicyRule::new("sys/control-group/*", [Capability::Update]);
    bao.system().write_policy(&"ops".parse().unwrap(), &PolicyDocument::new().rule(may)).await.unwrap();
    let password = Secret::new("p");
    for (name, policy) in [("anna", "guarded"), ("bert", "ops")] {
        let tokens = catalyst_openbao::auth_method::TokenParameters::new().policies([policy]);
        users.write_user(&name.parse().unwrap(), &password, &tokens).await.unwrap();
    }
    let log_in = |name: &str| connect(&server, Login::user_password(name.parse().unwrap(), password.clone()));
    let (anna, bert) = (log_in("anna"), log_in("bert"));
    let about: Value =
        bert.request(Method::Get, "auth/token/lookup-self".parse().unwrap()).data().await.unwrap();
    let group = json!({ "name": "ops", "member_entity_ids": [about["entity_id"]] });
    bao.request(Method::Post, "identity/group".parse().unwrap()).body(&group).done().await.unwrap();
    let reading = anna.request(Method::Get, "secret/data/guarded".parse().unwrap());
    let wrapped = reading.held_back().await.unwrap();
    let pending = bert.system().control_group_request(&wrapped.accessor).await.unwrap();
    assert_eq!((pending.approved, pending.path.as_str()), (false, "secret/data/guarded"));
    assert_eq!(anna.unwrap(&wrapped.token).await.unwrap_err().code(), Some("wrapping_token_invalid"));
    assert!(bert.system().approve(&wrapped.accessor).await.unwrap());
    let again = bert.system().approve(&wrapped.accessor).await.unwrap_err();
    assert_eq!(again.code(), Some("already_approved"));
    let opened = anna.unwrap(&wrapped.token).await.unwrap();
    assert!(opened.get("data").unwrap().expose().contains("\"k\""));
    let unknown = bert.system().approve("no-such-accessor").await.unwrap_err();
    assert_eq!(unknown.code(), Some("request_not_found"));
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn whatever_has_no_function_can_be_requested() {
    let (_server, bao) = start().await;
    let path = |text: &str| text.parse().unwrap();
    let body = json!({ "level": "debug" });
    bao.request(Method::Post, path("sys/loggers/core")).body(&body).repeatable().done().await.unwrap();
    let level: Value = bao.request(Method::Get, path("sys/loggers/core")).data().await.unwrap();
    assert_eq!(level["core"], "debug");
    let body = json!({ "input": "YWJj", "format": "hex" });
    let hash: Value =
        bao.request(Method::Post, path("sys/tools/hash/sha2-256")).body(&body).data().await.unwrap();
    assert!(hash["sum"].as_str().unwrap().starts_with("ba7816bf"));
    let text =
        bao.request(Method::Get, path("sys/metrics")).query("format", "prometheus").text().await.unwrap();
    assert!(text.expose().contains("# TYPE"));
    assert!(bao.system().prometheus_metrics().await.unwrap().contains("# TYPE"));
    let error = bao.request(Method::Get, path("sys/no-such-path")).done().await.unwrap_err();
    assert_eq!(error.code(), Some("no_handler"));
}
