//! The Workload API of a real SPIRE. `cargo xtask live` runs these when `SPIRE_BIN` names a folder with its
//! programs, and says so when they did not run.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::Clock;
use catalyst_openbao::OpenBao;
use catalyst_spiffe::testing::contract::{self, Bystander};
use catalyst_spiffe::{WorkloadApi, WorkloadIdentity};
use catalyst_tests::servers::{OpenBaoServer, SpireServer, environment, setup};

use super::workload::{admit, by_certificate, by_jwt};

const TRUST_DOMAIN: &str = "catalyst.test";
const LIMIT: Duration = Duration::from_secs(60);

async fn start() -> (SpireServer, WorkloadApi) {
    let programs =
        environment::spire_bin().expect("SPIRE_BIN names a folder with spire-server and spire-agent");
    let spire = SpireServer::start(&programs, TRUST_DOMAIN, Duration::from_secs(20)).await.unwrap();
    let source = WorkloadApi::builder(&spire.workload_api()).unwrap().connect().await.unwrap();
    (spire, source)
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn the_identity_keeps_its_contract_and_survives_a_restart_of_the_agent() {
    let (mut spire, source) = start().await;
    let expected = spire.workload_id().parse().unwrap();
    contract::all(&source, &Bystander { patience: LIMIT }, &expected).await;

    spire.restart_agent().await.unwrap();
    let mut updates = source.updates();
    tokio::time::timeout(LIMIT, updates.changed()).await.expect("no update after the restart").unwrap();
    assert!(source.x509().unwrap().remaining(&Clock::system()) > Duration::ZERO);
    source.shutdown(Duration::from_secs(5)).await.unwrap();
    spire.stop().await.unwrap();
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn openbao_admits_the_workload_by_both_of_its_svids() {
    let (spire, source) = start().await;
    let openbao = OpenBaoServer::start().await.unwrap();
    setup::policy(&openbao.api().unwrap(), "orders", setup::APPLICATION_POLICY).await.unwrap();
    let (key, bundle) = (spire.jwt_public_key_pem().await.unwrap(), spire.bundle_pem().await.unwrap());
    admit(&openbao, &key, &bundle, &spire.workload_id()).await;
    let identity: Arc<dyn WorkloadIdentity> = Arc::new(source.clone());
    let clients: [OpenBao; 2] =
        [by_jwt(&openbao, Arc::clone(&identity)), by_certificate(&openbao, Arc::clone(&identity))];
    for bao in clients {
        bao.session().await.unwrap();
        bao.shutdown(Duration::from_secs(5)).await.unwrap();
    }
    source.shutdown(Duration::from_secs(5)).await.unwrap();
}
