//! Realms and what is set up once in them, as the server sees it.

use std::time::Duration;

use catalyst_core::http::Method;
use catalyst_core::{Clock, ErrorKind, Secret};
use catalyst_keycloak::jose::Algorithm;
use catalyst_keycloak::token::TokenVerifier;
use catalyst_keycloak::{
    AdminLogin, Authentication, ClientCredential, ClientRegistrar, IdentityProviderSpec, KeyPolicy, KeyStep,
    Keycloak, ManagementRole, OrganizationSpec, Outcome, Profile, ProviderKind, RealmChange, RealmSpec,
    SecretRotationPolicy, SenderConstraint,
};
use catalyst_tests::servers::AssertionIssuer;
use serde_json::{Value, json};

use super::stage::{Stage, code, keycloak, robot};

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

fn cost(change: &RealmChange) -> (Outcome, u32, u32) {
    (change.outcome, change.reads, change.writes)
}

async fn shown(stage: &Stage, path: &str) -> Value {
    stage.admin.call(Method::Get, &format!("/{}{path}", stage.name()), None).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn six_at_once_make_one_realm_and_drift_is_mended_and_nothing_else() {
    let stage = Stage::plain().await;
    let name = "made-by-six";
    let runs: Vec<_> = (0..6)
        .map(|_| {
            // Each with a login of its own, as six processes have.
            let realm = keycloak(stage.server).realm(name.parse().unwrap());
            tokio::spawn(async move { realm.ensure(&RealmSpec::new()).await.unwrap() })
        })
        .collect();
    let mut created = 0;
    for run in runs {
        created += u32::from(run.await.unwrap().outcome == Outcome::Created);
    }
    assert_eq!(created, 1);
    let realm = stage.keycloak().realm(name.parse().unwrap());
    let again = realm.ensure(&RealmSpec::new()).await.unwrap();
    assert_eq!(cost(&again), (Outcome::Unchanged, 2, 0), "{:?}", again.changes);

    let path = format!("/{name}");
    let by_hand = json!({ "accessTokenLifespan": 60, "rememberMe": true, "displayName": "By hand" });
    stage.admin.call(Method::Put, &path, Some(&by_hand)).await.unwrap();
    stage.admin.call(Method::Delete, &format!("{path}/roles/org-viewer"), None).await.unwrap();
    let mended = realm.ensure(&RealmSpec::new()).await.unwrap();
    assert_eq!(mended.changes, ["accessTokenLifespan: 60 -> 900", "role \"org-viewer\" is missing"]);
    let found = stage.admin.call(Method::Get, &path, None).await.unwrap();
    assert_eq!(found["accessTokenLifespan"], 900);
    assert_eq!((&found["rememberMe"], &found["displayName"]), (&json!(true), &json!("By hand")), "not ours");
    assert_eq!(found["bruteForceProtected"], true);
    assert_eq!(found["ssoSessionMaxLifespan"], 30 * 86_400);
    stage.admin.call(Method::Delete, &path, None).await.unwrap();
    assert!(!realm.exists().await.unwrap());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn client_policies_of_others_stay_and_secrets_overlap_as_declared() {
    let stage = Stage::open("policies", false).await;
    let realm = stage.keycloak().realm(stage.name().clone());
    let executors = json!([{ "executor": "pkce-enforcer", "configuration": { "auto-configure": true } }]);
    let profiles =
        json!({ "profiles": [{ "name": "theirs", "description": "by hand", "executors": executors }] });
    let at = |list: &str| format!("/{}/client-policies/{list}", stage.name());
    stage.admin.call(Method::Put, &at("profiles"), Some(&profiles)).await.unwrap();
    assert_eq!(realm.secret_rotation().await.unwrap(), None);

    let policy = SecretRotationPolicy::default();
    assert_eq!(realm.ensure_secret_rotation(&policy).await.unwrap().outcome, Outcome::Created);
    assert_eq!(cost(&realm.ensure_secret_rotation(&policy).await.unwrap()), (Outcome::Unchanged, 2, 0));
    assert_eq!(realm.secret_rotation().await.unwrap(), Some(policy));
    let shorter = SecretRotationPolicy { overlap: Duration::from_secs(3600), ..policy };
    assert_eq!(realm.ensure_secret_rotation(&shorter).await.unwrap().outcome, Outcome::Updated);
    assert_eq!(realm.secret_rotation().await.unwrap(), Some(shorter));
    let found = shown(&stage, "/client-policies/profiles").await;
    assert_eq!(found["profiles"][0]["name"], "theirs");
    assert_eq!(found["profiles"][0]["description"], "by hand");

    assert!(realm.remove_secret_rotation().await.unwrap());
    assert_eq!(realm.secret_rotation().await.unwrap(), None);
    assert_eq!(shown(&stage, "/client-policies/profiles").await["profiles"].as_array().unwrap().len(), 1);
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_fapi_client_that_sends_a_secret_is_refused_and_others_are_not() {
    let stage = Stage::open("fapi", false).await;
    let realm = stage.keycloak().realm(stage.name().clone());
    assert_eq!(realm.ensure_fapi2(SenderConstraint::Dpop).await.unwrap().outcome, Outcome::Created);
    assert_eq!(realm.ensure_fapi2(SenderConstraint::Dpop).await.unwrap().outcome, Outcome::Unchanged);
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let made = registrar.ensure(&robot("plain")).await.unwrap();
    assert!(stage.lets_in("plain", &made.secret.clone().unwrap()).await);

    // As if somebody made it one by hand: what the registrar itself would refuse to declare.
    let by_hand = |client: &mut Value| client["attributes"]["catalyst.profile"] = json!("fapi2");
    stage.admin.edit_client(stage.name().as_str(), "plain", by_hand).await.unwrap();
    let client = stage.oidc("plain", ClientCredential::Secret(made.secret.unwrap()));
    let error = client.client_credentials(&[]).await.unwrap_err();
    assert!(error.server_message().unwrap_or_default().contains("not allowed"), "{error}");
    assert!(realm.remove_fapi2().await.unwrap());
    client.client_credentials(&[]).await.unwrap();
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn providers_converge_their_secrets_are_noticed_and_a_svid_logs_in_through_one() {
    let stage = Stage::open("providers", false).await;
    let realm = stage.keycloak().realm(stage.name().clone());
    let azure =
        |secret: &str| IdentityProviderSpec::azure_ad("azure", TENANT, "app", Secret::new(secret)).unwrap();
    let google = || IdentityProviderSpec::google("google", "g", Secret::new("gs"), Some("acme.test"));
    let apple = || IdentityProviderSpec::apple("apple", "a", Secret::new("as"));
    for spec in [azure("one"), google(), apple()] {
        assert_eq!(cost(&realm.ensure_identity_provider(&spec).await.unwrap()), (Outcome::Created, 1, 1));
        let again = realm.ensure_identity_provider(&spec).await.unwrap();
        assert_eq!(cost(&again), (Outcome::Unchanged, 1, 0), "{:?}", again.changes);
    }
    let changed = realm.ensure_identity_provider(&azure("two")).await.unwrap();
    assert_eq!(changed.changes, ["the secret differs"]);
    assert!(realm.ensure_identity_provider(&azure("two")).await.unwrap().is_unchanged());
    let found = shown(&stage, "/identity-provider/instances/azure").await.to_string();
    assert!(!found.contains("\"two\"") && found.contains("pbkdf2"), "{found}");

    let issuer = AssertionIssuer::start(Algorithm::Es256).await.unwrap();
    let spire = ProviderKind::Spiffe { trust_domain: "acme.test".into(), bundle_endpoint: issuer.bundle() };
    let spire = IdentityProviderSpec::new("spire", spire);
    assert_eq!(realm.ensure_identity_provider(&spire).await.unwrap().outcome, Outcome::Created);
    assert!(realm.ensure_identity_provider(&spire).await.unwrap().is_unchanged());
    let subject = "spiffe://acme.test/ns/shop/sa/orders";
    let how = Authentication::Federated { issuer: "spire".into(), subject: subject.into() };
    let registrar = stage.keycloak().registrar(stage.name().clone());
    registrar.ensure(&robot("keyless").authentication(how)).await.unwrap();
    let svids = ClientCredential::JwtSvid(std::sync::Arc::new(issuer.svids(subject)));
    stage.oidc("keyless", svids).client_credentials(&[]).await.unwrap();

    let assertions = |alias: &str| {
        let (issuer, jwks_url) = (issuer.address().clone(), issuer.jwks());
        IdentityProviderSpec::new(alias, ProviderKind::Assertions { issuer, jwks_url, reuse: true })
    };
    realm.ensure_identity_provider(&assertions("ci")).await.unwrap();
    assert!(realm.ensure_identity_provider(&assertions("ci")).await.unwrap().is_unchanged());
    let error = realm.ensure_identity_provider(&assertions("ci-again")).await.unwrap_err();
    assert_eq!((error.kind(), code(&error)), (ErrorKind::Conflict, "issuer_in_use"), "{error}");
    let how = Authentication::Federated { issuer: "ci".into(), subject: "repo:shop".into() };
    registrar.ensure(&robot("pipeline").authentication(how)).await.unwrap();
    let tokens = ClientCredential::Federated(std::sync::Arc::new(issuer.tokens("repo:shop")));
    stage.oidc("pipeline", tokens).client_credentials(&[]).await.unwrap();

    assert_eq!(realm.identity_providers().await.unwrap().len(), 5);
    assert!(realm.remove_identity_provider("apple").await.unwrap());
    assert!(!realm.remove_identity_provider("apple").await.unwrap());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn organizations_keep_the_domains_of_others_and_know_their_provider() {
    let stage = Stage::open("organizations", false).await;
    let realm = stage.keycloak().realm(stage.name().clone());
    realm.ensure(&RealmSpec::new()).await.unwrap();
    let spec = OrganizationSpec::new("shop", "The Shop").domain("shop.test");
    assert_eq!(cost(&realm.ensure_organization(&spec).await.unwrap()), (Outcome::Created, 1, 1));
    assert_eq!(cost(&realm.ensure_organization(&spec).await.unwrap()), (Outcome::Unchanged, 1, 0));
    let more = OrganizationSpec::new("shop", "The Shop").domain("more.test");
    assert_eq!(realm.ensure_organization(&more).await.unwrap().changes, ["domain \"more.test\" is missing"]);
    assert!(realm.ensure_organization(&spec.clone().domain("MORE.test")).await.unwrap().is_unchanged());
    let other = OrganizationSpec::new("other", "Other").domain("shop.test");
    assert_eq!(code(&realm.ensure_organization(&other).await.unwrap_err()), "domain_in_use");

    let google = IdentityProviderSpec::google("google", "g", Secret::new("gs"), None);
    realm.ensure_identity_provider(&google).await.unwrap();
    assert!(realm.link_identity_provider("shop", "google").await.unwrap());
    assert!(!realm.link_identity_provider("shop", "google").await.unwrap());
    let changed = IdentityProviderSpec::google("google", "g", Secret::new("another"), None);
    realm.ensure_identity_provider(&changed).await.unwrap();
    assert!(!realm.link_identity_provider("shop", "google").await.unwrap(), "an update keeps the link");
    let error = realm.link_identity_provider("nobody", "google").await.unwrap_err();
    assert_eq!(code(&error), "organization_not_found");
    assert!(realm.remove_organization("shop").await.unwrap());
    assert!(!realm.remove_organization("shop").await.unwrap());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn tokens_of_the_old_and_of_the_new_key_are_verified_until_the_old_one_has_no_more() {
    let stage = Stage::open("keys", false).await;
    let (clock, hand) = Clock::manual();
    let realm = stage.keycloak().realm(stage.name().clone()).with_clock(clock);
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let made = registrar.ensure(&robot("caller")).await.unwrap();
    let client = stage.oidc("caller", ClientCredential::Secret(made.secret.unwrap()));
    let token = async || client.client_credentials(&[]).await.unwrap().access_token;
    let good = async |token: &Secret| {
        // A new one each time: it knows only what is published now.
        let verifier = TokenVerifier::builder(&stage.realm, "caller").build().unwrap();
        verifier.verify_access(token.expose()).await.is_ok()
    };
    let policy = KeyPolicy::new(Algorithm::Rs256);
    assert_eq!(realm.advance_keys(&policy).await.unwrap().next, None, "none is under way");
    let before = shown(&stage, "/keys").await["active"]["RS256"].clone();
    let old = token().await;

    let begun = realm.rotate_keys(&policy).await.unwrap();
    assert_eq!(begun.done, [KeyStep::Publish]);
    assert!(matches!(begun.next, Some((KeyStep::Activate, _))));
    assert_eq!(shown(&stage, "/keys").await["active"]["RS256"], before, "it does not sign yet");
    assert_eq!(realm.rotate_keys(&policy).await.unwrap().done, [], "one at a time");

    hand.advance(Duration::from_secs(3601));
    assert_eq!(realm.advance_keys(&policy).await.unwrap().done, [KeyStep::Activate, KeyStep::Retire]);
    assert_ne!(shown(&stage, "/keys").await["active"]["RS256"], before);
    let new = token().await;
    assert!(good(&old).await && good(&new).await);

    hand.advance(Duration::from_secs(86_401));
    assert_eq!(realm.advance_keys(&policy).await.unwrap().done, [KeyStep::Remove]);
    assert!(!good(&old).await && good(&new).await);

    for algorithm in [Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa] {
        let policy = KeyPolicy::new(algorithm);
        realm.rotate_keys(&policy).await.unwrap();
        assert!(shown(&stage, "/keys").await["active"][algorithm.as_str()].is_string(), "{algorithm}");
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn the_bootstrap_administrator_is_needed_once() {
    let stage = Stage::open("administered", false).await;
    let bootstrap = stage.keycloak().realm(stage.name().clone());
    bootstrap.ensure(&RealmSpec::new()).await.unwrap();
    let spec = robot("catalyst-sdk").profile(Profile::Standard);
    let made = bootstrap.ensure_service_account(&spec, &ManagementRole::REGISTRAR).await.unwrap();
    assert_eq!(made.roles.writes, 1);
    let again = bootstrap.ensure_service_account(&spec, &ManagementRole::REGISTRAR).await.unwrap();
    assert_eq!((again.registration.writes, again.roles.writes), (0, 0), "{:?}", again.roles.changes);

    let secret = ClientCredential::Secret(made.registration.secret.unwrap());
    let login =
        AdminLogin::service_account("catalyst-sdk".parse().unwrap(), secret).realm(stage.name().clone());
    let account = Keycloak::builder(stage.server.address()).unwrap().admin(login).build().unwrap();
    let made = account.registrar(stage.name().clone()).ensure(&robot("by-account")).await.unwrap();
    assert_eq!(made.outcome, Outcome::Created);
    let realm = account.realm(stage.name().clone());
    assert!(realm.ensure(&RealmSpec::new()).await.unwrap().is_unchanged());
    let error = realm.ensure(&RealmSpec::new().display_name("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.to_string().contains("manage-realm"), "{error}");
    let error = account.realm("another".parse().unwrap()).ensure(&RealmSpec::new()).await.unwrap_err();
    assert!(error.to_string().contains("create-realm"), "{error}");
}
