//! Realms, and what is set up once in them.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::Clock;
use catalyst_core::http::Method;
use catalyst_keycloak::jose::Algorithm;
use catalyst_keycloak::token::TokenVerifier;
use catalyst_keycloak::{
    AdminLogin, Authentication, ClientCredential, ClientRegistrar, ClientSecrets, DynamicRegistrar,
    IdentityProviderSpec, KeyPolicy, KeyStep, Keycloak, ManagementRole, MemoryRegistrationStore,
    OrganizationSpec, Outcome, ProviderKind, RealmAdmin, RealmChange, RealmSpec, RegistrationAccess,
    SecretRotationPolicy, SenderConstraint,
};
use catalyst_tests::servers::AssertionIssuer;
use serde_json::json;

use super::stage::{OWNER, Stage, code, robot};

/// A realm that the SDK made.
async fn declared(name: &str) -> (Stage, RealmAdmin, RealmChange) {
    let stage = Stage::at(name).await;
    let realm = stage.keycloak().realm(stage.name().clone());
    let change = realm.ensure(&RealmSpec::new()).await.unwrap();
    (stage, realm, change)
}

fn is_unchanged(change: &RealmChange) -> bool {
    change.is_unchanged() && change.writes == 0 && change.changes.is_empty()
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_realm_is_as_the_platform_wants_it_and_returns_to_that() {
    let (stage, realm, made) = declared("declared").await;
    assert_eq!(made.outcome, Outcome::Created);
    assert!(is_unchanged(&realm.ensure(&RealmSpec::new()).await.unwrap()));
    let path = format!("/{}", stage.name());
    let shown = stage.admin.call(Method::Get, &path, None).await.unwrap();
    assert_eq!((&shown["accessTokenLifespan"], &shown["bruteForceProtected"]), (&json!(900), &json!(true)));

    let by_hand = json!({ "accessTokenLifespan": 60, "displayNameHtml": "<b>Acme</b>" });
    stage.admin.call(Method::Put, &path, Some(&by_hand)).await.unwrap();
    let undone = realm.ensure(&RealmSpec::new()).await.unwrap();
    assert_eq!((undone.outcome, undone.changes.len()), (Outcome::Updated, 1), "{:?}", undone.changes);
    let shown = stage.admin.call(Method::Get, &path, None).await.unwrap();
    assert_eq!(
        (&shown["accessTokenLifespan"], &shown["displayNameHtml"]),
        (&json!(900), &json!("<b>Acme</b>"))
    );

    let registrar = stage.keycloak().registrar(stage.name().clone());
    let secret = registrar.ensure(&robot("robot")).await.unwrap().secret.unwrap();
    let token = stage.oidc("robot", ClientCredential::Secret(secret)).client_credentials(&[]).await.unwrap();
    assert!(token.remaining() > Duration::from_mins(10));
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn policies_are_in_force_once_they_are_ensured() {
    let (stage, realm, _) = declared("declared-policies").await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let id = "app".parse().unwrap();
    registrar.ensure(&robot("app")).await.unwrap();
    assert!(!registrar.overlaps(&id).await.unwrap());
    let policy = SecretRotationPolicy::default();
    assert_eq!(realm.ensure_secret_rotation(&policy).await.unwrap().outcome, Outcome::Created);
    assert_eq!(realm.ensure_fapi2(SenderConstraint::MutualTls).await.unwrap().outcome, Outcome::Created);
    assert!(is_unchanged(&realm.ensure_secret_rotation(&policy).await.unwrap()));
    assert!(is_unchanged(&realm.ensure_fapi2(SenderConstraint::MutualTls).await.unwrap()));
    assert_eq!(realm.secret_rotation().await.unwrap(), Some(policy));

    assert!(registrar.overlaps(&id).await.unwrap());
    let old = registrar.secrets(&id).await.unwrap().current;
    let new = registrar.regenerate(&id).await.unwrap();
    assert!(stage.lets_in("app", &old).await && stage.lets_in("app", &new).await);
    assert!(realm.remove_fapi2().await.unwrap() && realm.remove_secret_rotation().await.unwrap());
    assert!(!registrar.overlaps(&id).await.unwrap());

    // A service account with the roles of a registrar needs no bootstrap administrator.
    let made = realm.ensure_service_account(&robot("registrar"), &ManagementRole::REGISTRAR).await.unwrap();
    let again = realm.ensure_service_account(&robot("registrar"), &ManagementRole::REGISTRAR).await.unwrap();
    assert!(is_unchanged(&again.roles), "{:?}", again.roles);
    let credential = ClientCredential::Secret(made.registration.secret.unwrap());
    let login =
        AdminLogin::service_account("registrar".parse().unwrap(), credential).realm(stage.name().clone());
    let keycloak = Keycloak::builder(stage.server.address()).unwrap().admin(login).build().unwrap();
    let registrar = keycloak.registrar(stage.name().clone());
    registrar.ensure(&robot("by-registrar")).await.unwrap();
    assert!(!registrar.overlaps(&"by-registrar".parse().unwrap()).await.unwrap());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_trust_domain_that_the_sdk_declared_logs_workloads_in() {
    let (stage, realm, _) = declared("declared-trust").await;
    let issuer = AssertionIssuer::start(Algorithm::Es256).await.unwrap();
    let kind =
        ProviderKind::Spiffe { trust_domain: "declared.test".to_owned(), bundle_endpoint: issuer.bundle() };
    let spec = IdentityProviderSpec::new("spire", kind);
    assert_eq!(realm.ensure_identity_provider(&spec).await.unwrap().outcome, Outcome::Created);
    assert!(is_unchanged(&realm.ensure_identity_provider(&spec).await.unwrap()));
    let subject = "spiffe://declared.test/ns/shop/sa/orders".to_owned();
    let federated = Authentication::Federated { issuer: "spire".to_owned(), subject: subject.clone() };
    let registrar = stage.keycloak().registrar(stage.name().clone());
    registrar.ensure(&robot("orders").authentication(federated)).await.unwrap();
    let client = stage.oidc("orders", ClientCredential::JwtSvid(Arc::new(issuer.svids(&subject))));
    client.client_credentials(&[]).await.unwrap();
    assert!(realm.remove_identity_provider("spire").await.unwrap());
    assert_eq!(code(&client.client_credentials(&[]).await.unwrap_err()), "bad_credentials");

    let shop = OrganizationSpec::new("shop", "The shop").domain("shop.test");
    assert_eq!(realm.ensure_organization(&shop).await.unwrap().outcome, Outcome::Created);
    assert!(is_unchanged(&realm.ensure_organization(&shop).await.unwrap()));
    assert!(realm.remove_organization("shop").await.unwrap());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keys_follow_one_another_and_no_token_is_refused() {
    let stage = Stage::open("acme-following", false).await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let secret = registrar.ensure(&robot("caller")).await.unwrap().secret.unwrap();
    let client = stage.oidc("caller", ClientCredential::Secret(secret));
    let token = async || client.client_credentials(&[]).await.unwrap().access_token;
    let verifier = || TokenVerifier::builder(&stage.realm, "caller").build().unwrap();
    let (clock, hand) = Clock::manual();
    let realm = stage.keycloak().realm(stage.name().clone()).with_clock(clock);
    let policy = KeyPolicy::new(Algorithm::Rs256);

    let old = token().await;
    assert_eq!(realm.rotate_keys(&policy).await.unwrap().done, [KeyStep::Publish]);
    let published = token().await;
    hand.advance(Duration::from_mins(61));
    assert_eq!(realm.advance_keys(&policy).await.unwrap().done.first(), Some(&KeyStep::Activate));
    let new = token().await;
    let fresh = verifier();
    for token in [&old, &published, &new] {
        fresh.verify_access(token.expose()).await.unwrap();
    }
    hand.advance(Duration::from_hours(25));
    let done = realm.advance_keys(&policy).await.unwrap();
    assert_eq!((done.done.last(), done.next), (Some(&KeyStep::Remove), None));
    let later = verifier();
    later.verify_access(new.expose()).await.unwrap();
    assert_eq!(code(&later.verify_access(old.expose()).await.unwrap_err()), "unknown_key");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_client_registers_itself_with_a_token_and_no_administrator() {
    let stage = Stage::open("acme-dynamic", false).await;
    let realm = stage.keycloak().realm(stage.name().clone());
    realm.allow_audience_mappers().await.unwrap();
    let access = realm.create_initial_access(1, Duration::from_mins(10)).await.unwrap().token.unwrap();
    let store = MemoryRegistrationStore::new();
    let access = RegistrationAccess::Initial(access);
    let registrar = DynamicRegistrar::builder(stage.realm.clone(), access, store).build().unwrap();
    let made = registrar.ensure(&robot("itself")).await.unwrap();
    assert_eq!(made.outcome, Outcome::Created);
    assert!(stage.lets_in("itself", &made.secret.unwrap()).await);
    assert_eq!(registrar.ensure(&robot("itself")).await.unwrap().outcome, Outcome::Unchanged);
    let renamed = registrar.ensure(&robot("itself").name("Itself")).await.unwrap();
    assert_eq!(renamed.outcome, Outcome::Updated, "{:?}", renamed.changes);
    // The token allowed one.
    assert!(registrar.ensure(&robot("another")).await.is_err());
    let (id, owner) = ("itself".parse().unwrap(), OWNER.parse().unwrap());
    assert!(registrar.remove(&id, &owner).await.unwrap());
    assert_eq!(stage.client("itself").await, None);
}
