//! The server's own settings against recorded answers.

use std::time::Duration;

use catalyst_core::ErrorKind;
use serde_json::json;
use wiremock::ResponseTemplate;

use super::support::{Stub, answer};
use crate::EngineType;
use crate::auth_method::{
    AliasNameSource, AuthMethodType, ClaimMatch, JwtConfig, JwtKeys, JwtRole, KubernetesConfig,
    KubernetesRole, TokenParameters, TokenType,
};
use crate::system::{ListingVisibility, MountSettings, MountTuning, PolicyDocument, RemountStatus};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[tokio::test]
async fn mounts_are_read_with_what_they_are() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/sys/mounts", answer("sys-mounts")).await;
    stub.on("GET", "/v1/sys/mounts/kv2", answer("sys-mount-read-full")).await;
    stub.on("GET", "/v1/sys/mounts/kv2/tune", answer("sys-mount-tune-read-full")).await;
    stub.on("GET", "/v1/sys/mounts/nope", answer("sys-mount-read-missing-error")).await;
    let system = stub.client().system();
    let all = system.mounts().await.unwrap();
    let secret = all.iter().find(|mount| mount.path.as_str() == "secret").unwrap();
    assert_eq!((&secret.kind, secret.options["version"].as_str()), (&EngineType::Kv, "2"));
    assert!(all.iter().any(|mount| mount.kind == EngineType::System && mount.seal_wrap));
    let kv2 = system.mount(&"kv2".parse().unwrap()).await.unwrap().unwrap();
    let wanted = MountTuning::new()
        .default_lease_ttl(secs(60))
        .max_lease_ttl(secs(3600))
        .listing_visibility(ListingVisibility::Unauth)
        .audit_non_hmac_request_keys(["a"])
        .passthrough_request_headers(["X-A"])
        .allowed_response_headers(["X-B"]);
    assert_eq!(kv2.tuning, wanted);
    assert!(kv2.local && kv2.seal_wrap && kv2.running_version.starts_with("v2"));
    let tuned = system.tuning(&"kv2".parse().unwrap()).await.unwrap();
    assert!(wanted.description("d").is_met_by(&tuned));
    assert!(system.mount(&"nope".parse().unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn an_engine_is_mounted_as_it_is_described() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/sys/mounts/kv2", ResponseTemplate::new(204)).await;
    stub.on("POST", "/v1/sys/mounts/secret", answer("sys-mount-again-error")).await;
    stub.on("POST", "/v1/sys/mounts/aws", answer("err-mount-unknown-type")).await;
    let system = stub.client().system();
    let settings = MountSettings::new()
        .description("d")
        .option("version", "2")
        .tuning(MountTuning::new().default_lease_ttl(secs(60)));
    system.enable(&"kv2".parse().unwrap(), &EngineType::Kv, &settings).await.unwrap();
    let body = json!({"type": "kv", "description": "d", "options": {"version": "2"},
        "config": {"default_lease_ttl": 60}, "local": false, "seal_wrap": false});
    assert_eq!(stub.last_body().await, body);
    for (mount, engine, kind, code) in [
        ("secret", EngineType::Kv, ErrorKind::Conflict, "path_in_use"),
        ("aws", EngineType::Plugin("aws".into()), ErrorKind::NotFound, "unknown_plugin"),
    ] {
        let error = system.enable(&mount.parse().unwrap(), &engine, &MountSettings::new()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{error:?}");
    }
}

#[tokio::test]
async fn a_move_is_followed_to_its_end() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/sys/remount", answer("sys-remount")).await;
    let id = "b36d62bd-7e53-d83a-7f0d-c97d7ed0b547";
    stub.on("GET", &format!("/v1/sys/remount/status/{id}"), answer("sys-remount-status")).await;
    let system = stub.client().system();
    let remount = system.remount(&"kv2".parse().unwrap(), &"kv3".parse().unwrap()).await.unwrap();
    assert_eq!(remount.as_str(), id);
    assert_eq!(system.remount_status(&remount).await.unwrap(), RemountStatus::Success);
}

#[tokio::test]
async fn an_identifier_that_could_leave_its_place_is_not_taken_from_the_server() {
    let stub = Stub::start().await;
    let evil = ResponseTemplate::new(200).set_body_json(json!({"data": {"migration_id": "../../sys/seal"}}));
    stub.on("POST", "/v1/sys/remount", evil).await;
    let error =
        stub.client().system().remount(&"a".parse().unwrap(), &"b".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn login_methods_are_read_and_mounted() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/sys/auth", answer("sys-auth")).await;
    stub.on("GET", "/v1/sys/auth/approle", answer("sys-auth-read")).await;
    stub.on("GET", "/v1/sys/auth/nope", answer("sys-auth-read-missing-error")).await;
    stub.on("POST", "/v1/sys/auth/jwt", ResponseTemplate::new(204)).await;
    let system = stub.client().system();
    assert_eq!(system.auth_methods().await.unwrap()[0].kind, AuthMethodType::Token);
    let read = system.auth_method(&"approle".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((read.kind, read.tuning.default_lease_ttl), (AuthMethodType::AppRole, Some(secs(60))));
    assert_eq!(read.tuning.token_type, Some(TokenType::DefaultService));
    assert!(system.auth_method(&"nope".parse().unwrap()).await.unwrap().is_none());
    system.enable_auth(&"jwt".parse().unwrap(), &AuthMethodType::Jwt, &MountSettings::new()).await.unwrap();
    assert_eq!(stub.last_body().await["type"], "jwt");
}

#[tokio::test]
async fn policies_are_written_as_texts_and_read_as_rules() {
    let stub = Stub::start().await;
    stub.on("LIST", "/v1/sys/policies/acl", answer("sys-policies-list")).await;
    stub.on("GET", "/v1/sys/policies/acl/p", answer("sys-policy-read")).await;
    stub.on("GET", "/v1/sys/policies/acl/nope", answer("sys-policy-read-missing-error")).await;
    stub.on("POST", "/v1/sys/policies/acl/p", answer("sys-policy-put")).await;
    stub.on("POST", "/v1/sys/policies/acl/bad", answer("sys-policy-bad-error")).await;
    stub.on("POST", "/v1/sys/policies/acl/cas", answer("sys-policy-cas")).await;
    let system = stub.client().system();
    assert_eq!(system.policies().await.unwrap(), ["default", "p", "root"]);
    let kept = system.policy(&"p".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((kept.version, kept.document.rules().unwrap()[0].path()), (1, "a/*"));
    assert!(kept.modified_at.is_some() && kept.expires_at.is_none());
    assert!(system.policy(&"nope".parse().unwrap()).await.unwrap().is_none());
    system.write_policy(&"p".parse().unwrap(), &kept.document).await.unwrap();
    assert_eq!(stub.last_body().await, json!({"policy": "path \"a/*\" { capabilities=[\"read\"] }"}));
    let bad: PolicyDocument = "path {{{".parse().unwrap();
    let error = system.write_policy(&"bad".parse().unwrap(), &bad).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("invalid_policy")));
    assert!(error.server_message().unwrap().contains("At 1:7"));
    let error = system.replace_policy(&"cas".parse().unwrap(), &kept.document, 7).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("cas_mismatch")));
}

#[tokio::test]
async fn kubernetes_is_configured_and_its_token_never_shown() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/auth/kubernetes/config", ResponseTemplate::new(204)).await;
    stub.on("GET", "/v1/auth/kubernetes/config", answer("kubernetes-auth-config-read")).await;
    stub.on("GET", "/v1/auth/fresh/config", answer("kubernetes-auth-config-read-missing")).await;
    let method = stub.client().kubernetes_method("kubernetes".parse().unwrap());
    let config = KubernetesConfig::new("https://127.0.0.1:6443")
        .token_reviewer_jwt("canary-jwt")
        .disable_local_ca_jwt(true);
    method.configure(&config).await.unwrap();
    let body = json!({"kubernetes_host": "https://127.0.0.1:6443", "token_reviewer_jwt": "canary-jwt",
        "pem_keys": [], "disable_local_ca_jwt": true});
    assert_eq!(stub.last_body().await, body);
    assert!(!format!("{config:?}").contains("canary"));
    let status = method.config().await.unwrap().unwrap();
    assert!(status.has_token_reviewer_jwt && config.is_met_by(&status));
    assert!(!KubernetesConfig::new("https://elsewhere").is_met_by(&status));
    let fresh = stub.client().kubernetes_method("fresh".parse().unwrap());
    assert!(fresh.config().await.unwrap().is_none());
}

#[tokio::test]
async fn a_kubernetes_role_comes_back_as_it_was_written() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/auth/kubernetes/role/app", answer("kubernetes-auth-role-write")).await;
    stub.on("GET", "/v1/auth/kubernetes/role/app", answer("kubernetes-auth-role-read")).await;
    stub.on("GET", "/v1/auth/kubernetes/role/nope", answer("kubernetes-auth-role-read-missing-error")).await;
    stub.on("LIST", "/v1/auth/kubernetes/role", answer("kubernetes-auth-role-list")).await;
    stub.on("DELETE", "/v1/auth/kubernetes/role/app", ResponseTemplate::new(204)).await;
    let (method, app) =
        (stub.client().kubernetes_method("kubernetes".parse().unwrap()), "app".parse().unwrap());
    let role = KubernetesRole::new(["es"], ["external-secrets"])
        .audience("bao")
        .alias_name_source(AliasNameSource::Uid)
        .tokens(TokenParameters::new().policies(["external-secrets-read"]).ttl(secs(3600)));
    method.write_role(&app, &role).await.unwrap();
    assert_eq!(stub.last_body().await["token_ttl"], 3600);
    let read = method.role(&app).await.unwrap().unwrap();
    assert!(role.is_met_by(&read) && !role.clone().audience("other").is_met_by(&read));
    assert!(method.role(&"nope".parse().unwrap()).await.unwrap().is_none());
    assert_eq!(method.roles().await.unwrap(), ["app"]);
    method.delete_role(&app).await.unwrap();
}

#[tokio::test]
async fn a_jwt_role_comes_back_as_it_was_written() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/auth/jwt/role/app", answer("jwt-role-write")).await;
    stub.on("GET", "/v1/auth/jwt/role/app", answer("jwt-role-read")).await;
    let (method, app) = (stub.client().jwt_method("jwt".parse().unwrap()), "app".parse().unwrap());
    let role = JwtRole::new(["a"])
        .bound_subject("s")
        .bound_claim("x", ["2", "1"])
        .bound_claim("y", ["z"])
        .claim_match(ClaimMatch::Glob)
        .claim_mapping("x", "y")
        .groups_claim("g")
        .clock_skew_leeway(secs(5))
        .expiration_leeway(secs(6))
        .not_before_leeway(secs(7))
        .tokens(TokenParameters::new().policies(["p"]).ttl(secs(60)));
    method.write_role(&app, &role).await.unwrap();
    assert_eq!(stub.last_body().await["role_type"], "jwt");
    let read = method.role(&app).await.unwrap().unwrap();
    assert!(role.is_met_by(&read), "{read:?}");
    assert_eq!(read.tokens.kind, Some(TokenType::Default));
}

#[tokio::test]
async fn the_keys_of_a_jwt_method_come_back_and_one_that_is_not_to_be_read_is_told() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/auth/jwt/config", answer("jwt-config-read")).await;
    stub.on("POST", "/v1/auth/jwt/config", answer("jwt-config-unreachable-error")).await;
    let method = stub.client().jwt_method("jwt".parse().unwrap());
    let status = method.config().await.unwrap().unwrap();
    let JwtKeys::Pem(keys) = &status.config.keys else { panic!("{status:?}") };
    assert_eq!((keys.len(), status.status.as_deref()), (1, Some("valid")));
    let same = JwtConfig::new(JwtKeys::pem([format!("{}\n", keys[0])]))
        .bound_issuer("https://i")
        .default_role("app".parse().unwrap())
        .algorithms(["RS256"]);
    assert!(same.is_met_by(&status) && !JwtConfig::new(JwtKeys::jwks("https://x")).is_met_by(&status));
    let error = method.configure(&JwtConfig::new(JwtKeys::jwks("http://127.0.0.1:1/x"))).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("issuer_unreachable")));
    let body = json!({"jwks_url": "http://127.0.0.1:1/x", "bound_issuer": "", "default_role": "",
        "jwt_supported_algs": []});
    assert_eq!(stub.last_body().await, body);
}
