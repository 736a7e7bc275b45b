//! The contract of transit on the model, in memory and over HTTP; what only the model promises.

use std::time::Duration;

use catalyst_openbao::mock::MockOpenBao;
use catalyst_openbao::testing::{FakeOpenBao, contract};
use catalyst_openbao::{EngineType, KeyName, NewKey, Transit};

fn in_memory(bao: &MockOpenBao) -> Transit {
    assert!(bao.model().mount_engine("transit", &EngineType::Transit));
    bao.client().unwrap().transit("transit".parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn keeps_the_contract_in_memory() {
    contract::transit::all(&in_memory(&MockOpenBao::new())).await;
}

#[tokio::test]
async fn keeps_the_contract_over_http() {
    let fake = FakeOpenBao::start().await;
    assert!(fake.model().mount_engine("crypto/transit", &EngineType::Transit));
    contract::transit::all(&fake.client().unwrap().transit("crypto/transit".parse().unwrap())).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_rotates_by_itself_when_its_time_has_come() {
    let bao = MockOpenBao::new();
    let (transit, key) = (in_memory(&bao), "a".parse::<KeyName>().unwrap());
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    transit.create_key(&key, &NewKey::default().auto_rotate(hours(24))).await.unwrap();
    tokio::time::advance(hours(23)).await;
    assert_eq!(transit.read_key(&key).await.unwrap().latest_version, 1);
    tokio::time::advance(hours(1)).await;
    assert_eq!(transit.read_key(&key).await.unwrap().latest_version, 2);
}
