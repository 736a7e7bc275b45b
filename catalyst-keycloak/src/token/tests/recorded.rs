//! Tokens that Keycloak 26.7.3 issued, with the keys that it published then.

use serde_json::Value;

use crate::Realm;
use crate::jose::{Algorithm, KeySet};
use crate::token::claims::Claims;
use crate::token::compact::{Compact, Header, HeaderBuffer};
use crate::token::policy::{Policy, Purpose, Typ};
use crate::token::{IdToken, Refusal};

/// When they were issued.
const THEN: i64 = 1_795_317_583;

fn keys() -> KeySet {
    KeySet::parse(include_bytes!("recorded_answers/keys.json")).unwrap()
}

fn token(name: &str) -> String {
    let tokens: Value = serde_json::from_str(include_str!("recorded_answers/tokens.json")).unwrap();
    tokens[name].as_str().unwrap().to_owned()
}

fn policy(audience: &str) -> Policy {
    Policy {
        issuer: Realm::new("acme".parse().unwrap(), "http://127.0.0.1:18080").unwrap().issuer().clone(),
        audience: audience.into(),
        algorithms: vec![Algorithm::Rs256],
        clients: Vec::new(),
        client: Some("svc-a".parse().unwrap()),
        skew: 10,
        max_lifetime: Some(300),
        only_rfc9068: false,
        platform_claim: "tenant".into(),
    }
}

fn verify(purpose: Purpose, token: &str, policy: &Policy) -> Result<Claims, Refusal> {
    let compact = Compact::split(token)?;
    let mut buffer = HeaderBuffer::new();
    let header = Header::read(compact.header, &mut buffer)?;
    let algorithm = header.algorithm(&policy.algorithms)?;
    let typ = Typ::of(header.typ());
    policy.check_type(purpose, typ)?;
    let keys = keys();
    let key = keys.find(header.kid()?, algorithm).ok_or(Refusal::UnknownKey)?;
    assert!(compact.is_signed_by(key, algorithm));
    let claims = Claims::read(compact.payload()?, &policy.platform_claim, algorithm)?;
    policy.check(purpose, typ, &claims, THEN)?;
    Ok(claims)
}

#[test]
fn the_encryption_key_is_passed_over() {
    assert_eq!(keys().keys().len(), 2);
}

#[test]
fn an_access_token_with_an_audience_mapper_verifies() {
    let claims = verify(Purpose::Access, &token("access_token"), &policy("svc-b")).unwrap();
    assert_eq!((claims.username(), claims.client_id()), (Some("alice"), Some("svc-a")));
    assert!(claims.has_realm_role("workload") && claims.has_scope("email"));
    assert_eq!(claims.organization().as_deref(), Some("acme"), "the claim that was configured");
    assert_eq!(
        verify(Purpose::Access, &token("access_token"), &policy("svc-c")).err(),
        Some(Refusal::Audience)
    );
}

#[test]
fn an_id_token_verifies_and_names_its_access_token() {
    let claims = verify(Purpose::Id, &token("id_token"), &policy("svc-b")).unwrap();
    assert_eq!(claims.nonce(), Some("n1"));
    let id = IdToken(claims.into());
    id.belongs_to(&token("access_token")).unwrap();
    assert!(id.belongs_to(&token("refresh_token")).is_err());
    let swapped = verify(Purpose::Id, &token("access_token"), &policy("svc-b"));
    assert!(matches!(swapped.err(), Some(Refusal::Type(_))));
}

#[test]
fn a_refresh_token_is_nobodys_but_keycloaks() {
    let refused = verify(Purpose::Access, &token("refresh_token"), &policy("svc-b"));
    assert_eq!(refused.err(), Some(Refusal::Algorithm));
}
