//! Entities, groups and identity tokens.

use std::time::Duration;

use catalyst_openbao::testing::contract;
use catalyst_openbao::{Login, OpenBao};
use catalyst_tests::servers::{OpenBaoServer, setup};

use crate::live::workload::builder;

const EVERYTHING: &str =
    r#"path "*" { capabilities = ["create", "read", "update", "patch", "delete", "list", "sudo"] }"#;

fn root(server: &OpenBaoServer) -> OpenBao {
    builder(server).login(Login::token(server.root_token().clone())).build().unwrap()
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keeps_the_contract() {
    let server = OpenBaoServer::start_dev().await.unwrap();
    contract::identity::all(&root(&server)).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keeps_the_contract_of_tokens() {
    let server = OpenBaoServer::start_dev().await.unwrap();
    let api = server.api().unwrap();
    setup::policy(&api, "everything", EVERYTHING).await.unwrap();
    let minutes = Duration::from_mins(5);
    let (id, secret) = setup::app_role(&api, "admin", &["everything"], minutes).await.unwrap();
    let somebody = builder(&server).login(Login::app_role(id, secret)).build().unwrap();
    contract::identity::a_token_says_who_the_caller_is(&somebody, &root(&server)).await;
}
