//! What a good token says.

use serde::Deserialize;
use serde_json::json;

use super::support::*;
use crate::jose::{Algorithm, SigningKey};

#[derive(Deserialize)]
struct Extra<'a> {
    name: &'a str,
    groups: Vec<&'a str>,
}

#[tokio::test]
async fn an_access_token_says_who_and_what() {
    let issuer = Issuer::of(&[&RSA]);
    let token = verifier(&issuer).verify_access(&sign(&RSA, &access(json!({})))).await.unwrap();
    assert_eq!(token.subject(), "86751fc7-4e50-4334-ad9b-4e8b48e56861");
    assert_eq!((token.username(), token.email()), (Some("alice"), Some("alice@example.test")));
    assert!(token.email_is_verified());
    assert_eq!((token.client_id(), token.session_id()), (Some("shop"), Some("IYM7WGFTsqdysKEttzKxSxq9")));
    assert!(token.has_scope("email") && !token.has_scope("mail"));
    assert!(token.has_realm_role("workload") && !token.has_realm_role("admin"));
    assert!(token.has_client_role("orders", "reader") && !token.has_client_role("account", "reader"));
    assert_eq!(token.client_roles("account"), ["manage-account"]);
    assert_eq!(token.audiences(), ["orders", "account"]);
    assert_eq!(token.organization().as_deref(), Some("acme-corp"));
    assert!(!token.is_bound());
    assert_eq!(token.expires_at().duration_since(token.issued_at().unwrap()).unwrap().as_secs(), 900);

    let extra: Extra<'_> = token.claims().unwrap();
    assert_eq!((extra.name, extra.groups), ("A L", vec!["/eng"]));
    let text = format!("{token:?}");
    assert!(text.contains("shop") && !text.contains("alice"), "{text}");
}

#[tokio::test]
async fn each_algorithm_verifies_what_it_signed() {
    for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa] {
        let key = SigningKey::generate(algorithm).unwrap();
        let verifier = verifier(&Issuer::of(&[&key]));
        verifier.verify_access(&sign(&key, &access(json!({})))).await.unwrap();
    }
}

#[tokio::test]
async fn an_organization_comes_in_three_shapes() {
    let issuer = Issuer::of(&[&EC]);
    let verifier = verifier(&issuer);
    let cases = [
        (json!({"organization": {"acme": {"id": "1"}}}), Some("acme")),
        (json!({"organization": {"acme": {}, "beta": {}}}), None),
        (json!({"organization": ["acme", "beta"], "org": "beta"}), Some("beta")),
        (json!({"organization": 5}), None),
        (json!({"organization": null}), None),
    ];
    for (claims, expected) in cases {
        let token = verifier.verify_access(&sign(&EC, &access(claims.clone()))).await.unwrap();
        assert_eq!(token.organization().as_deref(), expected, "{claims}");
    }
}
