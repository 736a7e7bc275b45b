//! Tokens that are bound to a certificate or a key.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalyst_core::{Clock, Secret, SecretBytes};
use serde_json::{Value, json};
use url::Url;

use super::support::*;
use crate::jose::{Algorithm, Jwk, SigningKey};
use crate::token::{DpopKey, TokenVerifier};

const CERTIFICATE: &[u8] = b"the certificate of the connection, in DER";

fn url() -> Url {
    "https://orders.example.test/orders/7?page=2".parse().unwrap()
}

fn key() -> DpopKey {
    DpopKey::generate(Algorithm::Es256).unwrap()
}

/// A token that is bound to `key`.
fn bound_to(key: &DpopKey) -> String {
    sign(&EC, &access(json!({"typ": "DPoP", "cnf": {"jkt": key.thumbprint()}})))
}

async fn verify(verifier: &TokenVerifier, token: &str, proof: &Secret) -> Result<(), &'static str> {
    let result = verifier.verify_dpop(token, proof.expose(), "GET", &url()).await;
    result.map(|token| assert!(token.is_bound())).map_err(|error| error.code().unwrap())
}

#[tokio::test]
async fn a_bound_token_is_of_no_use_without_its_proof() {
    let verifier = verifier(&Issuer::of(&[&EC]));
    for cnf in [
        json!({"jkt": "x"}),
        json!({"x5t#S256": "x"}),
        json!({"jkt": "x", "x5t#S256": "x"}),
        json!({"kid": "in some other way"}),
        json!({}),
    ] {
        let token = sign(&EC, &access(json!({"cnf": cnf.clone()})));
        assert_eq!(code(verifier.verify_access(&token).await), "proof_required", "{cnf}");
    }
    for cnf in [json!("x"), json!([]), json!({"jkt": 5})] {
        let token = sign(&EC, &access(json!({"cnf": cnf.clone()})));
        assert_eq!(code(verifier.verify_access(&token).await), "token_malformed", "{cnf}");
    }
}

#[tokio::test]
async fn a_certificate_is_compared_with_the_one_that_the_token_names() {
    let verifier = verifier(&Issuer::of(&[&EC]));
    let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, CERTIFICATE));
    let token = sign(&EC, &access(json!({"cnf": {"x5t#S256": thumbprint}})));
    assert!(verifier.verify_mtls(&token, CERTIFICATE).await.unwrap().is_bound());
    assert_eq!(code(verifier.verify_mtls(&token, b"another").await), "wrong_certificate");
    let unbound = sign(&EC, &access(json!({})));
    assert_eq!(code(verifier.verify_mtls(&unbound, CERTIFICATE).await), "unbound_token");
    let both = sign(&EC, &access(json!({"cnf": {"x5t#S256": thumbprint, "jkt": "x"}})));
    assert_eq!(code(verifier.verify_mtls(&both, CERTIFICATE).await), "proof_required");
}

#[tokio::test]
async fn a_proof_is_good_once_for_one_request_with_one_token() {
    let verifier = verifier(&Issuer::of(&[&EC]));
    for algorithm in [Algorithm::Es256, Algorithm::Ps256, Algorithm::EdDsa] {
        let key = DpopKey::generate(algorithm).unwrap();
        let token = bound_to(&key);
        let proof = key.proof("GET", &url(), Some(&token.as_str().into()), None).unwrap();
        assert_eq!(verify(&verifier, &token, &proof).await, Ok(()));
        assert_eq!(verify(&verifier, &token, &proof).await, Err("replayed"));
    }
    let (mine, other) = (key(), key());
    let token = bound_to(&mine);
    let secret = Secret::from(token.as_str());
    let elsewhere = "https://orders.example.test/orders/8".parse().unwrap();
    for (proof, expected) in [
        (mine.proof("POST", &url(), Some(&secret), None), "invalid_dpop_proof"),
        (mine.proof("GET", &elsewhere, Some(&secret), None), "invalid_dpop_proof"),
        (mine.proof("GET", &url(), Some(&"another".into()), None), "invalid_dpop_proof"),
        (mine.proof("GET", &url(), None, None), "invalid_dpop_proof"),
        (other.proof("GET", &url(), Some(&secret), None), "invalid_dpop_proof"),
    ] {
        assert_eq!(verify(&verifier, &token, &proof.unwrap()).await, Err(expected));
    }
    let unbound = sign(&EC, &access(json!({})));
    let proof = mine.proof("GET", &url(), Some(&unbound.as_str().into()), None).unwrap();
    assert_eq!(verify(&verifier, &unbound, &proof).await, Err("unbound_token"));
    // The query and the fragment are not covered (RFC 9449 section 4.3), everything else is.
    let proof = mine.proof(
        "GET",
        &"https://ORDERS.example.test:443/orders/7#x".parse().unwrap(),
        Some(&secret),
        None,
    );
    assert_eq!(verify(&verifier, &token, &proof.unwrap()).await, Ok(()));
}

#[tokio::test]
async fn a_proof_of_another_time_is_refused() {
    let issuer = Issuer::of(&[&EC]);
    let (clock, hand) = Clock::manual();
    let key = key().clock(clock);
    let token = bound_to(&key);
    let secret = Secret::from(token.as_str());
    let verifier = verifier(&issuer);
    hand.advance(Duration::from_secs(30));
    let early = key.proof("GET", &url(), Some(&secret), None).unwrap();
    assert_eq!(verify(&verifier, &token, &early).await, Err("invalid_dpop_proof"));

    let (clock, hand) = Clock::manual();
    let late = builder(&issuer).clock(clock).build().unwrap();
    let key = DpopKey::generate(Algorithm::Es256).unwrap();
    let token = bound_to(&key);
    let proof = key.proof("GET", &url(), Some(&token.as_str().into()), None).unwrap();
    hand.advance(Duration::from_secs(80));
    assert_eq!(verify(&late, &token, &proof).await, Err("invalid_dpop_proof"));
}

#[tokio::test]
async fn the_key_of_a_proof_is_public_and_of_the_right_kind() {
    let verifier = verifier(&Issuer::of(&[&EC]));
    let signing = SigningKey::generate(Algorithm::Es256).unwrap();
    let public = Jwk { kid: None, usage: None, alg: None, ..signing.public_jwk() };
    let token = sign(&EC, &access(json!({"cnf": {"jkt": public.thumbprint()}})));
    let claims = |id: &str| {
        json!({"jti": id, "htm": "GET", "htu": url().as_str(), "iat": now(),
               "ath": URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()))})
    };
    let public = serde_json::to_value(public).unwrap();
    let changed = |name: &str, value: Value| {
        let mut jwk = public.clone();
        jwk[name] = value;
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk})
    };
    let cases = [
        (changed("d", json!("AAAA")), "invalid_dpop_proof"),
        (changed("k", json!("AAAA")), "invalid_dpop_proof"),
        (changed("kty", json!("oct")), "invalid_dpop_proof"),
        (changed("use", json!("enc")), "invalid_dpop_proof"),
        (changed("alg", json!("EdDSA")), "invalid_dpop_proof"),
        (json!({"typ": "dpop+jwt", "alg": "ES256"}), "invalid_dpop_proof"),
        (json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": "x"}), "invalid_dpop_proof"),
        (json!({"typ": "JWT", "alg": "ES256", "jwk": public.clone()}), "invalid_dpop_proof"),
        (json!({"typ": "dpop+jwt", "alg": "HS256", "jwk": public.clone()}), "algorithm_refused"),
        (
            json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": public.clone(), "crit": ["x"]}),
            "invalid_dpop_proof",
        ),
    ];
    for (header, expected) in cases {
        let proof = signing.sign_with(&header, &claims("1")).unwrap();
        assert_eq!(verify(&verifier, &token, &proof).await, Err(expected), "{header}");
    }
    let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": public});
    for (name, value) in
        [("jti", json!("")), ("jti", json!("x".repeat(300))), ("ath", json!(null)), ("iat", json!("1"))]
    {
        let mut claims = claims("1");
        claims[name] = value;
        let proof = signing.sign_with(&header, &claims).unwrap();
        assert_eq!(verify(&verifier, &token, &proof).await, Err("invalid_dpop_proof"), "{name}");
    }
    let proof = signing.sign_with(&header, &claims("1")).unwrap();
    assert_eq!(verify(&verifier, &token, &proof).await, Ok(()), "and nothing refused was used up");
    assert_eq!(verify(&verifier, &token, &"x".repeat(9_000).into()).await, Err("invalid_dpop_proof"));
}

#[tokio::test]
async fn a_nonce_is_asked_for_and_taken() {
    let nonces = SecretBytes::new(vec![7; 32]);
    let issuer = Issuer::of(&[&EC]);
    let verifier = builder(&issuer).dpop_nonce(nonces.clone()).build().unwrap();
    let replica = builder(&issuer).dpop_nonce(nonces).build().unwrap();
    let key = key();
    let token = bound_to(&key);
    let secret = Secret::from(token.as_str());
    let proof = |nonce: Option<&str>| key.proof("GET", &url(), Some(&secret), nonce).unwrap();
    assert_eq!(verify(&verifier, &token, &proof(None)).await, Err("use_dpop_nonce"));
    assert_eq!(verify(&verifier, &token, &proof(Some("guessed"))).await, Err("use_dpop_nonce"));
    let nonce = replica.dpop_nonce().unwrap();
    assert_eq!(verify(&verifier, &token, &proof(Some(&nonce))).await, Ok(()));
    assert!(super::support::verifier(&issuer).dpop_nonce().is_none());
}

#[tokio::test]
async fn a_full_memory_of_proofs_refuses() {
    let verifier = builder(&Issuer::of(&[&EC])).dpop_memory(2).build().unwrap();
    let key = key();
    let token = bound_to(&key);
    let secret = Secret::from(token.as_str());
    let mut outcomes = Vec::new();
    for _ in 0..3 {
        let proof = key.proof("GET", &url(), Some(&secret), None).unwrap();
        outcomes.push(verify(&verifier, &token, &proof).await);
    }
    assert_eq!(outcomes, [Ok(()), Ok(()), Err("replay_memory_full")]);
}
