//! The store of each token's own.

use std::time::Duration;

use catalyst_openbao::testing::contract;
use catalyst_openbao::{ErrorKind, Login, Secret};
use catalyst_tests::servers::{OpenBaoServer, setup};
use serde_json::json;

use crate::live::workload::{builder, path};

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keeps_the_contract() {
    let server = OpenBaoServer::start_dev().await.unwrap();
    let token = setup::token(&server.api().unwrap(), &["default"], Duration::from_secs(60)).await.unwrap();
    let root = builder(&server).login(Login::token(server.root_token().clone())).build().unwrap();
    let other = builder(&server).login(Login::token(token)).build().unwrap();
    contract::cubbyhole::all(&root, &other).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_batch_token_has_none() {
    let server = OpenBaoServer::start_dev().await.unwrap();
    let batch = json!({ "type": "batch", "policies": ["default"], "ttl": "60s" });
    let made = server.api().unwrap().write("auth/token/create", &batch).await.unwrap();
    let token = Secret::new(made["auth"]["client_token"].as_str().unwrap());
    let bao = builder(&server).login(Login::token(token)).build().unwrap();
    let error = bao.cubbyhole().read(&path("a")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("unsupported_by_token")));
}
