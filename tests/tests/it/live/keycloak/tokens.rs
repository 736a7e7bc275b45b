//! Tokens of the real server, verified here.

use catalyst_core::http::{HttpClient, HttpConfig, Method, Request};
use catalyst_core::tls::TlsConfig;
use catalyst_core::{ErrorKind, Secret};
use catalyst_keycloak::jose::Algorithm;
use catalyst_keycloak::token::{Discovery, DpopKey, TokenVerifier};
use catalyst_keycloak::{ClientCredential, ClientRegistrar, Realm};
use catalyst_tests::servers::keycloak_setup;
use serde_json::{Value, json};

use super::stage::{Stage, code, robot};

/// A client that may call `orders`, with its secret.
async fn caller(stage: &Stage, id: &str, attribute: (&str, &str)) -> Secret {
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let made = registrar.ensure(&robot(id).audience("orders")).await.unwrap();
    let (name, value) = attribute;
    stage
        .admin
        .edit_client(stage.name().as_str(), id, |client| client["attributes"][name] = json!(value))
        .await
        .unwrap();
    made.secret.unwrap()
}

fn verifier(realm: &Realm) -> TokenVerifier {
    TokenVerifier::builder(realm, "orders").build().unwrap()
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn tokens_of_every_algorithm_verify_and_keys_that_are_gone_verify_nothing() {
    let stage = Stage::open("tokens", false).await;
    let known = verifier(&stage.realm);
    let mut old = None;
    for (algorithm, priority) in [("RS256", 0), ("PS256", 110), ("ES256", 120), ("EdDSA", 130)] {
        if priority > 0 {
            let realm = stage.name().as_str();
            keycloak_setup::new_signing_key(&stage.admin, realm, algorithm, priority).await.unwrap();
        }
        let id = format!("signed-{}", algorithm.to_lowercase());
        let secret = caller(&stage, &id, ("access.token.signed.response.alg", algorithm)).await;
        let client = stage.oidc(&id, ClientCredential::Secret(secret));
        let token = client.client_credentials(&[]).await.unwrap().access_token;
        // Two new keys in a row are found at once; a third one could have to wait for the throttle.
        let verifier = if algorithm == "EdDSA" { &self::verifier(&stage.realm) } else { &known };
        let caller = verifier.verify_access(token.expose()).await.unwrap();
        assert_eq!(caller.client_id(), Some(id.as_str()), "{algorithm}");
        old.get_or_insert(token);
    }
    let other = TokenVerifier::builder(&stage.realm, "billing").build().unwrap();
    let old = old.unwrap();
    assert_eq!(code(&other.verify_access(old.expose()).await.unwrap_err()), "wrong_audience");

    keycloak_setup::drop_signing_keys_below(&stage.admin, stage.name().as_str(), 110).await.unwrap();
    let gone = self::verifier(&stage.realm).verify_access(old.expose()).await.unwrap_err();
    assert_eq!((gone.kind(), code(&gone)), (ErrorKind::Unauthenticated, "unknown_key"));
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_token_that_is_bound_by_dpop_needs_its_proof() {
    let stage = Stage::plain().await;
    let secret = caller(&stage, "dpop-bound", ("dpop.bound.access.tokens", "true")).await;
    let found = Discovery::fetch(&stage.realm, TlsConfig::default()).await.unwrap();
    let http = HttpClient::new(HttpConfig::new("keycloak")).unwrap();
    let (verifier, orders) = (verifier(&stage.realm), "https://orders.test/orders/7".parse().unwrap());
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
        let again = verifier.verify_dpop(token.expose(), proof.expose(), "GET", &orders).await.unwrap_err();
        assert_eq!(code(&again), "replayed");
        let bare = verifier.verify_access(token.expose()).await.unwrap_err();
        assert_eq!(code(&bare), "proof_required");
    }
}
