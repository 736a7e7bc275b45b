//! The contract of operators, on the real server.

use catalyst_openbao::testing::contract::operator;
use catalyst_openbao::{ErrorKind, InitRequest, KeySplit, Login, OpenBao, Secret};
use catalyst_tests::servers::{FreshOpenBao, OpenBaoServer};

fn connect(server: &OpenBaoServer) -> impl Fn(Option<&Secret>) -> OpenBao + Send + Sync {
    let (address, tls) = (server.address().to_owned(), server.tls().unwrap());
    move |token| {
        let builder = OpenBao::builder(&address).unwrap().tls(tls.clone());
        match token {
            Some(token) => builder.login(Login::token(token.clone())).build().unwrap(),
            None => builder.build().unwrap(),
        }
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keeps_the_contract_of_operators_with_a_shamir_seal() {
    let server = OpenBaoServer::start_uninitialized(&FreshOpenBao::new().root_generation()).await.unwrap();
    operator::shamir(&connect(&server)).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keeps_the_contract_of_operators_with_a_seal_that_opens_itself() {
    let how = FreshOpenBao::new().root_generation().static_seal();
    let server = OpenBaoServer::start_uninitialized(&how).await.unwrap();
    operator::automatic(&connect(&server)).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn by_default_it_generates_no_root_token_and_the_error_says_how_to_allow_it() {
    let how = FreshOpenBao::new().static_seal();
    let mut server = OpenBaoServer::start_uninitialized(&how).await.unwrap();
    let operator = connect(&server)(None).operator();
    let made = operator.initialize(&InitRequest::auto_unseal(KeySplit::WHOLE)).await.unwrap();
    server.wait_active().await.unwrap();
    let error = operator.generate_root(&made.keys).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Config, Some("generate_root_disabled")));
}
