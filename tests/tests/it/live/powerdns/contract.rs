//! The contract that the mock and the fake keep, on the server that they imitate. Where this fails, they are wrong.

use catalyst_dns::testing::contract;
use catalyst_tests::servers::{PowerDnsBackend, PowerDnsServer};

use super::stage::builder;

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn of_zones_and_keys_with_sqlite() {
    let server = PowerDnsServer::shared().await.unwrap();
    contract::all(&builder(server).build().unwrap()).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn of_zones_and_keys_with_lmdb() {
    let server = PowerDnsServer::start(PowerDnsBackend::Lmdb).await.unwrap();
    contract::all(&builder(&server).build().unwrap()).await;
}
