use serde_json::{Map, Value, json};

use super::plan::{converge, create};
use super::{IdentityProviderSpec, ProviderKind};
use crate::Secret;

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

fn azure(secret: &str) -> IdentityProviderSpec {
    IdentityProviderSpec::azure_ad("azure", TENANT, "app", Secret::new(secret)).unwrap()
}

/// As the server shows it after `document` was written.
fn shown(document: &Value) -> Map<String, Value> {
    let mut shown = document.as_object().unwrap().clone();
    shown.insert("internalId".into(), json!("6402cad0"));
    if let Some(secret) = shown.get_mut("config").unwrap().get_mut("clientSecret") {
        *secret = json!("**********");
    }
    shown
}

#[test]
fn what_was_created_needs_nothing_more_and_hides_its_secret() {
    let document = create(&azure("s3cret")).unwrap();
    assert_eq!(document["config"]["issuer"], format!("https://login.microsoftonline.com/{TENANT}/v2.0"));
    assert_eq!(document["config"]["clientSecret"], "s3cret");
    assert!(converge(&azure("s3cret"), &shown(&document)).unwrap().is_none());
    assert!(!format!("{:?}", azure("s3cret")).contains("s3cret"));
}

#[test]
fn a_new_secret_is_noticed_and_stars_are_never_written() {
    let before = shown(&create(&azure("old")).unwrap());
    let update = converge(&azure("new"), &before).unwrap().unwrap();
    assert_eq!(update.changes, ["the secret differs"]);
    assert_eq!(update.body["config"]["clientSecret"], "new");
    assert!(converge(&azure("new"), &shown(&update.body)).unwrap().is_none());
}

#[test]
fn what_others_set_stays_and_what_they_changed_is_mended() {
    let mut current = shown(&create(&azure("s")).unwrap());
    current.insert("firstBrokerLoginFlowAlias".into(), json!("theirs"));
    current["config"]["guiOrder"] = json!("7");
    current["config"]["issuer"] = json!("https://evil.test");
    current.insert("trustEmail".into(), json!(true));
    let update = converge(&azure("s"), &current).unwrap().unwrap();
    assert_eq!(update.changes.len(), 2, "{:?}", update.changes);
    assert_eq!(update.body["firstBrokerLoginFlowAlias"], "theirs");
    assert_eq!(update.body["config"]["guiOrder"], "7");
    assert_eq!(update.body["config"]["clientSecret"], "s", "an update without it would remove it");
    assert_eq!(update.body["trustEmail"], false);
}

#[test]
fn another_kind_is_not_taken_over() {
    let spiffe = |trust_domain: &str| {
        let bundle_endpoint = "http://127.0.0.1:1/bundle".into();
        IdentityProviderSpec::new(
            "azure",
            ProviderKind::Spiffe { trust_domain: trust_domain.into(), bundle_endpoint },
        )
    };
    let current = shown(&create(&azure("s")).unwrap());
    assert_eq!(converge(&spiffe("example.org"), &current).err().unwrap().code(), Some("not_owned"));
    let document = create(&spiffe("example.org")).unwrap();
    assert_eq!(document["config"]["trustDomain"], "spiffe://example.org");
    for bad in ["", "Example.org", "example.org/x", "spiffe://"] {
        assert!(create(&spiffe(bad)).is_err(), "{bad}");
    }
}

#[test]
fn a_tenant_that_is_no_identifier_is_refused() {
    for bad in ["common", "organizations", "contoso.com", "", "72f988bf-86f1-41af-91ab-2d7cd011db4/"] {
        let made = IdentityProviderSpec::azure_ad("azure", bad, "app", Secret::new("s"));
        assert!(made.is_err(), "{bad}");
    }
}
