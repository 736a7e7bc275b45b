//! The plan for a realm, without a server.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::realm::plan::{converge, create, is_whole};
use crate::{EventLog, RealmSpec, TlsRequirement};

fn spec() -> impl Strategy<Value = RealmSpec> {
    let times = (1..100_000_u64, 0..10_000_000_u64);
    (
        times,
        any::<[bool; 4]>(),
        proptest::option::of("[a-z ]{1,20}"),
        proptest::collection::btree_set("[a-z]{3}", 0..4),
    )
        .prop_map(|((access, more), [guess, register, organizations, events], name, roles)| {
            let mut spec = RealmSpec::new()
                .access_token(Duration::from_secs(access))
                .refresh_token(Duration::from_secs(access + more))
                .brute_force_protection(guess)
                .self_registration(register)
                .organizations(organizations)
                .tls(if guess { TlsRequirement::All } else { TlsRequirement::None });
            if events {
                spec = spec.events(EventLog::new());
            }
            if let Some(name) = name {
                spec = spec.display_name(name);
            }
            roles.into_iter().fold(spec, |spec, role| spec.role(role, "a role"))
        })
}

/// The realm as the server would show it after `document` created it.
fn shown(document: Value) -> (Map<String, Value>, BTreeSet<String>) {
    let Value::Object(mut realm) = document else { panic!("an object") };
    let roles = realm.remove("roles").unwrap()["realm"].as_array().unwrap().clone();
    realm.insert("attributes".into(), json!({ "theirs": "kept" }));
    (realm, roles.iter().map(|role| role["name"].as_str().unwrap().to_owned()).collect())
}

proptest! {
    #[test]
    fn what_was_created_needs_nothing_more(spec in spec()) {
        let (realm, roles) = shown(create(&spec, "acme").unwrap());
        prop_assert!(is_whole(&realm));
        let plan = converge(&spec, &realm, &roles).unwrap();
        prop_assert!(plan.changes.is_empty(), "{:?}", plan.changes);
        prop_assert!(plan.fields.is_empty() && plan.roles.is_empty());
    }

    #[test]
    fn one_update_converges_and_sends_only_what_differs(old in spec(), new in spec()) {
        let (mut realm, roles) = shown(create(&old, "acme").unwrap());
        let plan = converge(&new, &realm, &roles).unwrap();
        for (name, value) in &plan.fields {
            prop_assert_ne!(realm.get(name), Some(value), "{} was as wanted", name);
        }
        prop_assert!(!plan.fields.contains_key("attributes") && !plan.fields.contains_key("roles"));
        realm.extend(plan.fields.clone());
        let mut roles = roles;
        roles.extend(plan.roles.iter().map(|(name, _)| name.clone()));
        prop_assert!(converge(&new, &realm, &roles).unwrap().changes.is_empty());
    }
}

#[test]
fn the_platforms_figures_are_the_default() {
    let (realm, roles) = shown(create(&RealmSpec::new(), "acme").unwrap());
    assert_eq!(realm["accessTokenLifespan"], 900);
    assert_eq!(realm["ssoSessionMaxLifespan"], 30 * 86_400);
    assert_eq!(realm["bruteForceProtected"], true);
    assert_eq!(realm["sslRequired"], "external");
    assert_eq!(realm["registrationAllowed"], false);
    assert_eq!(realm["organizationsEnabled"], true);
    assert!(roles.contains("security-officer") && roles.len() == 6);
    assert!(!realm.contains_key("eventsEnabled"), "not owned unless declared");
}

#[test]
fn a_part_of_a_realm_is_told_from_the_whole() {
    let part = json!({ "realm": "acme", "bruteForceProtected": true, "supportedLocales": [], "organizationsEnabled": true });
    assert!(!is_whole(part.as_object().unwrap()));
}

#[test]
fn lives_that_the_server_cannot_keep_are_refused() {
    let long = Duration::from_secs(1 << 40);
    for bad in [
        RealmSpec::new().access_token(Duration::ZERO),
        RealmSpec::new().access_token(Duration::from_millis(1500)),
        RealmSpec::new().refresh_token(long),
        RealmSpec::new().access_token(Duration::from_secs(60)).refresh_token(Duration::from_secs(59)),
    ] {
        assert!(create(&bad, "acme").is_err(), "{bad:?}");
    }
}
