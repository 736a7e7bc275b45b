//! Properties of everything that reads a token.

use futures_util::FutureExt as _;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::*;
use crate::token::{AccessToken, DpopKey, TokenVerifier};

/// A verifier whose keys are there already, so that verifying is done at the first poll.
fn warm() -> TokenVerifier {
    let verifier = verifier(&Issuer::of(&[&EC]));
    block_on(verifier.verify_access(&sign(&EC, &access(json!({}))))).unwrap();
    verifier
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn now_or_never(verifier: &TokenVerifier, token: &str) -> Result<AccessToken, &'static str> {
    let result = verifier.verify_access(token).now_or_never();
    result.expect("no waiting").map_err(|error| error.code().unwrap())
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(".{0,8}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn fuzz_any_text_is_refused(text in "[A-Za-z0-9_.-]{0,200}|.{0,100}") {
        // Not even a request for keys comes of it, unless it names an algorithm and a key.
        let verifier = verifier(&Issuer::of(&[&EC]));
        let refused = now_or_never(&verifier, &text).unwrap_err();
        prop_assert!(["token_malformed", "algorithm_refused", "wrong_token_type"].contains(&refused));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn fuzz_any_header_and_any_claims_are_verified_or_refused(header in any_json(), claims in any_json()) {
        let verifier = warm();
        let strange = EC.sign_with(&header, &claims).unwrap();
        prop_assert!(now_or_never(&verifier, strange.expose()).is_err());
        let mut header = header;
        if let Value::Object(header) = &mut header {
            header.insert("alg".into(), json!("ES256"));
            header.insert("kid".into(), json!(EC.kid()));
        }
        let signed = EC.sign_with(&header, &claims).unwrap();
        prop_assert!(now_or_never(&verifier, signed.expose()).is_err());
    }

    /// A claim of any shape beside the good ones does no harm, and none of the accessors minds.
    #[test]
    fn fuzz_any_further_claim_is_carried_along(name in ".{0,12}", value in any_json()) {
        let claims = access(json!({"realm_access": value.clone(), "organization": value.clone(),
            "resource_access": {name.clone(): value.clone()}, "further": value.clone()}));
        match now_or_never(&warm(), &sign(&EC, &claims)) {
            Ok(token) => {
                let (realm, client) = (token.realm_roles(), token.client_roles(&name));
                prop_assert!(realm.iter().all(|role| token.has_realm_role(role)));
                prop_assert!(client.iter().all(|role| token.has_client_role(&name, role)));
                prop_assert_eq!(token.organizations().len() == 1, token.organization().is_some());
                let read: Value = token.claims().unwrap();
                prop_assert_eq!(read.get("sub").and_then(Value::as_str), Some(token.subject()));
            }
            Err(code) => prop_assert_eq!(code, "token_malformed"),
        }
    }

    #[test]
    fn what_was_signed_is_what_is_read(subject in ".{1,60}", client in ".{0,20}", roles in proptest::collection::vec(".{0,12}", 0..6)) {
        let claims = access(json!({"sub": subject.clone(), "azp": client.clone(), "realm_access": {"roles": roles.clone()}}));
        let token = now_or_never(&warm(), &sign(&EC, &claims)).unwrap();
        prop_assert_eq!(token.subject(), subject);
        prop_assert_eq!(token.client_id(), Some(client.as_str()));
        prop_assert_eq!(token.realm_roles(), roles);
    }

    #[test]
    fn fuzz_any_changed_byte_is_refused(at in any::<proptest::sample::Index>(), byte in 0_u8..128) {
        let verifier = warm();
        let mut token = sign(&EC, &access(json!({}))).into_bytes();
        let at = at.index(token.len());
        prop_assume!(token[at] != byte);
        token[at] = byte;
        let changed = String::from_utf8(token).unwrap();
        prop_assert!(block_on(verifier.verify_access(&changed)).is_err());
    }

    #[test]
    fn fuzz_any_changed_byte_of_a_proof_is_refused(at in any::<proptest::sample::Index>(), byte in 0_u8..128) {
        let key = DpopKey::from_key(crate::jose::SigningKey::from_pkcs8(EC.algorithm(), EC.to_pkcs8()).unwrap());
        let token = sign(&EC, &access(json!({"cnf": {"jkt": key.thumbprint()}})));
        let url = "https://orders.example.test/".parse().unwrap();
        let proof = key.proof("GET", &url, Some(&token.as_str().into()), None).unwrap();
        let mut changed = proof.expose().to_owned().into_bytes();
        let at = at.index(changed.len());
        prop_assume!(changed[at] != byte);
        changed[at] = byte;
        let changed = String::from_utf8(changed).unwrap();
        let result = warm().verify_dpop(&token, &changed, "GET", &url).now_or_never().unwrap();
        prop_assert!(result.is_err());
    }
}
