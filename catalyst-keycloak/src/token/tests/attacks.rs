//! The attacks of RFC 8725, and some more.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalyst_core::ErrorKind;
use serde_json::{Value, json};

use super::support::*;
use crate::jose::{Algorithm, SigningKey};
use crate::token::{TokenVerifier, TokenVerifierBuilder};

/// A token with this header, signed by `key` as usual.
fn with_header(key: &SigningKey, header: &Value, claims: &Value) -> String {
    key.sign_with(header, claims).unwrap().expose().to_owned()
}

/// The header that is fine, with `changes`.
fn header(key: &SigningKey, changes: &Value) -> Value {
    let mut header = json!({"alg": key.algorithm().as_str(), "typ": "JWT", "kid": key.kid()});
    for (name, value) in changes.as_object().unwrap() {
        header[name] = value.clone();
    }
    header
}

fn text(json: &str) -> String {
    URL_SAFE_NO_PAD.encode(json)
}

async fn refused(verifier: &TokenVerifier, token: &str) -> &'static str {
    let error = verifier.verify_access(token).await.unwrap_err();
    let shown = format!("{error:?}");
    for part in token.split('.').filter(|part| part.len() > 8) {
        assert!(!shown.contains(part), "a part of the token is in {shown}");
    }
    error.code().unwrap()
}

async fn access_is(
    changes: Value,
    build: impl Fn(TokenVerifierBuilder) -> TokenVerifierBuilder,
) -> &'static str {
    let verifier = build(builder(&Issuer::of(&[&EC]))).build().unwrap();
    refused(&verifier, &sign(&EC, &access(changes))).await
}

#[tokio::test]
async fn unsigned_and_symmetric_tokens_are_refused() {
    let issuer = Issuer::of(&[&RSA]);
    let verifier = verifier(&issuer);
    let claims = text(&access(json!({})).to_string());
    for none in ["none", "None", "nOnE", ""] {
        let unsigned = format!("{}.{claims}.", text(&header(&RSA, &json!({"alg": none})).to_string()));
        assert_eq!(refused(&verifier, &unsigned).await, "algorithm_refused");
    }
    let jwk = RSA.public_jwk();
    let public = serde_json::to_string(&jwk).unwrap();
    for secret in [public.as_bytes(), jwk.n.unwrap().as_bytes()] {
        let signed = format!("{}.{claims}", text(&header(&RSA, &json!({"alg": "HS256"})).to_string()));
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac));
        assert_eq!(refused(&verifier, &token).await, "algorithm_refused");
    }
    assert_eq!(issuer.fetches(), 0, "nothing of this is worth a request");
}

#[tokio::test]
async fn the_algorithm_is_the_configurations_and_the_keys() {
    let issuer = Issuer::of(&[&RSA, &EC]);
    let only_ec = builder(&issuer).algorithms([Algorithm::Es256]).build().unwrap();
    assert_eq!(refused(&only_ec, &sign(&RSA, &access(json!({})))).await, "algorithm_refused");
    // The key is there, but says that it is for RS256.
    let other = with_header(&RSA, &header(&RSA, &json!({"alg": "PS256"})), &access(json!({})));
    assert_eq!(refused(&verifier(&issuer), &other).await, "unknown_key");
    // The key of one with the signature of another.
    let mixed = with_header(&EC, &header(&RSA, &json!({})), &access(json!({})));
    assert_eq!(refused(&verifier(&issuer), &mixed).await, "bad_signature");
}

#[tokio::test]
async fn keys_that_the_token_names_itself_are_ignored() {
    let attacker = SigningKey::generate(Algorithm::Es256).unwrap();
    let verifier = verifier(&Issuer::of(&[&EC]));
    let jwk = serde_json::to_value(attacker.public_jwk()).unwrap();
    for bait in [
        json!({"jwk": jwk.clone()}),
        json!({"jku": "https://attacker.test/keys"}),
        json!({"x5u": "https://attacker.test/chain", "x5c": ["MIIB"], "x5t": "AAAA"}),
    ] {
        let forged = with_header(&attacker, &header(&EC, &bait), &access(json!({})));
        assert_eq!(refused(&verifier, &forged).await, "bad_signature");
        let unknown = with_header(&attacker, &header(&attacker, &bait), &access(json!({})));
        assert_eq!(refused(&verifier, &unknown).await, "unknown_key");
        // And they do no harm to a good token.
        verifier.verify_access(&with_header(&EC, &header(&EC, &bait), &access(json!({})))).await.unwrap();
    }
}

#[tokio::test]
async fn a_key_for_encryption_verifies_nothing() {
    let issuer = Issuer::of(&[]);
    let mut encryption = serde_json::to_value(RSA.public_jwk()).unwrap();
    encryption["use"] = json!("enc");
    let mut operations = serde_json::to_value(EC.public_jwk()).unwrap();
    operations["key_ops"] = json!(["encrypt"]);
    let good = SigningKey::generate(Algorithm::EdDsa).unwrap();
    issuer.publish_json(json!({"keys": [encryption, operations, good.public_jwk()]}));
    let verifier = verifier(&issuer);
    for key in [&*RSA, &*EC] {
        assert_eq!(refused(&verifier, &sign(key, &access(json!({})))).await, "unknown_key");
    }
    verifier.verify_access(&sign(&good, &access(json!({})))).await.unwrap();
}

#[tokio::test]
async fn extensions_and_strange_headers_are_refused() {
    let verifier = verifier(&Issuer::of(&[&EC]));
    let cases = [
        (json!({"crit": ["exp"]}), "token_malformed"),
        (json!({"crit": []}), "token_malformed"),
        (json!({"b64": false, "crit": ["b64"]}), "token_malformed"),
        (json!({"b64": true}), "token_malformed"),
        (json!({"zip": "DEF"}), "token_malformed"),
        (json!({"enc": "A256GCM"}), "token_malformed"),
        (json!({"kid": null}), "token_malformed"),
        (json!({"kid": ""}), "token_malformed"),
        (json!({"kid": 5}), "token_malformed"),
        (json!({"kid": "k".repeat(257)}), "token_malformed"),
        (json!({"kid": "../../etc/passwd\u{0} ' OR 1=1"}), "unknown_key"),
        (json!({"kid": "ключ-鍵-🔑"}), "unknown_key"),
        (json!({"typ": "dpop+jwt"}), "wrong_token_type"),
        (json!({"typ": "logout+jwt"}), "wrong_token_type"),
        (json!({"alg": ["ES256"]}), "token_malformed"),
        (json!({"alg": "es256"}), "algorithm_refused"),
    ];
    for (changes, expected) in cases {
        let token = with_header(&EC, &header(&EC, &changes), &access(json!({})));
        assert_eq!(refused(&verifier, &token).await, expected, "{changes}");
    }
    let twice = format!(r#"{{"alg":"none","alg":"ES256","kid":"{}"}}"#, EC.kid());
    assert_eq!(refused(&verifier, &format!("{}.e30.AAAA", text(&twice))).await, "token_malformed");
    let list = format!(r#"["ES256","{}"]"#, EC.kid());
    assert_eq!(refused(&verifier, &format!("{}.e30.AAAA", text(&list))).await, "token_malformed");
    for good in [json!({"typ": "jwt"}), json!({"typ": "application/at+jwt"}), json!({"x": {"y": [1]}})] {
        let token = with_header(&EC, &header(&EC, &good), &access(json!({"client_id": "shop"})));
        verifier.verify_access(&token).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    let verifier = verifier(&Issuer::of(&[&EC]));
    let good = sign(&EC, &access(json!({})));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let mut cases = vec![
        String::new(),
        "...".into(),
        "a.b".into(),
        "🔑.🔑.🔑".into(),
        format!("{good}.x"),
        format!(" {good}"),
        format!("Bearer {good}"),
        format!("{good}="),
        "x".repeat(17 << 10),
        format!("{}.{}", text(&"[".repeat(5_000)), "e30.AAAA"),
        format!("{signed}.{}", "A".repeat(3_000)),
    ];
    cases.push(format!("{signed}."));
    cases.push(format!("{signed}.{}", &signature[..80]));
    for token in cases {
        let code = refused(&verifier, &token).await;
        assert!(["token_malformed", "bad_signature"].contains(&code), "{code}");
    }
}

#[tokio::test]
async fn claims_that_are_twice_there_missing_empty_or_deep_are_refused() {
    let verifier = verifier(&Issuer::of(&[&EC]));
    let whole = access(json!({})).to_string();
    let sign_text = |claims: &str| {
        let raw = serde_json::value::RawValue::from_string(claims.to_owned()).unwrap();
        EC.sign("JWT", &raw).unwrap().expose().to_owned()
    };
    let open = &whole[..whole.len() - 1];
    for claims in [
        format!(r#"{open},"aud":"orders"}}"#),
        format!(r#"{open},"a\u0075d":"orders"}}"#),
        format!(r#"{open},"x":1,"x":2}}"#),
        "{}".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        format!(r#"{open},"x":{}{}}}"#, "[".repeat(5), "]".repeat(5)).replace("\"iat\"", "\"tai\""),
    ] {
        assert!(["token_malformed", "wrong_issuer"].contains(&refused(&verifier, &sign_text(&claims)).await));
    }
    // Deep, but within the size of a token: no stack is used up by it, and nothing is made of it.
    let deep = format!(r#"{open},"x":{}{}}}"#, "[".repeat(4_000), "]".repeat(4_000));
    let token = verifier.verify_access(&sign_text(&deep)).await.unwrap();
    assert_eq!(token.claims::<Value>().unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!(access_is(json!({"sub": ""}), |b| b).await, "token_malformed");
    assert_eq!(access_is(json!({"sub": null}), |b| b).await, "token_malformed");
    assert_eq!(access_is(json!({"sub": 5}), |b| b).await, "token_malformed");
}

#[tokio::test]
async fn issuer_and_audience_are_exact() {
    for issuer in [
        json!("https://auth.example.test/realms/acme/"),
        json!("https://AUTH.example.test/realms/acme"),
        json!("https://auth.example.test/realms/beta"),
        json!(""),
        json!(null),
    ] {
        assert_eq!(access_is(json!({"iss": issuer}), |b| b).await, "wrong_issuer");
    }
    for audience in [
        json!("account"),
        json!(["account"]),
        json!("order"),
        json!("orders,account"),
        json!([]),
        json!(null),
        json!({"orders": true}),
        json!([["orders"]]),
        json!(["orders", 5]),
    ] {
        assert_eq!(access_is(json!({"aud": audience}), |b| b).await, "wrong_audience");
    }
    let issuer = Issuer::of(&[&EC]);
    verifier(&issuer).verify_access(&sign(&EC, &access(json!({"aud": "orders"})))).await.unwrap();
    for bad in ["account", ""] {
        let error = TokenVerifier::builder(&realm(), bad).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}

#[tokio::test]
async fn times_are_kept_with_little_skew() {
    let now = now();
    for (changes, expected) in [
        (json!({"exp": null}), "token_malformed"),
        (json!({"iat": null}), "token_malformed"),
        (json!({"exp": now - 11}), "token_expired"),
        (json!({"exp": -1}), "token_expired"),
        (json!({"exp": "9999999999"}), "token_malformed"),
        (json!({"nbf": now + 30}), "token_not_yet_valid"),
        (json!({"iat": now + 30, "exp": now + 60}), "token_not_yet_valid"),
    ] {
        assert_eq!(access_is(changes.clone(), |b| b).await, expected, "{changes}");
    }
    let minutes = |count: u64| std::time::Duration::from_secs(count * 60);
    let day = json!({"exp": now + 86_400});
    assert_eq!(access_is(day, |b| b.max_lifetime(minutes(15))).await, "token_lives_too_long");
    let verifier = builder(&Issuer::of(&[&EC])).max_lifetime(minutes(15)).build().unwrap();
    for changes in [
        json!({"exp": now - 5, "iat": now - 60}),
        json!({"nbf": now + 5, "iat": now + 5}),
        json!({"iat": now, "exp": now + 905}),
    ] {
        assert!(verifier.verify_access(&sign(&EC, &access(changes.clone()))).await.is_ok(), "{changes}");
    }
    let error = builder(&Issuer::of(&[&EC])).skew(minutes(2)).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[tokio::test]
async fn one_kind_of_token_is_not_another() {
    let verifier = verifier(&Issuer::of(&[&EC]));
    for typ in [json!("ID"), json!("Refresh"), json!("Offline"), json!("Logout"), json!("DPoP"), json!(null)]
    {
        assert_eq!(access_is(json!({ "typ": typ }), |b| b).await, "wrong_token_type");
    }
    let (bearer, id, logout) = (
        sign(&EC, &access(json!({"aud": ["orders", "shop"]}))),
        sign(&EC, &id(json!({}))),
        sign(&EC, &logout(json!({}))),
    );
    assert_eq!(code(verifier.verify_access(&id).await), "wrong_token_type");
    assert_eq!(code(verifier.verify_access(&logout).await), "wrong_token_type");
    assert_eq!(code(verifier.verify_id(&bearer, Some("n1")).await), "wrong_token_type");
    assert_eq!(code(verifier.verify_id(&logout, None).await), "wrong_token_type");
    assert_eq!(code(verifier.verify_logout(&id).await), "wrong_token_type");
    assert_eq!(code(verifier.verify_logout(&bearer).await), "wrong_token_type");
}

#[tokio::test]
async fn rfc9068_and_clients_can_be_asked_for() {
    let issuer = Issuer::of(&[&EC]);
    let strict = builder(&issuer).only_rfc9068().build().unwrap();
    assert_eq!(code(strict.verify_access(&sign(&EC, &access(json!({})))).await), "wrong_token_type");
    let typed = |claims: Value| EC.sign("at+jwt", &access(claims)).unwrap().expose().to_owned();
    strict.verify_access(&typed(json!({"typ": null, "client_id": "shop"}))).await.unwrap();
    assert_eq!(code(strict.verify_access(&typed(json!({"typ": null}))).await), "token_malformed");

    let only_shop = |b: TokenVerifierBuilder| b.allow_client("shop".parse().unwrap());
    assert_eq!(access_is(json!({"azp": "other"}), only_shop).await, "wrong_client");
    assert_eq!(access_is(json!({"azp": null}), only_shop).await, "wrong_client");
    let verifier = only_shop(builder(&issuer)).build().unwrap();
    verifier.verify_access(&sign(&EC, &access(json!({})))).await.unwrap();
}
