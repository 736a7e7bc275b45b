//! Manifests against the resource definitions that the operator publishes.

mod any;
mod schema;

use std::cell::RefCell;
use std::collections::BTreeSet;

use catalyst_sdk::manifest::{ClusterSecretStore, ExternalSecret, Platform};
use catalyst_tests::servers::install;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, TestRunner};
use schema::Definitions;
use serde_json::{Value, json};

/// Every field that the builders write. One that no case writes would not have been checked.
const FIELDS: &str = "apiVersion kind metadata name namespace labels spec provider vault server path version caBundle \
    caProvider type key tls certSecretRef keySecretRef readYourWrites forwardInconsistent auth kubernetes mountPath \
    role serviceAccountRef audiences jwt kubernetesServiceAccountToken secretRef appRole roleRef cert clientCert \
    tokenSecretRef refreshInterval retrySettings maxRetries retryInterval conditions namespaces namespaceSelector \
    matchLabels refreshPolicy secretStoreRef target creationPolicy deletionPolicy immutable template engineVersion \
    mergePolicy data secretKey remoteRef property decodingStrategy dataFrom extract find regexp updatePolicy \
    secretStoreRefs selector secret match remoteKey";
/// Maps whose keys are anybody's.
const FREE: [&str; 2] = ["labels", "matchLabels"];

async fn definitions() -> Definitions {
    Definitions::read(&install::crds().await.unwrap())
}

fn read(text: &str) -> Value {
    serde_yaml_ng::from_str(text).unwrap()
}

fn runner(cases: u32) -> TestRunner {
    let rng = proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(Config { cases, failure_persistence: None, ..Config::default() }, rng)
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn whatever_the_builders_make_the_published_definitions_take() {
    let both = definitions().await;
    let fields = RefCell::new(BTreeSet::new());
    let result = runner(1000).run(&any::manifest(), |text| {
        let manifest = read(&text);
        collect(&manifest, &mut fields.borrow_mut());
        proptest::prop_assert_eq!(both.faults(&manifest), Vec::<String>::new(), "{}", text);
        Ok(())
    });
    result.unwrap();
    let expected: BTreeSet<_> = FIELDS.split_whitespace().map(str::to_owned).collect();
    let missed: Vec<_> = expected.difference(&fields.borrow()).cloned().collect();
    assert_eq!(missed, [""; 0], "fields that no case has written");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_field_that_is_misspelt_is_refused_wherever_it_stands() {
    let both = definitions().await;
    let (mut runner, mut misspelt) = (runner(1), 0);
    for _ in 0..60 {
        let manifest = read(&any::manifest().new_tree(&mut runner).unwrap().current());
        for pointer in maps(&manifest) {
            for name in manifest.pointer(&pointer).and_then(Value::as_object).unwrap().keys() {
                let mut changed = manifest.clone();
                let map = changed.pointer_mut(&pointer).and_then(Value::as_object_mut).unwrap();
                let value = map.remove(name).unwrap();
                map.insert(format!("{name}x"), value);
                assert!(!both.faults(&changed).is_empty(), "{pointer}/{name} in {manifest}");
                misspelt += 1;
            }
        }
    }
    assert!(misspelt > 500, "only {misspelt}");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn what_is_wrong_with_a_manifest_is_found() {
    let both = definitions().await;
    let platform = Platform::new("region1").unwrap();
    let secret = ExternalSecret::builder("app".parse().unwrap(), "ns".parse().unwrap(), platform.store())
        .data("a".parse().unwrap(), platform.remote(&"x".parse().unwrap()))
        .build()
        .unwrap();
    let secret = read(&secret.to_string());
    let store = read(&ClusterSecretStore::platform("region1").unwrap().to_string());
    assert_eq!(both.faults(&secret), [""; 0]);
    assert_eq!(both.faults(&store), [""; 0]);
    for (manifest, pointer, value) in [
        (&secret, "/apiVersion", json!("external-secrets.io/v2")),
        (&secret, "/apiVersion", json!("other.io/v1beta1")),
        (&secret, "/kind", json!("Secret")),
        (&secret, "/metadata/name", json!("App")),
        (&secret, "/metadata/namespace", json!("a.b")),
        (&secret, "/spec/refreshInterval", json!(3600)),
        (&secret, "/spec/secretStoreRef/kind", json!("Store")),
        (&secret, "/spec/target/creationPolicy", json!("owner")),
        (&secret, "/spec/data/0/secretKey", json!("a b")),
        (&secret, "/spec/data/0/remoteRef", json!({ "property": "a" })),
        (&secret, "/spec/data", json!({})),
        (&store, "/metadata", json!({ "name": "a", "namespace": "clusters-have-none" })),
        (&store, "/spec/provider", json!({})),
        (&store, "/spec/provider", json!({ "vault": {}, "aws": {} })),
        (&store, "/spec/provider/vault/version", json!("2")),
        (&store, "/spec/provider/vault/auth/kubernetes/serviceAccountRef/name", json!("a_b")),
    ] {
        let mut changed = manifest.clone();
        *changed.pointer_mut(pointer).unwrap() = value.clone();
        assert!(!both.faults(&changed).is_empty(), "{pointer}: {value}");
    }
}

/// The names of all fields in `value`.
fn collect(value: &Value, fields: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| {
            fields.insert(name.clone());
            collect(value, fields);
        }),
        Value::Array(items) => items.iter().for_each(|item| collect(item, fields)),
        _ => {}
    }
}

/// Where the maps are whose fields a schema names.
fn maps(manifest: &Value) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), vec![String::new()]);
    while let Some(pointer) = open.pop() {
        match manifest.pointer(&pointer).unwrap() {
            Value::Object(map) => {
                let free =
                    |name: &str| FREE.contains(&name) || name == "data" && pointer.ends_with("/template");
                open.extend(map.keys().filter(|name| !free(name)).map(|name| format!("{pointer}/{name}")));
                found.push(pointer);
            }
            Value::Array(items) => open.extend((0..items.len()).map(|index| format!("{pointer}/{index}"))),
            _ => {}
        }
    }
    found
}
