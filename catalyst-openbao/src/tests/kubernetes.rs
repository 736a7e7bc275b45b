//! Kubernetes against recorded answers.

use std::time::Duration;

use catalyst_core::ErrorKind;

use super::support::{Stub, answer};
use crate::{
    AccountSource, KubernetesConnection, KubernetesRole, KubernetesSecrets, ServiceAccountTokens,
    TokenRequest,
};

fn kubernetes(stub: &Stub) -> KubernetesSecrets {
    stub.client().kubernetes("kubernetes".parse().unwrap())
}

#[tokio::test]
async fn tokens_come_with_a_lease_and_roles_as_they_were_written() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/kubernetes/creds/acc", answer("kubernetes-creds")).await;
    stub.on("POST", "/v1/kubernetes/creds/gen", answer("kubernetes-creds-generated")).await;
    stub.on("GET", "/v1/kubernetes/roles/acc", answer("kubernetes-role-read-full")).await;
    stub.on("LIST", "/v1/kubernetes/roles", answer("kubernetes-role-list")).await;
    let kubernetes = kubernetes(&stub);
    let request = TokenRequest::in_namespace("shop");
    let lease = kubernetes.issue(&"acc".parse().unwrap(), &request).await.unwrap();
    assert_eq!((lease.value.account.as_str(), lease.value.namespace.as_str()), ("deployer", "shop"));
    assert!(!lease.term.renewable && lease.term.ttl <= Duration::from_secs(600));
    let made = kubernetes.issue(&"gen".parse().unwrap(), &request).await.unwrap();
    assert!(made.value.account.starts_with("v-token-gen-"));
    let role =
        KubernetesRole::new(AccountSource::Account("deployer".to_owned()), ["forbidden", "missing", "shop"])
            .ttl(Duration::from_secs(600), Duration::from_secs(3600))
            .audiences(["a"])
            .label("l", "v");
    assert_eq!(kubernetes.read_role(&"acc".parse().unwrap()).await.unwrap(), role);
    assert_eq!(kubernetes.list_roles().await.unwrap(), ["acc"]);
}

#[tokio::test]
async fn what_is_refused_says_why() {
    use ErrorKind::{InvalidRequest, NotFound, PermissionDenied, Unavailable};
    for (file, kind, code, unknown) in [
        ("kubernetes-creds-missing-role-error", NotFound, "unknown_role", false),
        ("kubernetes-creds-namespace-error", PermissionDenied, "permission_denied", false),
        ("kubernetes-creds-no-namespace-error", InvalidRequest, "invalid_request", false),
        ("kubernetes-creds-forbidden-error", Unavailable, "backend_refused", false),
        ("kubernetes-creds-no-account-error", Unavailable, "backend_refused", false),
        ("kubernetes-creds-bad-token-error", Unavailable, "backend_refused", false),
        ("kubernetes-creds-generated-forbidden-error", Unavailable, "backend_refused", false),
        ("kubernetes-creds-down-error", Unavailable, "backend_down", true),
        ("kubernetes-creds-generated-down-error", Unavailable, "backend_down", true),
        ("kubernetes-creds-unreachable-error", Unavailable, "backend_down", true),
    ] {
        let stub = Stub::start().await;
        stub.on("POST", "/v1/kubernetes/creds/acc", answer(file)).await;
        let request = TokenRequest::in_namespace("shop");
        let error = kubernetes(&stub).issue(&"acc".parse().unwrap(), &request).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code(), error.outcome_unknown()),
            (kind, Some(code), unknown),
            "{file}"
        );
        assert_eq!(stub.count("/v1/kubernetes/creds/acc").await, 1, "{file}");
    }
    for file in
        ["kubernetes-role-nothing-error", "kubernetes-role-bad-rules-error", "kubernetes-role-ttl-error"]
    {
        let stub = Stub::start().await;
        stub.on("POST", "/v1/kubernetes/roles/x", answer(file)).await;
        let role = KubernetesRole::new(AccountSource::Account("a".to_owned()), ["shop"]);
        let error = kubernetes(&stub).write_role(&"x".parse().unwrap(), &role).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (InvalidRequest, Some("invalid_request")), "{file}");
    }
    let stub = Stub::start().await;
    stub.on("POST", "/v1/kubernetes/config", answer("kubernetes-config-local-error")).await;
    let error = kubernetes(&stub).configure(&KubernetesConnection::local()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (InvalidRequest, Some("invalid_request")));
    assert!(!error.outcome_unknown());
}
