//! ID tokens and logout tokens.

use serde_json::json;

use super::support::*;
use crate::token::TokenVerifier;

#[tokio::test]
async fn an_id_token_belongs_to_one_client_and_one_login() {
    let verifier = verifier(&Issuer::of(&[&EC]));
    let good = verifier.verify_id(&sign(&EC, &id(json!({}))), Some("n1")).await.unwrap();
    assert_eq!((good.subject(), good.nonce()), ("86751fc7-4e50-4334-ad9b-4e8b48e56861", Some("n1")));
    for (changes, nonce, expected) in [
        (json!({}), Some("n2"), "wrong_nonce"),
        (json!({"nonce": null}), Some("n1"), "wrong_nonce"),
        (json!({"aud": "orders"}), Some("n1"), "wrong_audience"),
        (json!({"aud": "account"}), Some("n1"), "wrong_audience"),
        (json!({"azp": "other"}), Some("n1"), "wrong_client"),
        (json!({"aud": ["shop", "other"], "azp": null}), Some("n1"), "wrong_client"),
        (json!({"aud": ["shop", "other"], "azp": "other"}), Some("n1"), "wrong_client"),
        (json!({"sub": null}), Some("n1"), "token_malformed"),
        (json!({"typ": "Bearer"}), Some("n1"), "wrong_token_type"),
    ] {
        let token = sign(&EC, &id(changes.clone()));
        assert_eq!(code(verifier.verify_id(&token, nonce).await), expected, "{changes}");
    }
    verifier.verify_id(&sign(&EC, &id(json!({"nonce": null, "aud": ["shop"]}))), None).await.unwrap();
}

#[tokio::test]
async fn an_id_token_names_the_access_token_that_came_along() {
    let verifier = verifier(&Issuer::of(&[&EC]));
    // The example of OpenID Connect Core 1.0, appendix A.4.
    let token = sign(&EC, &id(json!({"at_hash": "77QmUPtjPfzWtF2AnpK9RQ"})));
    let token = verifier.verify_id(&token, Some("n1")).await.unwrap();
    token.belongs_to("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y").unwrap();
    assert_eq!(code(token.belongs_to("another")), "wrong_access_token");
    let silent = verifier.verify_id(&sign(&EC, &id(json!({}))), Some("n1")).await.unwrap();
    silent.belongs_to("anything").unwrap();
}

#[tokio::test]
async fn a_logout_token_is_taken_once() {
    let verifier = verifier(&Issuer::of(&[&EC]));
    let token = sign(&EC, &logout(json!({})));
    let result = verifier.verify_logout(&token).await.unwrap();
    assert_eq!((result.session_id(), result.subject()), (Some("IYM7"), Some("86751fc7")));
    assert_eq!(code(verifier.verify_logout(&token).await), "replayed");
    let typed = EC.sign("logout+jwt", &logout(json!({"jti": "2", "typ": null, "sub": null}))).unwrap();
    verifier.verify_logout(typed.expose()).await.unwrap();
    for (changes, expected) in [
        (json!({"jti": "3", "nonce": "n"}), "wrong_token_type"),
        (json!({"jti": "4", "events": {}}), "wrong_token_type"),
        (
            json!({"jti": "5", "events": ["http://schemas.openid.net/event/backchannel-logout"]}),
            "wrong_token_type",
        ),
        (json!({"jti": "6", "sub": null, "sid": null}), "token_malformed"),
        (json!({"jti": null}), "token_malformed"),
        (json!({"jti": "8", "aud": "orders"}), "wrong_audience"),
        (json!({"jti": "9", "iss": "https://auth.example.test/realms/beta"}), "wrong_issuer"),
        (json!({"jti": "10", "exp": now() - 60}), "token_expired"),
    ] {
        let token = sign(&EC, &logout(changes.clone()));
        assert_eq!(code(verifier.verify_logout(&token).await), expected, "{changes}");
    }
}

#[tokio::test]
async fn without_a_client_there_is_nothing_to_compare_with() {
    let keys = Issuer::of(&[&EC]);
    let verifier = TokenVerifier::builder(&realm(), "orders").keys(keys).build().unwrap();
    let error = verifier.verify_id(&sign(&EC, &id(json!({}))), None).await.unwrap_err();
    assert!(error.to_string().contains("TokenVerifierBuilder::client"), "{error}");
}
