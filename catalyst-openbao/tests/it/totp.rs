//! The contract of one-time codes on the model, in memory and over HTTP; what time does to them.

use std::time::Duration;

use catalyst_openbao::mock::MockOpenBao;
use catalyst_openbao::testing::{FakeOpenBao, contract};
use catalyst_openbao::{EngineType, KeyName, NewTotpKey, OneTimePasswords};
use tokio::time::advance;

#[tokio::test(start_paused = true)]
async fn keeps_the_contract_in_memory() {
    let bao = MockOpenBao::new();
    assert!(bao.model().mount_engine("totp", &EngineType::Totp));
    contract::totp::all(&bao.client().unwrap().totp("totp".parse().unwrap())).await;
}

#[tokio::test]
async fn keeps_the_contract_over_http() {
    let fake = FakeOpenBao::start().await;
    assert!(fake.model().mount_engine("totp", &EngineType::Totp));
    contract::totp::all(&fake.client().unwrap().totp("totp".parse().unwrap())).await;
}

#[tokio::test(start_paused = true)]
async fn a_code_is_good_for_one_period_more_if_the_key_is_tolerant() {
    let bao = MockOpenBao::new();
    assert!(bao.model().mount_engine("totp", &EngineType::Totp));
    let totp = bao.client().unwrap().totp("totp".parse().unwrap());
    let (tolerant, strict): (KeyName, KeyName) = ("tolerant".parse().unwrap(), "strict".parse().unwrap());
    totp.generate_key(&tolerant, &NewTotpKey::new("Shop", "ada")).await.unwrap();
    totp.generate_key(&strict, &NewTotpKey::new("Shop", "ada").strict()).await.unwrap();
    for (key, periods, good) in [(&tolerant, 1, true), (&tolerant, 2, false), (&strict, 1, false)] {
        let code = totp.code(key).await.unwrap();
        advance(Duration::from_secs(30 * periods)).await;
        assert_eq!(totp.validate(key, &code.code).await.unwrap(), good, "{key} after {periods}");
    }
}
