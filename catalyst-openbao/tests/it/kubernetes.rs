//! The contract of service accounts' tokens on the model, in memory and over HTTP.

use catalyst_openbao::mock::MockOpenBao;
use catalyst_openbao::testing::{FakeOpenBao, contract};
use catalyst_openbao::{EngineType, KubernetesConnection, Secret};

fn connection() -> KubernetesConnection {
    KubernetesConnection::remote("https://kubernetes", "PEM", Secret::new("token"))
}

#[tokio::test(start_paused = true)]
async fn keeps_the_contract_in_memory() {
    let bao = MockOpenBao::new();
    assert!(bao.model().mount_engine("kubernetes", &EngineType::Kubernetes));
    let kubernetes = bao.client().unwrap().kubernetes("kubernetes".parse().unwrap());
    contract::kubernetes::all(&kubernetes, &connection()).await;
}

#[tokio::test]
async fn keeps_the_contract_over_http() {
    let fake = FakeOpenBao::start().await;
    assert!(fake.model().mount_engine("kubernetes", &EngineType::Kubernetes));
    let kubernetes = fake.client().unwrap().kubernetes("kubernetes".parse().unwrap());
    contract::kubernetes::all(&kubernetes, &connection()).await;
}
