//! Tokens of the fake server, verified with the keys that it publishes.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::testing::LogCapture;
use catalyst_keycloak::mock::{FaultRule, Route};
use catalyst_keycloak::testing::FakeKeycloak;
use catalyst_keycloak::token::{Discovery, TokenVerifier};
use catalyst_keycloak::{
    ClientCredential, ClientRegistrar as _, ClientSpec, ErrorKind, OidcClient, Realm, Secret,
};

/// A realm with the client `shop`, which may call `orders`, and its token source.
async fn shop() -> (FakeKeycloak, Realm, OidcClient) {
    let fake = FakeKeycloak::start().await;
    fake.model().set_realm("acme");
    let spec = ClientSpec::new("shop".parse().unwrap(), "acme/prod/shop".parse().unwrap())
        .redirect_uri("https://shop.acme.test/callback".parse().unwrap())
        .service_account(true)
        .audience("orders");
    let registrar = fake.keycloak().unwrap().registrar("acme".parse().unwrap());
    let secret = registrar.ensure(&spec).await.unwrap().secret.unwrap();
    let realm = fake.realm("acme").unwrap();
    let credential = ClientCredential::Secret(secret);
    let client = OidcClient::builder(realm.clone(), "shop".parse().unwrap(), credential).build().unwrap();
    (fake, realm, client)
}

async fn token(client: &OidcClient) -> Secret {
    client.client_credentials(&[]).await.unwrap().access_token
}

fn verifier(realm: &Realm, audience: &str) -> TokenVerifier {
    TokenVerifier::builder(realm, audience).build().unwrap()
}

#[tokio::test]
async fn a_registered_client_calls_a_service_that_verifies() {
    let (fake, realm, client) = shop().await;
    let verifier = verifier(&realm, "orders");
    let logs = LogCapture::default();
    let _listening = logs.listen();
    for _ in 0..3 {
        let token = token(&client).await;
        let caller = verifier.verify_access(token.expose()).await.unwrap();
        assert_eq!((caller.client_id(), caller.username()), (Some("shop"), Some("service-account-shop")));
        let other = self::verifier(&realm, "billing").verify_access(token.expose()).await.unwrap_err();
        assert_eq!(other.code(), Some("wrong_audience"));
        let signature = token.expose().rsplit('.').next().unwrap();
        logs.assert_absent(&[token.expose(), signature]);
    }
    assert_eq!(fake.model().requests().of(Route::Jwks), 4, "one for each verifier");
}

#[tokio::test]
async fn rotated_keys_are_found_and_dropped_ones_are_forgotten() {
    let (fake, realm, client) = shop().await;
    let verifier = verifier(&realm, "orders");
    let old = token(&client).await;
    verifier.verify_access(old.expose()).await.unwrap();
    fake.model().rotate_keys("acme");
    let new = token(&client).await;
    verifier.verify_access(new.expose()).await.unwrap();
    verifier.verify_access(old.expose()).await.unwrap();
    fake.model().rotate_keys("acme");
    fake.model().drop_old_keys("acme");
    verifier.verify_access(token(&client).await.expose()).await.unwrap();
    let gone = verifier.verify_access(old.expose()).await.unwrap_err();
    assert_eq!((gone.kind(), gone.code()), (ErrorKind::Unauthenticated, Some("unknown_key")));
}

#[tokio::test]
async fn the_public_name_stands_in_tokens_and_the_calls_go_inside() {
    let (fake, realm, client) = shop().await;
    let token = token(&client).await;
    let port = realm.server().port().unwrap();
    let outside = Realm::new("acme".parse().unwrap(), &format!("http://localhost:{port}")).unwrap();
    let outside = outside.back_channel(&fake.address()).unwrap();
    let error = verifier(&outside, "orders").verify_access(token.expose()).await.unwrap_err();
    assert_eq!(error.code(), Some("wrong_issuer"), "{error}");

    let found = Discovery::fetch(&realm, catalyst_core::tls::TlsConfig::default()).await.unwrap();
    assert_eq!(found.keys().path(), "/realms/acme/protocol/openid-connect/certs");
    let error = Discovery::fetch(&outside, catalyst_core::tls::TlsConfig::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Config, Some("wrong_issuer")));
    assert!(error.to_string().contains("localhost") && error.to_string().contains("127.0.0.1"), "{error}");
}

#[tokio::test]
async fn a_realm_that_is_not_there_and_a_server_that_is_down_are_told_apart() {
    let (fake, realm, client) = shop().await;
    let token = token(&client).await;
    fake.faults().inject(FaultRule::status(503).on(Route::Jwks).until_cleared());
    let down = verifier(&realm, "orders").verify_access(token.expose()).await.unwrap_err();
    assert_eq!((down.kind(), down.code()), (ErrorKind::Unavailable, Some("keys_unavailable")));
    assert_eq!(cause(&down), Some("unavailable"));
    fake.faults().clear();
    fake.model().remove_realm("acme");
    let gone = verifier(&realm, "orders").verify_access(token.expose()).await.unwrap_err();
    assert_eq!((gone.code(), cause(&gone)), (Some("keys_unavailable"), Some("realm_not_found")));
}

fn cause(error: &catalyst_keycloak::Error) -> Option<&'static str> {
    let source = std::error::Error::source(error)?;
    source.downcast_ref::<catalyst_keycloak::Error>()?.code()
}

#[tokio::test]
async fn a_thousand_cold_verifications_make_one_request() {
    let (fake, realm, client) = shop().await;
    let (token, verifier) = (Arc::new(token(&client).await), verifier(&realm, "orders"));
    fake.faults().inject(
        FaultRule::new(catalyst_keycloak::mock::Fault::Delay(Duration::from_millis(50))).on(Route::Jwks),
    );
    let before = fake.model().requests().jwks;
    let mut runs = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let (verifier, token) = (verifier.clone(), Arc::clone(&token));
        runs.spawn(async move { verifier.verify_access(token.expose()).await.is_ok() });
    }
    assert!(runs.join_all().await.into_iter().all(|good| good));
    assert_eq!(fake.model().requests().jwks - before, 1);
}
