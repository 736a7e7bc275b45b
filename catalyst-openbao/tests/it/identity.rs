//! The contract of identities on the model, in memory and over HTTP; whom a login is.

use catalyst_openbao::identity::{EntitySettings, Introspection, OidcAlgorithm, OidcKey, OidcRole};
use catalyst_openbao::mock::MockOpenBao;
use catalyst_openbao::testing::{FakeOpenBao, contract};
use catalyst_openbao::{Login, OpenBao};

#[tokio::test(start_paused = true)]
async fn keeps_the_contract_in_memory() {
    contract::identity::all(&MockOpenBao::new().client().unwrap()).await;
}

#[tokio::test]
async fn keeps_the_contract_over_http() {
    let fake = FakeOpenBao::start().await;
    let client = fake.client().unwrap();
    contract::identity::all(&client).await;
    let root =
        OpenBao::builder(&fake.address()).unwrap().login(Login::token(fake.root_token())).build().unwrap();
    contract::identity::a_token_says_who_the_caller_is(&client, &root).await;
}

#[tokio::test]
async fn a_token_of_somebody_who_is_disabled_is_no_longer_good() {
    let fake = FakeOpenBao::start().await;
    let identity = fake.client().unwrap().identity();
    let (key, role) = ("k".parse().unwrap(), "r".parse().unwrap());
    identity.write_oidc_key(&key, &OidcKey::new(OidcAlgorithm::EdDsa).allow_client("*")).await.unwrap();
    identity.write_oidc_role(&role, &OidcRole::new(&key)).await.unwrap();
    let token = identity.token(&role).await.unwrap();
    let all = identity.entities().await.unwrap();
    assert_eq!(all.len(), 1, "{all:?}");
    identity.write_entity(&all[0].name, &EntitySettings::new().disabled(true)).await.unwrap();
    let said = identity.introspect(&token.token, None).await.unwrap();
    assert_eq!(said, Introspection::Inactive("entity is disabled".to_owned()));
}
