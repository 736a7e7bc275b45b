//! The exact text of each kind.

use std::time::Duration;

use catalyst_sdk::manifest::{
    ApiVersion, Auth, ClusterSecretStore, DeletionPolicy, ExternalSecret, JwtSource, Labels, Platform,
    Provider, PushDeletionPolicy, PushSecret, Refresh, RemoteKey, SecretStore, SecretStoreKind, SecretType,
    ServiceAccountRef, StoreRef, Target, Template, TemplateText, UpdatePolicy,
};
use proptest::prelude::*;

use super::{key, read, remote};

const CLUSTER_STORE: &str = r#"apiVersion: "external-secrets.io/v1beta1"
kind: "ClusterSecretStore"
metadata:
  name: "vault-region1"
spec:
  provider:
    vault:
      server: "http://openbao.openbao.svc.cluster.local:8200"
      path: "secret"
      version: "v2"
      auth:
        kubernetes:
          mountPath: "kubernetes"
          role: "external-secrets"
          serviceAccountRef:
            name: "external-secrets"
            namespace: "external-secrets-system"
"#;

const SECRET_STORE: &str = r#"apiVersion: "external-secrets.io/v1"
kind: "SecretStore"
metadata:
  name: "openbao"
  namespace: "acme-prod"
  labels:
    "openova.io/organization": "acme"
spec:
  provider:
    vault:
      server: "https://openbao.example.test:8200"
      version: "v2"
      namespace: "team-a/dev"
      caProvider:
        type: "ConfigMap"
        name: "openbao-ca"
        key: "ca.crt"
      readYourWrites: true
      auth:
        jwt:
          path: "jwt"
          role: "orders"
          kubernetesServiceAccountToken:
            serviceAccountRef:
              name: "orders"
              audiences:
                - "openbao"
  refreshInterval: 300
  retrySettings:
    maxRetries: 5
    retryInterval: "10s"
"#;

const EXTERNAL_SECRET: &str = r#"apiVersion: "external-secrets.io/v1"
kind: "ExternalSecret"
metadata:
  name: "orders-db"
  namespace: "acme-prod"
spec:
  refreshInterval: "15m"
  secretStoreRef:
    name: "openbao"
    kind: "SecretStore"
  target:
    name: "orders-db-login"
    creationPolicy: "Owner"
    deletionPolicy: "Delete"
    template:
      engineVersion: "v2"
      type: "Opaque"
      metadata:
        labels:
          "app": "orders"
      mergePolicy: "Merge"
      data:
        "DATABASE_URL": "postgres://{{ .user }}:{{ .password }}@orders-db-rw:5432/orders"
  data:
    - secretKey: "user"
      remoteRef:
        key: "secret/data/org/acme/env/prod/db"
        property: "username"
    - secretKey: "password"
      remoteRef:
        key: "secret/data/org/acme/env/prod/db"
        property: "password"
        version: "3"
  dataFrom:
    - extract:
        key: "secret/data/org/acme/env/prod/smtp"
    - find:
        path: "org/acme/env/prod"
        name:
          regexp: "^flag-.*$"
"#;

const PUSH_SECRET: &str = r#"apiVersion: "external-secrets.io/v1alpha1"
kind: "PushSecret"
metadata:
  name: "registry"
  namespace: "acme-prod"
spec:
  refreshInterval: "1h"
  updatePolicy: "IfNotExists"
  deletionPolicy: "Delete"
  secretStoreRefs:
    - name: "bao-primary"
      kind: "ClusterSecretStore"
  selector:
    secret:
      name: "registry-login"
  data:
    - match:
        secretKey: "password"
        remoteRef:
          remoteKey: "org/acme/env/prod/registry"
          property: "password"
    - match:
        remoteRef:
          remoteKey: "org/acme/env/prod/all"
"#;

#[test]
fn the_platforms_store_is_what_its_chart_installs() {
    let store = ClusterSecretStore::platform("region1").unwrap();
    assert_eq!(store.to_string(), CLUSTER_STORE);
    let v1 = store.version(ApiVersion::V1).to_string();
    assert_eq!(v1, CLUSTER_STORE.replace("/v1beta1", "/v1"));
}

#[test]
fn a_store_of_a_namespace_says_what_it_was_told() {
    let account = ServiceAccountRef::new("orders".parse().unwrap()).audience("openbao".parse().unwrap());
    let auth = Auth::Jwt {
        mount: "jwt".parse().unwrap(),
        role: "orders".parse().unwrap(),
        token: JwtSource::ServiceAccount(account),
    };
    let provider = Provider::new("https://openbao.example.test:8200", auth).unwrap();
    let provider = provider.namespace("team-a/dev".parse().unwrap()).read_your_writes();
    let provider = provider.ca(catalyst_sdk::manifest::CaSource::ConfigMap(key("openbao-ca", "ca.crt")));
    let store = SecretStore::new("openbao".parse().unwrap(), "acme-prod".parse().unwrap(), provider).unwrap();
    let store = store
        .version(ApiVersion::V1)
        .labels(Labels::new().with("openova.io/organization", "acme").unwrap())
        .refresh(Duration::from_secs(300))
        .retry(5, Duration::from_secs(10));
    assert_eq!(store.to_string(), SECRET_STORE);
    let reference = StoreRef::new(SecretStoreKind::SecretStore, "openbao".parse().unwrap());
    assert_eq!(store.reference(), reference);
    assert_eq!(store.version(ApiVersion::V1Beta1).to_string(), SECRET_STORE.replace("/v1\"", "/v1beta1\""));
}

#[test]
fn an_external_secret_says_what_it_was_told() {
    let (user, password) = ("user".parse().unwrap(), "password".parse().unwrap());
    let url = TemplateText::new()
        .text("postgres://")
        .reference(&user)
        .text(":")
        .reference(&password)
        .text("@")
        .name(&"orders-db-rw".parse().unwrap())
        .text(":")
        .number(5432)
        .text("/orders");
    let template = Template::new()
        .secret_type(SecretType::Opaque)
        .labels(Labels::new().with("app", "orders").unwrap())
        .key("DATABASE_URL".parse().unwrap(), url)
        .merge();
    let target = Target::new()
        .name("orders-db-login".parse().unwrap())
        .deletion(DeletionPolicy::Delete)
        .template(template);
    let store = StoreRef::new(SecretStoreKind::SecretStore, "openbao".parse().unwrap());
    let login = remote("org/acme/env/prod/db");
    let builder = ExternalSecret::builder("orders-db".parse().unwrap(), "acme-prod".parse().unwrap(), store)
        .version(ApiVersion::V1)
        .refresh(Duration::from_secs(900))
        .target(target)
        .data(user, login.clone().property("username".parse().unwrap()))
        .data(password, login.property("password".parse().unwrap()).version(3))
        .extract(remote("org/acme/env/prod/smtp"))
        .find("^flag-.*$".parse().unwrap(), Some("org/acme/env/prod".parse().unwrap()));
    assert_eq!(builder.clone().build().unwrap().to_string(), EXTERNAL_SECRET);
    let older = builder.version(ApiVersion::V1Beta1).build().unwrap();
    assert_eq!(older.to_string(), EXTERNAL_SECRET.replace("/v1\"", "/v1beta1\""));
}

#[test]
fn a_push_secret_says_what_it_was_told() {
    let primary = Platform::new("region1").unwrap().store_name("bao-primary".parse().unwrap());
    let below = |path: &str| RemoteKey::below(&path.parse().unwrap());
    let push = PushSecret::builder(
        "registry".parse().unwrap(),
        "acme-prod".parse().unwrap(),
        primary.store(),
        "registry-login".parse().unwrap(),
    );
    let push = push
        .update(UpdatePolicy::IfNotExists)
        .deletion(PushDeletionPolicy::Delete)
        .data("password".parse().unwrap(), below("org/acme/env/prod/registry"), "password".parse().unwrap())
        .whole(below("org/acme/env/prod/all"))
        .build()
        .unwrap();
    assert_eq!(push.to_string(), PUSH_SECRET);
}

#[test]
fn a_secret_that_does_not_follow_its_values_says_so() {
    let platform = Platform::new("region1").unwrap();
    let builder = ExternalSecret::builder("a".parse().unwrap(), "ns".parse().unwrap(), platform.store())
        .extract(platform.remote(&"a".parse().unwrap()));
    for (refresh, policy) in [(Refresh::OnChange, "OnChange"), (Refresh::CreatedOnce, "CreatedOnce")] {
        let yaml = read(&builder.clone().refresh(refresh).build().unwrap());
        assert_eq!(yaml["spec"]["refreshPolicy"], policy);
        assert!(yaml["spec"].get("refreshInterval").is_none());
    }
}

proptest! {
    /// Paths and properties are the texts that are not names of Kubernetes.
    #[test]
    fn whatever_a_text_holds_it_stays_one_text(
        path in "\\PC{1,40}|[a-z:#'\"{}\\[\\]&*!|>%@`, -]{1,20}",
        property in "(\\PC|[\\u{2028}\\u{feff}\"\\\\:#]){1,30}",
    ) {
        let (Ok(path), Ok(property)) = (path.parse(), property.parse()) else { return Ok(()) };
        let platform = Platform::new("region1").unwrap();
        let entry = platform.remote(&path).property(property);
        let secret = ExternalSecret::builder("a".parse().unwrap(), "ns".parse().unwrap(), platform.store())
            .data("key".parse().unwrap(), entry)
            .build()
            .unwrap();
        let yaml = read(&secret);
        let found = &yaml["spec"]["data"][0]["remoteRef"];
        prop_assert_eq!(found["key"].as_str().unwrap(), format!("secret/data/{path}"));
        prop_assert!(found["property"].is_string());
        prop_assert_eq!(found.as_mapping().unwrap().len(), 2);
        prop_assert_eq!(yaml.as_mapping().unwrap().len(), 4);
    }
}
