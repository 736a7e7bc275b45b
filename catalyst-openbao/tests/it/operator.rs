//! The contract of operators on the model, in memory and over HTTP.

use catalyst_core::Secret;
use catalyst_openbao::mock::{MockSeal, Model};
use catalyst_openbao::testing::{FakeOpenBao, contract};
use catalyst_openbao::{ErrorKind, InitRequest, KeySplit, Login, OpenBao, OpenBaoBuilder};

fn model(seal: MockSeal) -> Model {
    let model = Model::uninitialized(seal);
    model.allow_root_generation(true);
    model
}

fn connect(builder: OpenBaoBuilder, token: Option<&Secret>) -> OpenBao {
    match token {
        Some(token) => builder.login(Login::token(token.clone())).build().unwrap(),
        None => builder.build().unwrap(),
    }
}

fn in_memory(model: &Model) -> impl Fn(Option<&Secret>) -> OpenBao + Send + Sync {
    let model = model.clone();
    move |token| connect(OpenBao::builder("http://127.0.0.1").unwrap().in_memory(model.clone()), token)
}

#[tokio::test(start_paused = true)]
async fn keeps_the_contract_of_operators_with_a_shamir_seal_in_memory() {
    contract::operator::shamir(&in_memory(&model(MockSeal::Shamir))).await;
}

#[tokio::test(start_paused = true)]
async fn keeps_the_contract_of_operators_with_a_seal_that_opens_itself_in_memory() {
    contract::operator::automatic(&in_memory(&model(MockSeal::Static))).await;
}

#[tokio::test]
async fn keeps_the_contract_of_operators_over_http() {
    for seal in [MockSeal::Shamir, MockSeal::Static] {
        let fake = FakeOpenBao::serve(model(seal)).await;
        let address = fake.address();
        let connect = move |token: Option<&Secret>| connect(OpenBao::builder(&address).unwrap(), token);
        match seal {
            MockSeal::Shamir => contract::operator::shamir(&connect).await,
            _ => contract::operator::automatic(&connect).await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_generates_no_root_tokens_says_how_to_allow_it() {
    let model = Model::uninitialized(MockSeal::Static);
    let bao = in_memory(&model)(None);
    let made = bao.operator().initialize(&InitRequest::auto_unseal(KeySplit::WHOLE)).await.unwrap();
    let error = bao.operator().generate_root(&made.keys).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Config, Some("generate_root_disabled")));
    assert!(error.help().unwrap().contains("disable_unauthed_generate_root_endpoints"));
}

#[tokio::test(start_paused = true)]
async fn a_development_server_is_unsealed_by_its_one_share() {
    let model = Model::new();
    let bao = in_memory(&model)(None);
    model.seal();
    let share = model.key_shares()[0].expose().parse().unwrap();
    assert!(!bao.operator().unseal(&share).await.unwrap().sealed);
}
