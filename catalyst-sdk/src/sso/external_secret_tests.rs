use std::time::Duration;

use proptest::prelude::*;
use serde_yaml_ng::Value;

use super::*;
use crate::manifest::SecretStoreKind;

fn stored(path: &str) -> StoredCredential {
    StoredCredential {
        mount: "secret".parse().unwrap(),
        path: path.parse().unwrap(),
        properties: &["client_id", "client_secret", "issuer"],
    }
}

fn parsed(secret: &ExternalSecret) -> Value {
    serde_yaml_ng::from_str(&secret.to_string()).expect("it is YAML")
}

#[test]
fn it_refers_to_the_stored_credential_and_carries_no_value() {
    let secret = stored("org/acme/env/prod/sso/app").external_secret("app-sso", "acme-prod").unwrap();
    let yaml = parsed(&secret.rename("client_secret", "OIDC_CLIENT_SECRET").unwrap());
    assert_eq!(yaml["apiVersion"], "external-secrets.io/v1beta1");
    assert_eq!(yaml["kind"], "ExternalSecret");
    assert_eq!(yaml["metadata"]["name"], "app-sso");
    assert_eq!(yaml["metadata"]["namespace"], "acme-prod");
    let spec = &yaml["spec"];
    assert_eq!(spec["refreshInterval"], "1h");
    assert_eq!(spec["secretStoreRef"]["name"], "vault-region1");
    assert_eq!(spec["secretStoreRef"]["kind"], "ClusterSecretStore");
    assert_eq!(spec["target"]["name"], "app-sso");
    let entry = &spec["data"][1];
    assert_eq!(entry["secretKey"], "OIDC_CLIENT_SECRET");
    assert_eq!(entry["remoteRef"]["key"], "secret/data/org/acme/env/prod/sso/app");
    assert_eq!(entry["remoteRef"]["property"], "client_secret");
    assert_eq!(spec["data"].as_sequence().unwrap().len(), 3);
}

#[test]
fn version_store_and_interval_are_options() {
    let secret = stored("a").external_secret("app", "ns").unwrap().version(ApiVersion::V1);
    let secret = secret.store(StoreRef::new(SecretStoreKind::SecretStore, "openbao".parse().unwrap()));
    for (seconds, shown) in [(7200, "2h"), (90, "90s"), (300, "5m"), (0, "1s")] {
        let yaml = parsed(&secret.clone().refresh(Duration::from_secs(seconds)));
        assert_eq!(yaml["apiVersion"], "external-secrets.io/v1");
        assert_eq!(yaml["spec"]["secretStoreRef"]["kind"], "SecretStore");
        assert_eq!(yaml["spec"]["refreshInterval"], shown);
    }
}

#[test]
fn names_that_kubernetes_would_refuse_are_refused_here() {
    let stored = stored("a");
    for bad in ["", "A", "a_b", "a\nb", "-a", "a-", "a..b", "a: b", &"a".repeat(254)] {
        assert!(stored.external_secret(bad, "ns").is_err(), "{bad:?}");
        assert!(stored.external_secret("app", bad).is_err(), "{bad:?}");
    }
    let secret = || stored.external_secret("app", "ns").unwrap();
    assert!(secret().rename("nosuch", "a").is_err());
    assert!(secret().rename("client_id", "a b").is_err());
}

#[test]
fn two_properties_cannot_have_one_name() {
    let secret = stored("a").external_secret("app", "ns").unwrap();
    assert!(secret.clone().rename("client_id", "issuer").is_err());
    let moved = secret.rename("issuer", "ISSUER").unwrap().rename("client_id", "issuer").unwrap();
    assert_eq!(parsed(&moved)["spec"]["data"][0]["secretKey"], "issuer");
    assert_eq!(parsed(&moved)["spec"]["data"][0]["remoteRef"]["property"], "client_id");
}

#[test]
fn the_yaml_is_as_it_always_was() {
    let secret = stored("org/acme/env/prod/sso/app").external_secret("app-sso", "acme-prod").unwrap();
    let entry = |name: &str| {
        format!(
            "    - secretKey: \"{name}\"\n      remoteRef:\n        key: \"secret/data/org/acme/env/prod/sso/app\"\n        \
             property: \"{name}\"\n"
        )
    };
    let head = "apiVersion: \"external-secrets.io/v1beta1\"\nkind: \"ExternalSecret\"\nmetadata:\n  name: \"app-sso\"\n  \
                namespace: \"acme-prod\"\nspec:\n  refreshInterval: \"1h\"\n  secretStoreRef:\n    name: \
                \"vault-region1\"\n    kind: \"ClusterSecretStore\"\n  target:\n    name: \"app-sso\"\n    \
                creationPolicy: \"Owner\"\n  data:\n";
    let all = [entry("client_id"), entry("client_secret"), entry("issuer")].concat();
    assert_eq!(secret.to_string(), format!("{head}{all}"));
}

proptest! {
    #[test]
    fn whatever_a_path_holds_it_stays_one_text(path in "\\PC{1,40}|[a-z:#'\"{}\\[\\]&*!|>%@`, ]{1,20}", key in "(\\PC|[\\u{2028}\\u{feff}\"\\\\]){1,30}") {
        if let Ok(path) = path.parse() {
            let credential = StoredCredential { path, ..stored("a") };
            let secret = credential.external_secret("app", "ns").unwrap();
            let yaml = parsed(&secret);
            let expected = format!("secret/data/{}", credential.path);
            prop_assert_eq!(yaml["spec"]["data"][0]["remoteRef"]["key"].as_str(), Some(expected.as_str()));
            prop_assert_eq!(yaml.as_mapping().unwrap().len(), 4);
        }
        if let Ok(key) = key.parse::<SecretPath>() {
            let yaml = parsed(&stored("a").external_secret("app", "ns").unwrap().key(&key));
            prop_assert_eq!(yaml["spec"]["data"][2]["remoteRef"]["key"].as_str(), Some(key.as_str()));
        }
    }
}
