//! The contract of RabbitMQ's users on the model, in memory and over HTTP.

use catalyst_openbao::mock::MockOpenBao;
use catalyst_openbao::testing::{FakeOpenBao, contract};
use catalyst_openbao::{EngineType, RabbitConnection, Secret};

fn connection() -> RabbitConnection {
    RabbitConnection::new("http://rabbitmq:15672", "admin", Secret::new("password"))
}

#[tokio::test(start_paused = true)]
async fn keeps_the_contract_in_memory() {
    let bao = MockOpenBao::new();
    assert!(bao.model().mount_engine("rabbitmq", &EngineType::RabbitMq));
    let rabbitmq = bao.client().unwrap().rabbitmq("rabbitmq".parse().unwrap());
    contract::rabbitmq::all(&rabbitmq, &connection(), bao.model()).await;
}

#[tokio::test]
async fn keeps_the_contract_over_http() {
    let fake = FakeOpenBao::start().await;
    assert!(fake.model().mount_engine("team/rabbitmq", &EngineType::RabbitMq));
    let rabbitmq = fake.client().unwrap().rabbitmq("team/rabbitmq".parse().unwrap());
    contract::rabbitmq::all(&rabbitmq, &connection(), fake.model()).await;
}
