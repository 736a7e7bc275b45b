//! The client against the fake server.

use std::time::Duration;

use catalyst_keycloak::testing::FakeKeycloak;
use catalyst_keycloak::testing::contract::{self, ModelOperator};
use catalyst_keycloak::{
    AdminLogin, ClientCredential, ClientRegistrar as _, ClientSecrets as _, ClientSpec, ErrorKind, Keycloak,
    OidcClient, Outcome, Secret,
};

fn spec() -> ClientSpec {
    ClientSpec::new("wordpress".parse().unwrap(), "acme/prod/wordpress".parse().unwrap())
        .redirect_uri("https://blog.acme.test/oauth/callback".parse().unwrap())
        .service_account(true)
        .role("editor")
}

#[tokio::test]
async fn a_client_is_registered_once_and_logs_in() {
    let fake = FakeKeycloak::start().await;
    fake.model().set_realm("acme");
    let registrar = fake.keycloak().unwrap().registrar("acme".parse().unwrap());

    let first = registrar.ensure(&spec()).await.unwrap();
    assert_eq!(first.outcome, Outcome::Created);
    let written = fake.model().requests().writes;
    let second = registrar.ensure(&spec()).await.unwrap();
    assert_eq!((second.outcome, second.changes), (Outcome::Unchanged, vec![]));
    assert_eq!(fake.model().requests().writes, written, "a second run writes nothing");

    let secret = first.secret.unwrap();
    assert_eq!(secret.expose().len(), 86);
    let realm = fake.realm("acme").unwrap();
    let credential = ClientCredential::Secret(secret.clone());
    let client = OidcClient::builder(realm, "wordpress".parse().unwrap(), credential).build().unwrap();
    client.client_credentials(&[]).await.unwrap();
    assert!(registrar.accepts(&"wordpress".parse().unwrap(), &secret).await.unwrap());
}

#[tokio::test]
async fn under_the_policy_the_old_secret_lives_for_a_day() {
    let fake = FakeKeycloak::start().await;
    fake.model().set_realm("acme");
    let registrar = fake.keycloak().unwrap().registrar("acme".parse().unwrap());
    let id = "wordpress".parse().unwrap();
    let old = registrar.ensure(&spec()).await.unwrap().secret.unwrap();

    assert!(!registrar.overlaps(&id).await.unwrap());
    fake.model().set_rotation_policy("acme", true);
    assert!(registrar.overlaps(&id).await.unwrap());
    let new = registrar.regenerate(&id).await.unwrap();
    assert!(registrar.accepts(&id, &old).await.unwrap() && registrar.accepts(&id, &new).await.unwrap());
    fake.model().advance(Duration::from_secs(86_401));
    assert!(!registrar.accepts(&id, &old).await.unwrap() && registrar.accepts(&id, &new).await.unwrap());
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let fake = FakeKeycloak::start().await;
    for (name, policy) in [("plain", false), ("rotating", true)] {
        fake.model().set_realm(name);
        fake.model().set_rotation_policy(name, policy);
        let registrar = fake.keycloak().unwrap().registrar(name.parse().unwrap());
        let operator = ModelOperator::new(fake.model().clone(), name.parse().unwrap());
        if policy {
            contract::secrets::with_policy(&registrar, &registrar, &operator).await;
        } else {
            contract::registrar::all(&registrar, &operator).await;
            contract::secrets::without_policy(&registrar, &registrar, &operator).await;
        }
    }
}

#[tokio::test]
async fn an_administrators_token_ends_after_a_minute() {
    let fake = FakeKeycloak::start().await;
    fake.model().set_realm("acme");
    let registrar = fake.keycloak().unwrap().registrar("acme".parse().unwrap());
    registrar.ensure(&spec()).await.unwrap();
    fake.model().advance(Duration::from_secs(59));
    registrar.ensure(&spec()).await.unwrap();
    assert_eq!(fake.model().requests().tokens, 1);
    fake.model().advance(Duration::from_secs(1));
    assert_eq!(registrar.ensure(&spec()).await.unwrap().outcome, Outcome::Unchanged);
    assert_eq!(fake.model().requests().tokens, 2, "a refused token is replaced once");
}

#[tokio::test]
async fn a_role_that_is_missing_is_named() {
    let fake = FakeKeycloak::start().await;
    fake.model().set_realm("acme");
    fake.model().set_service_account("acme", "sdk", "s3cret", &["view-clients"]);
    let credential = ClientCredential::Secret(Secret::new("s3cret"));
    let login =
        AdminLogin::service_account("sdk".parse().unwrap(), credential).realm("acme".parse().unwrap());
    let keycloak = Keycloak::builder(&fake.address()).unwrap().admin(login).build().unwrap();
    let registrar = keycloak.registrar("acme".parse().unwrap());
    let refused = registrar.ensure(&spec()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
    assert!(refused.help().unwrap().contains("manage-clients"), "{refused}");
    fake.model().set_service_account("acme", "sdk", "s3cret", &["manage-clients"]);
    assert_eq!(registrar.ensure(&spec()).await.unwrap().outcome, Outcome::Created);
}

#[tokio::test]
async fn a_client_that_is_older_than_the_policy_can_be_updated() {
    let fake = FakeKeycloak::start().await;
    fake.model().set_realm("acme");
    let registrar = fake.keycloak().unwrap().registrar("acme".parse().unwrap());
    let (id, owner) = ("wordpress".parse().unwrap(), "acme/prod/wordpress".parse().unwrap());
    let secret = registrar.ensure(&spec()).await.unwrap().secret.unwrap();
    fake.model().set_rotation_policy("acme", true);
    let updated = registrar.ensure(&spec().description("new")).await.unwrap();
    assert_eq!(updated.outcome, Outcome::Updated);
    registrar.set_enabled(&id, &owner, false).await.unwrap();
    registrar.set_enabled(&id, &owner, true).await.unwrap();
    assert!(registrar.accepts(&id, &secret).await.unwrap());
    assert!(registrar.secrets(&id).await.unwrap().expires_at.is_some());
}
