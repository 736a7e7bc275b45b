//! Tokens as the real server makes them, verified without it.

use std::sync::Arc;

use catalyst_core::http::{HttpClient, HttpConfig, Method, Request};
use catalyst_core::tls::{TlsConfig, TlsIdentitySource};
use catalyst_core::{ErrorKind, Secret};
use catalyst_keycloak::jose::Algorithm;
use catalyst_keycloak::token::{Discovery, DpopKey, TokenVerifier};
use catalyst_keycloak::{
    Authentication, ClientCredential, ClientRegistrar, ClientSpec, Introspection, OidcClient, Outcome,
    Profile,
};
use catalyst_tests::servers::keycloak_setup;
use serde_json::Value;

use super::stage::{Stage, code, robot};

/// A service that others call with tokens of this client.
const AUDIENCE: &str = "orders-api";

async fn client(stage: &Stage, spec: ClientSpec) -> OidcClient {
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let made = registrar.ensure(&spec).await.unwrap();
    stage.oidc(spec.id().as_str(), ClientCredential::Secret(made.secret.unwrap()))
}

async fn token(client: &OidcClient) -> Secret {
    client.client_credentials(&[]).await.unwrap().access_token
}

fn verifier(stage: &Stage) -> TokenVerifier {
    TokenVerifier::builder(&stage.realm, AUDIENCE).build().unwrap()
}

async fn refused(verifier: &TokenVerifier, token: &str) -> String {
    let error = verifier.verify_access(token).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    code(&error).to_owned()
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_token_is_good_for_its_audience_and_its_realm_and_nobody_elses() {
    let stage = Stage::plain().await;
    let caller = client(&stage, robot("caller").audience(AUDIENCE)).await;
    let good = token(&caller).await;
    let verified = verifier(&stage).verify_access(good.expose()).await.unwrap();
    assert_eq!(verified.client_id(), Some("caller"));
    assert!(verified.audiences().iter().any(|audience| audience == AUDIENCE));
    assert!(!verified.is_bound());

    let other = TokenVerifier::builder(&stage.realm, "billing-api").build().unwrap();
    assert_eq!(refused(&other, good.expose()).await, "wrong_audience");
    let tampered = good.expose().replace('.', ".e30");
    assert_ne!(refused(&verifier(&stage), &tampered).await, "");
    // Each realm has keys of its own.
    let rotating = Stage::rotating().await;
    assert_eq!(refused(&verifier(&rotating), good.expose()).await, "unknown_key");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn the_audience_that_every_token_has_by_default_is_refused() {
    let stage = Stage::plain().await;
    let (realm, secret) = (stage.name().as_str(), Secret::new("s3cret"));
    keycloak_setup::service_account(&stage.admin, realm, "by-hand", &secret, &["view-clients"])
        .await
        .unwrap();
    let token = token(&stage.oidc("by-hand", ClientCredential::Secret(secret))).await;
    for audience in [AUDIENCE, "by-hand"] {
        let verifier = TokenVerifier::builder(&stage.realm, audience).build().unwrap();
        assert_eq!(refused(&verifier, token.expose()).await, "wrong_audience");
    }
    let error = TokenVerifier::builder(&stage.realm, "account").build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn every_algorithm_verifies_and_new_keys_are_found_at_once() {
    let stage = Stage::open("acme-keys", false).await;
    let realm = stage.name().as_str();
    let known = verifier(&stage);
    let mut priority = 200;
    for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa] {
        keycloak_setup::new_signing_key(&stage.admin, realm, algorithm.as_str(), priority).await.unwrap();
        let id = format!("signs-{}", algorithm.as_str().to_lowercase());
        let spec =
            robot(&id).audience(AUDIENCE).attribute("access.token.signed.response.alg", algorithm.as_str());
        let token = token(&client(&stage, spec).await).await;
        // Two new keys in a row are found at once; a third one could have to wait for the throttle.
        let verifier = if algorithm == Algorithm::EdDsa { &verifier(&stage) } else { &known };
        let caller = verifier.verify_access(token.expose()).await.unwrap();
        assert_eq!(caller.client_id(), Some(id.as_str()), "{algorithm}");
        priority += 10;
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn after_a_key_rotation_old_and_new_tokens_verify_until_the_old_key_is_withdrawn() {
    let stage = Stage::open("acme-rolled", false).await;
    let realm = stage.name().as_str();
    let caller = client(&stage, robot("caller").audience(AUDIENCE)).await;
    let running = verifier(&stage);
    let old = token(&caller).await;
    running.verify_access(old.expose()).await.unwrap();

    keycloak_setup::new_signing_key(&stage.admin, realm, "RS256", 500).await.unwrap();
    let new = token(&caller).await;
    running.verify_access(new.expose()).await.unwrap();
    running.verify_access(old.expose()).await.unwrap();

    keycloak_setup::drop_signing_keys_below(&stage.admin, realm, 500).await.unwrap();
    let fresh = verifier(&stage);
    fresh.verify_access(new.expose()).await.unwrap();
    assert_eq!(refused(&fresh, old.expose()).await, "unknown_key");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn introspection_sees_what_verification_cannot() {
    let stage = Stage::plain().await;
    let caller = client(&stage, robot("revoking").audience(AUDIENCE)).await;
    let token = token(&caller).await;
    let Introspection::Active(active) = caller.introspect(&token).await.unwrap() else { panic!("inactive") };
    assert!(active.audience.iter().any(|audience| audience == "revoking"));
    caller.revoke(&token).await.unwrap();
    assert!(caller.introspect(&token).await.unwrap().active().is_none());
    verifier(&stage).verify_access(token.expose()).await.unwrap();
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_token_bound_to_a_certificate_needs_that_certificate() {
    let stage = Stage::plain().await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let spec = robot("bound")
        .audience(AUDIENCE)
        .authentication(Authentication::MutualTls { subject: "CN=bound".to_owned() })
        .profile(Profile::Fapi2);
    assert_eq!(registrar.ensure(&spec).await.unwrap().outcome, Outcome::Created);
    let certificate = stage.server.client_certificate("bound").unwrap();
    let leaf = |certificate: &dyn TlsIdentitySource| certificate.current().unwrap().leaf().to_vec();
    let tls = stage.server.tls().unwrap().identity(Arc::new(certificate.clone()));
    let realm = stage.realm.clone().back_channel(stage.server.tls_address()).unwrap();
    let caller = OidcClient::builder(realm, "bound".parse().unwrap(), ClientCredential::MutualTls)
        .tls(tls)
        .build()
        .unwrap();
    let token = token(&caller).await;
    let verifier = verifier(&stage);
    assert!(verifier.verify_mtls(token.expose(), &leaf(&certificate)).await.unwrap().is_bound());
    let other = stage.server.client_certificate("bound").unwrap();
    let error = verifier.verify_mtls(token.expose(), &leaf(&other)).await.unwrap_err();
    assert_eq!(code(&error), "wrong_certificate", "{error}");
    assert_eq!(refused(&verifier, token.expose()).await, "proof_required");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_token_that_is_bound_by_dpop_needs_its_proof() {
    let stage = Stage::plain().await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let spec = robot("dpop-bound").audience(AUDIENCE).attribute("dpop.bound.access.tokens", "true");
    let secret = registrar.ensure(&spec).await.unwrap().secret.unwrap();
    let found = Discovery::fetch(&stage.realm, TlsConfig::default()).await.unwrap();
    let http = HttpClient::new(HttpConfig::new("keycloak")).unwrap();
    let (verifier, orders) = (verifier(&stage), "https://orders.test/orders/7".parse().unwrap());
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256, Algorithm::Rs256] {
        let key = DpopKey::generate(algorithm).unwrap();
        let form =
            format!("grant_type=client_credentials&client_id=dpop-bound&client_secret={}", secret.expose());
        let proof = key.proof("POST", found.token(), None, None).unwrap();
        let request = Request::new(Method::Post, found.token().clone(), "request a token")
            .bytes("application/x-www-form-urlencoded", form.into_bytes().into())
            .secret_header("dpop", &proof)
            .unwrap();
        let answer: Value = http.send(request).await.unwrap().json().unwrap();
        assert_eq!(answer["token_type"], "DPoP", "{algorithm}: {}", answer["error"]);
        let token = Secret::from(answer["access_token"].as_str().unwrap());

        let proof = key.proof("GET", &orders, Some(&token), None).unwrap();
        let caller = verifier.verify_dpop(token.expose(), proof.expose(), "GET", &orders).await.unwrap();
        assert!(caller.is_bound());
        let other = verifier.verify_dpop(token.expose(), proof.expose(), "POST", &orders).await.unwrap_err();
        assert_eq!(code(&other), "invalid_dpop_proof");
        let again = verifier.verify_dpop(token.expose(), proof.expose(), "GET", &orders).await.unwrap_err();
        assert_eq!(code(&again), "replayed");
        let bare = verifier.verify_access(token.expose()).await.unwrap_err();
        assert_eq!(code(&bare), "proof_required");
    }
}
