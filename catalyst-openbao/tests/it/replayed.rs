//! Requests that were recorded on OpenBao 2.7.2, made again on the fake in the same order: the same statuses, the same
//! words in refusals, and answers of the same shape.

use catalyst_core::http::{HttpClient, HttpConfig, Method, Request};
use catalyst_openbao::testing::FakeOpenBao;
use catalyst_openbao::{EngineType, Secret};
use serde_json::{Value, json};

use super::recorded::same_shape;

/// In the order in which they were made.
const MOUNTS: [&str; 24] = [
    "sys-mount-again-error",
    "sys-mount-read",
    "sys-mount-read-missing-error",
    "sys-mount-tune-missing-error",
    "sys-mount-tune-read-missing-error",
    "sys-unmount-missing",
    "sys-remount-status-missing-error",
    "sys-remount-missing-error",
    "err-mount-unknown-type",
    "sys-auth-enable",
    "sys-auth-enable-again-error",
    "sys-auth-unknown-type-error",
    "sys-auth-read",
    "sys-auth-read-missing-error",
    "sys-auth-tune",
    "sys-auth-disable-missing",
    "sys-audit-enable-by-api-error",
    "sys-audit-disable-error",
    "sys-audit-hash",
    "sys-audit-hash-missing-error",
    "sys-audit-list",
    "sys-plugins-catalog",
    "sys-plugin-read",
    "sys-plugin-read-missing-error",
];
const POLICIES: [&str; 23] = [
    "sys-policy-put-p",
    "sys-policy-read",
    "sys-policy-read-missing-error",
    "sys-policies-list",
    "sys-policy-delete",
    "sys-policy-delete-default-error",
    "sys-policy-write-root-error",
    "sys-policy-bad-error",
    "sys-policy-bad-capability-error",
    "sys-policy-bad-key-error",
    "sys-policy-empty-error",
    "sys-policy-full",
    "sys-policy-cas",
    "sys-capabilities-self",
    "err-400-capabilities",
    "sys-capabilities-accessor-missing-error",
    "sys-password-policy",
    "sys-password-policy-read",
    "sys-password-policy-generate",
    "sys-password-policy-read-missing-error",
    "sys-password-policy-bad-error",
    "sys-password-policy-generate-missing-error",
    "sys-password-policy-delete",
];
const APP_ROLES: [&str; 21] = [
    "sys-auth-enable",
    "approle-role",
    "approle-role-create",
    "approle-role-read",
    "approle-role-read-missing-error",
    "approle-role-id",
    "approle-role-id-write",
    "approle-secret-id",
    "approle-secret-id-generate",
    "approle-secret-id-list",
    "approle-secret-id-lookup-missing",
    "approle-secret-id-destroy",
    "approle-secret-id-destroy-again",
    "approle-secret-id-accessor-destroy-missing",
    "approle-secret-id-wrapped",
    "approle-secret-id-missing-role-error",
    "approle-role-missing-role-id-error",
    "approle-login-error",
    "approle-tidy",
    "approle-role-delete",
    "approle-role-bad-error",
];
const METHODS: [&str; 39] = [
    "jwt-config-read-missing-error",
    "jwt-role-before-config-error",
    "jwt-config-write",
    "jwt-config-read",
    "jwt-config-both-error",
    "jwt-role-write",
    "jwt-role-read",
    "jwt-role-list",
    "jwt-role-read-missing-error",
    "jwt-role-no-bounds-error",
    "kubernetes-auth-config-read-missing",
    "kubernetes-auth-config-write",
    "kubernetes-auth-config-read",
    "kubernetes-auth-config-bad-error",
    "kubernetes-auth-role-write",
    "kubernetes-auth-role-read",
    "kubernetes-auth-role-list",
    "kubernetes-auth-role-read-missing-error",
    "kubernetes-auth-role-bad-error",
    "kubernetes-auth-role-nothing-error",
    "cert-config-read",
    "cert-config-write",
    "cert-role-write",
    "cert-role-read",
    "cert-role-list",
    "cert-role-read-missing-error",
    "cert-role-bad-error",
    "userpass-user-write",
    "userpass-user-read",
    "userpass-user-list",
    "userpass-user-read-missing-error",
    "userpass-password",
    "userpass-password-missing-user-error",
    "userpass-login",
    "userpass-login-error",
    "userpass-login-unknown-user-error",
    "userpass-user-no-password-error",
    "userpass-delete",
    "sys-plugin-deregister",
];
const TOKENS: [&str; 14] = [
    "token-create",
    "token-create-batch",
    "token-periodic",
    "token-create-full",
    "token-lookup-accessor-missing-error",
    "token-renew-accessor-missing-error",
    "token-revoke-accessor-missing-error",
    "token-lookup-missing-error",
    "token-role-read-missing-error",
    "token-create-role-missing-error",
    "token-create-orphan",
    "token-role-write",
    "token-role-list",
    "token-create-role",
];
const NAMESPACES: [&str; 24] = [
    "ns-create",
    "ns-create-again",
    "ns-read",
    "ns-list",
    "ns-mount",
    "ns-missing-error",
    "ns-token",
    "ns-delete",
    "ns-read-deleted",
    "ns-create-nested-error",
    "ns-create-reserved-error",
    "ns-delete-missing",
    "sys-quota-rate-write",
    "sys-quota-rate-read",
    "sys-quota-rate-list",
    "sys-quota-rate-missing-error",
    "sys-quota-rate-zero-error",
    "sys-quota-rate-path-error",
    "sys-quota-lease-write",
    "sys-quota-config-read",
    "sys-quota-rate-delete",
    "sys-quota-rate-delete-missing",
    "sys-version-history",
    "sys-leases-tidy",
];

/// Without what a key of an issuer was sent with, for it was left out.
const SSH: [&str; 81] = [
    "ssh-mount",
    "ssh-public-key-none-error",
    "ssh-ca-none-error",
    "ssh-default-issuer-none-error",
    "ssh-issuers-none",
    "ssh-ca-delete-none",
    "ssh-role-write",
    "ssh-sign-no-issuer-error",
    "ssh-ca-generate",
    "ssh-ca-read",
    "ssh-role-ca-read",
    "ssh-role-none-error",
    "ssh-role-list",
    "ssh-sign-unknown-role-error",
    "ssh-issue-unknown-role-error",
    "ssh-creds-unknown-role-error",
    "ssh-sign-full",
    "ssh-sign-principal-error",
    "ssh-sign-no-principals-error",
    "ssh-sign-ttl-error",
    "ssh-sign-key-id-error",
    "ssh-sign-kind-error",
    "ssh-sign-extension-error",
    "ssh-sign-option-error",
    "ssh-sign-malformed-error",
    "ssh-sign-malformed-blob-error",
    "ssh-sign-no-key-error",
    "ssh-sign-rsa",
    "ssh-sign-ecdsa",
    "ssh-issue-ec",
    "ssh-issue-key-type-error",
    "ssh-issue-weak-error",
    "ssh-role-write-lengths",
    "ssh-role-lengths-read",
    "ssh-sign-key-size-error",
    "ssh-issue-key-type-denied-error",
    "ssh-issue-key-bits-denied-error",
    "ssh-role-write-rsa-only",
    "ssh-sign-key-type-error",
    "ssh-role-write-algorithm",
    "ssh-sign-algorithm-error",
    "ssh-role-write-hosts",
    "ssh-sign-host",
    "ssh-role-no-kind-error",
    "ssh-role-ttl-error",
    "ssh-role-otp-user-error",
    "ssh-role-no-type-error",
    "ssh-role-cidr-error",
    "ssh-role-write-any",
    "ssh-sign-any",
    "ssh-sign-no-principals-allowed-error",
    "ssh-role-otp",
    "ssh-role-otp-read",
    "ssh-creds",
    "ssh-verify-again-error",
    "ssh-creds-user-error",
    "ssh-creds-ip-error",
    "ssh-creds-ca-role-error",
    "ssh-sign-otp-role-error",
    "ssh-issue-otp-role-error",
    "ssh-role-otp-default-user",
    "ssh-creds-default-user-error",
    "ssh-lookup",
    "ssh-lookup-none",
    "ssh-zeroaddress-none-error",
    "ssh-zeroaddress-role-error",
    "ssh-zeroaddress-empty-error",
    "ssh-zeroaddress-write",
    "ssh-zeroaddress",
    "ssh-creds-ca-role-zero-error",
    "ssh-role-delete",
    "ssh-zeroaddress-delete",
    "ssh-tidy",
    "ssh-issuer-reserved-error",
    "ssh-issuer-none-error",
    "ssh-default-issuer",
    "ssh-default-issuer-unknown-error",
    "ssh-ca-import-malformed-error",
    "ssh-ca-import-public-malformed-error",
    "ssh-ca-import-half-error",
    "ssh-ca-delete",
];

struct Again {
    fake: FakeOpenBao,
    http: HttpClient,
}

impl Again {
    async fn start(methods: &[&str]) -> Self {
        let again = Self {
            fake: FakeOpenBao::start().await,
            http: HttpClient::new(HttpConfig::new("openbao")).unwrap(),
        };
        for method in methods {
            let request = json!({ "method": "POST", "path": format!("/v1/sys/auth/{method}"), "body": { "type": method } });
            assert_eq!(again.ask(&request).await.0, 204);
        }
        again
    }

    async fn ask(&self, recorded: &Value) -> (u16, Value) {
        let method = match recorded["method"].as_str().unwrap() {
            "GET" => Method::Get,
            "LIST" => Method::List,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            "DELETE" => Method::Delete,
            _ => Method::Post,
        };
        let url = format!("{}{}", self.fake.address(), recorded["path"].as_str().unwrap()).parse().unwrap();
        let mut request = Request::new(method, url, "replay")
            .secret_header("x-vault-token", &Secret::new(self.fake.root_token().expose()))
            .unwrap();
        let headers = &recorded["headers"];
        for (name, lower) in
            [("X-Vault-Wrap-TTL", "x-vault-wrap-ttl"), ("X-Vault-Namespace", "x-vault-namespace")]
        {
            if let Some(value) = headers[name].as_str() {
                request = request.header(lower, value).unwrap();
            }
        }
        if !recorded["body"].is_null() {
            request = request.json(&recorded["body"]).unwrap();
        }
        let answer = self.http.send(request).await.unwrap();
        let body = if answer.body().is_empty() { Value::Null } else { answer.json().unwrap() };
        (answer.status(), body)
    }

    async fn replay(&self, names: &[&str]) {
        for name in names {
            let file = format!("{}/tests-data/{name}.json", env!("CARGO_MANIFEST_DIR"));
            let sample: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
            let (status, body) = self.ask(&sample["request"]).await;
            let recorded = &sample["response"];
            assert_eq!(u64::from(status), recorded["status"].as_u64().unwrap(), "{name}: {body}");
            if status >= 400 {
                assert_eq!(words(&body), words(&recorded["body"]), "{name}");
            } else if recorded["body"]["auth"].is_object() {
                same_shape(&body["auth"], &recorded["body"]["auth"], name);
            } else if let Some(data) = recorded["body"]["data"].as_object() {
                // What a mount is called decides the members of lists of mounts; there the values are compared.
                same_members(&body["data"], data, name);
            }
        }
    }
}

/// What was refused, without the place in a text, which another reader may see a little elsewhere.
fn words(body: &Value) -> Value {
    body["errors"].clone()
}

fn same_members(answer: &Value, recorded: &serde_json::Map<String, Value>, name: &str) {
    for member in recorded.keys() {
        assert!(answer.get(member).is_some(), "{name}: {member} is missing in {answer}");
    }
    for (member, value) in answer.as_object().unwrap() {
        let Some(recorded) = recorded.get(member) else {
            panic!("{name}: {member} is more than was recorded")
        };
        // A list that is empty on one side says nothing of what is in it.
        let listed = value.is_array() || recorded.is_array() || value.is_null() || recorded.is_null();
        if !listed {
            same_shape(value, recorded, &format!("{name}.{member}"));
        }
    }
}

/// What holds an identifier or a time that the server made is not among them.
const CERTIFICATES: [&str; 64] = [
    "pki-no-issuer-error",
    "pki-issuers-none",
    "pki-role-issuer-missing",
    "pki-issue-no-issuer-error",
    "pki-root-exported",
    "pki-root-name-taken-error",
    "pki-root-key-name-taken-error",
    "pki-root-bad-key-error",
    "pki-issuer-read",
    "pki-issuer-missing-error",
    "pki-key-read",
    "pki-key-missing-error",
    "pki-config-issuers-read",
    "pki-config-issuers-missing-error",
    "pki-issuer-write",
    "pki-key-write",
    "pki-issue-unknown-role-error",
    "pki-role-write",
    "pki-role-bad-key-error",
    "pki-role-ttl-error",
    "pki-role-lease-nostore-warning",
    "pki-role-missing",
    "pki-issue-pkcs8",
    "pki-issue-denied-error",
    "pki-issue-san-denied-error",
    "pki-issue-email-denied-error",
    "pki-issue-uri-denied-error",
    "pki-issue-bad-ip-error",
    "pki-issue-no-cn-error",
    "pki-issue-other-san-denied-error",
    "pki-issue-ttl-capped",
    "pki-sign",
    "pki-sign-not-a-csr-error",
    "pki-sign-empty-csr-error",
    "pki-sign-broken-csr-error",
    "pki-sign-key-type-error",
    "pki-sign-verbatim",
    "pki-sign-verbatim-role-error",
    "pki-sign-intermediate",
    "pki-revoke-missing-error",
    "pki-revoke-serial-malformed-error",
    "pki-revoke-none-error",
    "pki-revoke-bad-cert-error",
    "pki-revoke-foreign-error",
    "pki-cert-missing-error",
    "pki-urls-read-empty",
    "pki-urls-bad-error",
    "pki-crl-config-read",
    "pki-crl-config-write",
    "pki-crl-config-bad-error",
    "pki-crl-config-delta-error",
    "pki-crl-rotate",
    "pki-issuer-crl",
    "pki-auto-tidy-read",
    "pki-auto-tidy-write",
    "pki-auto-tidy-bad-error",
    "pki-tidy-nothing-error",
    "pki-tidy-cancel-none",
    "pki-tidy-bad-error",
    "pki-acme-read",
    "pki-acme-no-cluster-error",
    "pki-eab-new",
    "pki-eab-delete-missing",
    "pki-root-rotated",
];
/// The same of a second mount and a third one.
const AUTHORITIES: [&str; 15] = [
    "pki-intermediate-csr",
    "pki-intermediate-csr-exported",
    "pki-set-signed-bad-error",
    "pki-set-signed-empty-error",
    "pki-set-signed-leaf-error",
    "pki-import-bad-error",
    "pki-import-leaf-error",
    "pki-import-cert-with-key-error",
    "pki-import-key",
    "pki-import-key-bad-error",
    "pki-generate-key",
    "pki-generate-key-internal",
    "pki-key-delete",
    "pki-key-delete",
    "pki-root-delete",
];

#[tokio::test]
async fn certificates() {
    let again = Again::start(&[]).await;
    for mount in ["pki", "int2", "imp"] {
        assert!(again.fake.model().mount_engine(mount, &EngineType::Pki));
    }
    again.replay(&CERTIFICATES).await;
    again.replay(&AUTHORITIES).await;
}

#[tokio::test]
async fn mounts_audit_and_plugins() {
    Again::start(&[]).await.replay(&MOUNTS).await;
}

#[tokio::test]
async fn policies() {
    Again::start(&[]).await.replay(&POLICIES).await;
}

#[tokio::test]
async fn app_roles() {
    Again::start(&[]).await.replay(&APP_ROLES).await;
}

#[tokio::test]
async fn login_methods() {
    Again::start(&["jwt", "kubernetes", "cert", "userpass"]).await.replay(&METHODS).await;
}

#[tokio::test]
async fn tokens() {
    Again::start(&[]).await.replay(&TOKENS).await;
}

#[tokio::test]
async fn namespaces_and_quotas() {
    Again::start(&[]).await.replay(&NAMESPACES).await;
}

#[tokio::test]
async fn ssh() {
    Again::start(&[]).await.replay(&SSH).await;
}
