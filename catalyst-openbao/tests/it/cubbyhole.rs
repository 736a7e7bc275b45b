//! The contract of the cubbyhole on the model, in memory and over HTTP; what ends with a token.

use std::time::Duration;

use catalyst_openbao::mock::{MockOpenBao, TokenGrant};
use catalyst_openbao::testing::{FakeOpenBao, contract};
use catalyst_openbao::{ErrorKind, SecretData};

#[tokio::test(start_paused = true)]
async fn keeps_the_contract_in_memory() {
    let bao = MockOpenBao::new();
    let other = bao.model().new_token(&TokenGrant::new(Duration::from_secs(60)).policies(&[]));
    contract::cubbyhole::all(&bao.client().unwrap(), &bao.client_with(other).unwrap()).await;
}

#[tokio::test]
async fn keeps_the_contract_over_http() {
    let fake = FakeOpenBao::start().await;
    let root = catalyst_openbao::OpenBao::builder(&fake.address())
        .unwrap()
        .login(catalyst_openbao::Login::token(fake.root_token()))
        .build()
        .unwrap();
    contract::cubbyhole::all(&fake.client().unwrap(), &root).await;
}

#[tokio::test]
async fn a_new_login_has_an_empty_one() {
    let fake = FakeOpenBao::start().await;
    let (bao, path) = (fake.client().unwrap(), "a".parse().unwrap());
    bao.cubbyhole().write(&path, &SecretData::from([("k", "v")])).await.unwrap();
    bao.login_anew().await.unwrap();
    let error = bao.cubbyhole().read(&path).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("secret_not_found")));
}

#[tokio::test(start_paused = true)]
async fn a_batch_token_has_none() {
    let bao = MockOpenBao::new();
    let token = bao.model().new_token(&TokenGrant::new(Duration::from_secs(60)).batch());
    let cubbyhole = bao.client_with(token).unwrap().cubbyhole();
    let error = cubbyhole.read(&"a".parse().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("unsupported_by_token")));
}
