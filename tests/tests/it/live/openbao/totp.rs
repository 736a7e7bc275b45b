//! One-time codes.

use catalyst_openbao::Login;
use catalyst_openbao::testing::contract;
use catalyst_tests::servers::OpenBaoServer;
use serde_json::json;

use crate::live::workload::{builder, mount};

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keeps_the_contract() {
    let server = OpenBaoServer::start_dev().await.unwrap();
    server.api().unwrap().write("sys/mounts/totp", &json!({ "type": "totp" })).await.unwrap();
    let bao = builder(&server).login(Login::token(server.root_token().clone())).build().unwrap();
    contract::totp::all(&bao.totp(mount("totp"))).await;
}
