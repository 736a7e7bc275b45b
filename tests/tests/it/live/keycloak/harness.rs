//! The server itself does what the harness says of it.

use std::path::Path;

use catalyst_core::http::Method;
use catalyst_core::{ErrorKind, Secret};
use catalyst_tests::servers::{KeycloakServer, keycloak_setup};
use serde_json::json;

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keycloak_survives_a_restart_with_its_data_and_ends_with_its_value() {
    let mut keycloak = KeycloakServer::start().await.unwrap();
    let admin = keycloak.admin().unwrap();
    let secret = Secret::new("canary-secret");
    let client = json!({ "clientId": "a", "secret": secret.expose(), "serviceAccountsEnabled": true });
    admin.call(Method::Post, "/master/clients", Some(&client)).await.unwrap();
    assert!(admin.lets_in("master", "a", &secret).await.unwrap());
    assert!(!admin.lets_in("master", "a", &Secret::new("wrong")).await.unwrap());

    keycloak.stop().await.unwrap();
    assert_eq!(admin.lets_in("master", "a", &secret).await.unwrap_err().kind(), ErrorKind::Connect);
    keycloak.restart().await.unwrap();
    assert!(admin.lets_in("master", "a", &secret).await.unwrap());

    let (pid, folder) = (keycloak.pid(), keycloak.folder().to_owned());
    drop(keycloak);
    assert!(!Path::new(&format!("/proc/{pid}")).exists() && !folder.exists());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_realm_has_its_users_service_accounts_and_keys() {
    let admin = KeycloakServer::shared().await.unwrap().admin().unwrap();
    let realm = "harness";
    keycloak_setup::realm(&admin, realm).await.unwrap();
    let (password, secret) = (Secret::new("p4ssword"), Secret::new("s3cret"));
    keycloak_setup::user(&admin, realm, "alice", &password).await.unwrap();
    keycloak_setup::service_account(&admin, realm, "robot", &secret, &["manage-clients"]).await.unwrap();
    assert!(admin.lets_in(realm, "robot", &secret).await.unwrap());

    let keys = async || {
        let keys = admin.call(Method::Get, &format!("/{realm}/keys"), None).await.unwrap();
        (keys["active"]["RS256"].as_str().unwrap().to_owned(), keys["keys"].as_array().unwrap().len())
    };
    let (first, count) = keys().await;
    keycloak_setup::new_signing_key(&admin, realm, "RS256", 200).await.unwrap();
    let (second, more) = keys().await;
    assert!(first != second && more == count + 1);
    keycloak_setup::drop_signing_keys_below(&admin, realm, 200).await.unwrap();
    assert_eq!(keys().await, (second, count));
}
