//! A server that hangs, goes away and comes back.

use std::time::Duration;

use catalyst_core::{ErrorKind, RetryConfig};
use catalyst_keycloak::token::TokenVerifier;
use catalyst_keycloak::{ClientCredential, ClientRegistrar, Keycloak, OidcClient, Realm};
use catalyst_tests::servers::{KeycloakServer, keycloak_setup};

use super::stage::{administrator, code, robot};

const LIMIT: Duration = Duration::from_millis(500);

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn while_the_server_is_away_known_keys_verify_and_calls_fail_typed_and_then_all_is_well() {
    let mut server = KeycloakServer::start().await.unwrap();
    keycloak_setup::realm(&server.admin().unwrap(), "acme").await.unwrap();
    let realm = Realm::new("acme".parse().unwrap(), server.address()).unwrap();
    let keycloak = Keycloak::builder(server.address()).unwrap().admin(administrator()).build().unwrap();
    let registrar = keycloak.registrar("acme".parse().unwrap());
    let secret = registrar.ensure(&robot("a")).await.unwrap().secret.unwrap();
    let credential = ClientCredential::Secret(secret);
    let patient =
        OidcClient::builder(realm.clone(), "a".parse().unwrap(), credential.clone()).build().unwrap();
    let hasty = OidcClient::builder(realm.clone(), "a".parse().unwrap(), credential)
        .timeout(LIMIT)
        .retry(RetryConfig::never())
        .build()
        .unwrap();
    let hasty_keycloak = Keycloak::builder(server.address())
        .unwrap()
        .admin(administrator())
        .timeout(Duration::from_secs(5))
        .retry(RetryConfig::never())
        .build()
        .unwrap();
    let hasty_registrar = hasty_keycloak.registrar("acme".parse().unwrap());
    hasty_registrar.find(&"a".parse().unwrap()).await.unwrap();
    let token = patient.client_credentials(&[]).await.unwrap().access_token;
    let verifier = TokenVerifier::builder(&realm, "a").build().unwrap();
    verifier.verify_access(token.expose()).await.unwrap();

    server.freeze().await.unwrap();
    let error = hasty.client_credentials(&[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    let error = hasty_registrar.ensure(&robot("b")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    verifier.verify_access(token.expose()).await.unwrap();
    let blind = TokenVerifier::builder(&realm, "a").build().unwrap();
    let error = blind.verify_access(token.expose()).await.unwrap_err();
    assert_eq!((error.kind(), code(&error)), (ErrorKind::Unavailable, "keys_unavailable"), "{error}");
    server.thaw().unwrap();
    patient.client_credentials(&[]).await.unwrap();
    blind_recovers(&blind, token.expose()).await;

    server.stop().await.unwrap();
    let error = hasty.client_credentials(&[]).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome_unknown()), (ErrorKind::Connect, false), "{error}");
    let error = hasty_registrar.ensure(&robot("b")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    verifier.verify_access(token.expose()).await.unwrap();

    server.restart().await.unwrap();
    patient.client_credentials(&[]).await.unwrap();
    registrar.ensure(&robot("b")).await.unwrap();
    assert_eq!(registrar.ensure(&robot("a")).await.unwrap().writes, 0);
    let again = patient.client_credentials(&[]).await.unwrap().access_token;
    verifier.verify_access(again.expose()).await.unwrap();
}

/// It asks for keys again once its back-off is over.
async fn blind_recovers(verifier: &TokenVerifier, token: &str) {
    catalyst_tests::servers::poll::until("the keys to be fetched", Duration::from_secs(30), async || {
        Ok(verifier.verify_access(token).await.ok())
    })
    .await
    .unwrap();
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_realm_or_client_that_was_deleted_is_told_as_such() {
    let stage = super::stage::Stage::open("acme-doomed", false).await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let secret = registrar.ensure(&robot("gone")).await.unwrap().secret.unwrap();
    let client = stage.oidc("gone", ClientCredential::Secret(secret));
    client.client_credentials(&[]).await.unwrap();

    stage.admin.remove_client(stage.name().as_str(), "gone").await.unwrap();
    assert_eq!(code(&client.client_credentials(&[]).await.unwrap_err()), "bad_credentials");
    assert!(registrar.find(&"gone".parse().unwrap()).await.unwrap().is_none());

    let path = format!("/{}", stage.name());
    stage.admin.call(catalyst_core::http::Method::Delete, &path, None).await.unwrap();
    assert_eq!(code(&client.client_credentials(&[]).await.unwrap_err()), "realm_not_found");
    assert_eq!(code(&registrar.ensure(&robot("gone")).await.unwrap_err()), "realm_not_found");
}
