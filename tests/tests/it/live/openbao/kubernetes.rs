//! Tokens of service accounts, of an API server that the test serves over TLS.

use catalyst_core::Secret;
use catalyst_openbao::testing::contract;
use catalyst_openbao::{
    AccountSource, KubernetesConnection, KubernetesRole, KubernetesSecrets, Login, RoleKind,
    ServiceAccountTokens, TokenRequest,
};
use catalyst_tests::servers::{KubeApi, OpenBaoServer};
use serde_json::json;

use crate::live::workload::{builder, code, mount, role};

async fn start() -> (OpenBaoServer, KubeApi, KubernetesSecrets) {
    let (server, api) = tokio::try_join!(OpenBaoServer::start_dev(), KubeApi::start()).unwrap();
    server.api().unwrap().write("sys/mounts/kubernetes", &json!({ "type": "kubernetes" })).await.unwrap();
    let bao = builder(&server).login(Login::token(server.root_token().clone())).build().unwrap();
    api.add_account("shop", "deployer");
    (server, api, bao.kubernetes(mount("kubernetes")))
}

fn connection(api: &KubeApi, token: &str) -> KubernetesConnection {
    KubernetesConnection::remote(api.address(), api.ca_pem(), Secret::new(token))
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keeps_the_contract() {
    let (_server, api, engine) = start().await;
    contract::kubernetes::all(&engine, &connection(&api, api.admin_token())).await;
    assert_eq!(api.made_accounts(), [], "accounts that were made for a lease end with it");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn an_account_that_was_made_is_there_until_its_lease_ends_and_refusals_are_told() {
    let (_server, api, engine) = start().await;
    let (shop, view) = (TokenRequest::in_namespace("shop"), role("view"));
    let source = AccountSource::ExistingRole { name: "view".to_owned(), kind: RoleKind::ClusterRole };
    engine.write_role(&view, &KubernetesRole::new(source, ["shop"])).await.unwrap();
    engine.configure(&connection(&api, "wrong")).await.unwrap();
    assert_eq!(code(&engine.issue(&view, &shop).await.unwrap_err()), "backend_refused");
    engine.configure(&connection(&api, api.admin_token())).await.unwrap();
    let lease = engine.issue(&view, &shop).await.unwrap();
    assert_eq!(api.made_accounts(), [("shop".to_owned(), lease.value.account.clone())]);
    engine.revoke(&lease.id).await.unwrap();
    assert_eq!(api.made_accounts(), []);

    let nobody = KubernetesRole::new(AccountSource::Account("nobody".to_owned()), ["shop"]);
    engine.write_role(&role("nobody"), &nobody).await.unwrap();
    assert_eq!(code(&engine.issue(&role("nobody"), &shop).await.unwrap_err()), "backend_refused");
    let away = KubernetesConnection::remote("https://127.0.0.1:1", api.ca_pem(), Secret::new("token"));
    engine.configure(&away).await.unwrap();
    let error = engine.issue(&view, &shop).await.unwrap_err();
    assert_eq!((code(&error), error.outcome_unknown()), ("backend_down", true));
}
