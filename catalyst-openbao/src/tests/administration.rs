//! Namespaces, quotas, plugins, audit, monitoring and control groups, against recorded answers.

use std::collections::BTreeMap;
use std::time::Duration;

use catalyst_core::{ErrorKind, Secret};
use serde_json::json;
use wiremock::ResponseTemplate;

use super::support::{Stub, answer};
use crate::Namespace;
use crate::system::{
    ApiPath, Capability, NamespaceDeletion, PasswordPolicy, PluginKind, PluginProgram, PolicyName,
    QuotaConfig, QuotaName, RateLimit,
};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[tokio::test]
async fn passwords_are_made_by_policies() {
    let stub = Stub::start().await;
    stub.on("PUT", "/v1/x", answer("sys-password-policy")).await;
    stub.on("POST", "/v1/sys/policies/password/p1", answer("sys-password-policy-put")).await;
    stub.on("GET", "/v1/sys/policies/password/p1", answer("sys-password-policy-read")).await;
    stub.on("GET", "/v1/sys/policies/password/p1/generate", answer("sys-password-policy-generate")).await;
    stub.on("GET", "/v1/sys/policies/password/nope", answer("sys-password-policy-read-missing-error")).await;
    let missing = answer("sys-password-policy-generate-missing-error");
    stub.on("GET", "/v1/sys/policies/password/nope/generate", missing).await;
    stub.on("POST", "/v1/sys/policies/password/p2", answer("sys-password-policy-bad-error")).await;
    let (system, p1, nope) =
        (stub.client().system(), "p1".parse().unwrap(), "nope".parse::<PolicyName>().unwrap());
    let policy = PasswordPolicy::new(30).unwrap().charset("abc\"", 1);
    system.write_password_policy(&p1, &policy).await.unwrap();
    let text = "length = 30\nrule \"charset\" {\n  charset = \"abc\\\"\"\n  min-chars = 1\n}\n";
    assert_eq!(stub.last_body().await, json!({ "policy": text }));
    assert!(system.password_policy(&p1).await.unwrap().unwrap().starts_with("length=30"));
    assert_eq!(system.generate_password(&p1).await.unwrap().expose().len(), 30);
    assert!(system.password_policy(&nope).await.unwrap().is_none());
    assert_eq!(system.generate_password(&nope).await.unwrap_err().code(), Some("unknown_policy"));
    let bad = PasswordPolicy::new(4).unwrap();
    let error = system.write_password_policy(&"p2".parse().unwrap(), &bad).await.unwrap_err();
    assert_eq!(error.code(), Some("invalid_policy"));
    for length in [0, 3, 101] {
        assert_eq!(PasswordPolicy::new(length).unwrap_err().kind(), ErrorKind::Config);
    }
}

#[tokio::test]
async fn capabilities_are_told_in_the_order_that_was_asked() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/sys/capabilities-self", answer("sys-capabilities-self-plain")).await;
    stub.on("POST", "/v1/sys/capabilities-accessor", answer("sys-capabilities-accessor-missing-error")).await;
    stub.on("POST", "/v1/sys/capabilities", answer("sys-capabilities")).await;
    let system = stub.client().system();
    let paths: Vec<ApiPath> =
        ["b", "a/x", "sys/capabilities-self", "a/x"].iter().map(|path| path.parse().unwrap()).collect();
    let found = system.capabilities(&paths).await.unwrap();
    let expected: [&[Capability]; 4] =
        [&[Capability::Deny], &[Capability::Read], &[Capability::Update], &[Capability::Read]];
    assert_eq!(found, expected);
    let found = system.capabilities_of(&Secret::new("canary"), &paths[..2]).await.unwrap();
    assert_eq!((found.len(), stub.last_body().await["token"].as_str()), (2, Some("canary")));
    let error = system.capabilities_of_accessor("nope", &paths[..2]).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("token_not_found")));
}

#[tokio::test]
async fn no_path_at_all_is_refused() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/sys/capabilities-self", answer("err-400-capabilities")).await;
    let error = stub.client().system().capabilities(&[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn a_namespace_is_asked_for_in_the_one_it_lies_in() {
    let stub = Stub::start().await;
    stub.on("LIST", "/v1/sys/namespaces", answer("ns-list")).await;
    stub.on("LIST", "/v1/team-a/sys/namespaces", answer("ns-list-empty")).await;
    stub.on("POST", "/v1/team-a/sys/namespaces/dev", answer("ns-create")).await;
    stub.on("GET", "/v1/sys/namespaces/team-a", answer("ns-read")).await;
    stub.on("GET", "/v1/sys/namespaces/gone", answer("ns-read-deleted")).await;
    stub.on("DELETE", "/v1/sys/namespaces/team-a", answer("ns-delete")).await;
    stub.on("DELETE", "/v1/sys/namespaces/gone", answer("ns-delete-missing")).await;
    let (system, team) = (stub.client().system(), "team-a".parse::<Namespace>().unwrap());
    let listed = system.namespaces(None).await.unwrap();
    assert_eq!((listed.len(), &listed[0].path, listed[0].metadata["x"].as_str()), (1, &team, "y"));
    assert!(system.namespaces(Some(&team)).await.unwrap().is_empty());
    let metadata = BTreeMap::from([("x".to_owned(), "y".to_owned())]);
    system.write_namespace(&"team-a/dev".parse().unwrap(), &metadata).await.unwrap();
    assert_eq!(stub.last_body().await, json!({"custom_metadata": {"x": "y"}}));
    assert_eq!(system.namespace(&team).await.unwrap().unwrap(), listed[0]);
    let gone = "gone".parse().unwrap();
    assert!(system.namespace(&gone).await.unwrap().is_none());
    assert_eq!(system.delete_namespace(&team).await.unwrap(), NamespaceDeletion::InProgress);
    assert_eq!(system.delete_namespace(&gone).await.unwrap(), NamespaceDeletion::Gone);
}

#[tokio::test]
async fn a_namespace_is_locked_with_a_key() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/sys/namespaces/api-lock/lock/team-b", answer("ns-lock-api")).await;
    stub.on("POST", "/v1/sys/namespaces/api-lock/unlock/team-b", answer("ns-unlock")).await;
    stub.on("POST", "/v1/sys/namespaces/api-lock/unlock/wrong", answer("ns-unlock-wrong-error")).await;
    stub.on("GET", "/v1/sys/mounts", answer("ns-locked-error")).await;
    let (system, team) = (stub.client().system(), "team-b".parse().unwrap());
    let key = system.lock_namespace(&team).await.unwrap();
    let error = system.mounts().await.unwrap_err();
    assert_eq!((error.code(), error.attempts()), (Some("namespace_locked"), 1));
    system.unlock_namespace(&team, Some(&key)).await.unwrap();
    assert_eq!(stub.last_body().await["unlock_key"], key.expose());
    let error = system.unlock_namespace(&"wrong".parse().unwrap(), None).await.unwrap_err();
    assert_eq!(error.code(), Some("wrong_unlock_key"));
}

#[tokio::test]
async fn rate_limits_come_back_as_they_were_written() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/sys/quotas/rate-limit/r2", answer("sys-quota-rate-write")).await;
    stub.on("GET", "/v1/sys/quotas/rate-limit/r2", answer("sys-quota-rate-read")).await;
    stub.on("GET", "/v1/sys/quotas/rate-limit/nope", answer("sys-quota-rate-missing-error")).await;
    stub.on("POST", "/v1/sys/quotas/rate-limit/z", answer("sys-quota-rate-zero-error")).await;
    stub.on("LIST", "/v1/sys/quotas/rate-limit", answer("sys-quota-rate-list")).await;
    stub.on("GET", "/v1/sys/quotas/config", answer("sys-quota-config-read")).await;
    stub.on("POST", "/v1/sys/quotas/config", answer("sys-quota-config-write")).await;
    let (system, r2) = (stub.client().system(), "r2".parse().unwrap());
    let limit = RateLimit::new(7.5).interval(secs(2)).block_interval(secs(10)).path("secret/");
    system.write_rate_limit(&r2, &limit).await.unwrap();
    let body = json!({"rate": 7.5, "interval": 2, "block_interval": 10, "path": "secret/"});
    assert_eq!(stub.last_body().await, body);
    assert!(limit.is_met_by(&system.rate_limit(&r2).await.unwrap().unwrap()));
    assert!(system.rate_limit(&"nope".parse().unwrap()).await.unwrap().is_none());
    let zero: QuotaName = "z".parse().unwrap();
    let error = system.write_rate_limit(&zero, &RateLimit::new(0.0)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(system.rate_limits().await.unwrap(), ["r2"]);
    let config = system.quota_config().await.unwrap();
    assert!(config.rate_limit_exempt_paths.contains(&"sys/health".to_owned()));
    system.write_quota_config(&QuotaConfig::new().rate_limit_exempt_paths(["sys/health"])).await.unwrap();
    assert_eq!(stub.last_body().await, json!({"rate_limit_exempt_paths": ["sys/health"]}));
}

#[tokio::test]
async fn plugins_are_listed_and_registered() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/sys/plugins/catalog", answer("sys-plugins-catalog")).await;
    stub.on("GET", "/v1/sys/plugins/catalog/secret/kv", answer("sys-plugin-read")).await;
    stub.on("GET", "/v1/sys/plugins/catalog/secret/nope", answer("sys-plugin-read-missing-error")).await;
    stub.on("POST", "/v1/sys/plugins/catalog/secret/mine", answer("sys-plugin-register-error")).await;
    stub.on("POST", "/v1/sys/plugins/reload/backend", answer("sys-plugin-reload-missing-error")).await;
    let system = stub.client().system();
    let all = system.plugins().await.unwrap();
    assert!(
        all.iter().any(|one| one.name == "valkey-database-plugin" && one.kind == Some(PluginKind::Database))
    );
    let kv = system.plugin(PluginKind::Secret, &"kv".parse().unwrap()).await.unwrap().unwrap();
    assert!(kv.builtin && kv.command.is_none());
    assert!(system.plugin(PluginKind::Secret, &"nope".parse().unwrap()).await.unwrap().is_none());
    let program = PluginProgram::new("mine", "00".repeat(32)).version("v1.0.0");
    let refused = system.register_plugin(PluginKind::Secret, &"mine".parse().unwrap(), &program).await;
    assert_eq!(refused.unwrap_err().code(), Some("no_plugin_directory"));
    let error = system.reload_mounts(&["nope".parse().unwrap()]).await.unwrap_err();
    assert_eq!(error.code(), Some("unknown_mount"));
    assert_eq!(stub.last_body().await, json!({"mounts": ["nope"]}));
}

#[tokio::test]
async fn audit_devices_are_listed_and_hash_what_they_are_shown() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/sys/audit", answer("sys-audit-list")).await;
    stub.on("POST", "/v1/sys/audit-hash/to-file", answer("sys-audit-hash")).await;
    stub.on("POST", "/v1/sys/audit-hash/nope", answer("sys-audit-hash-missing-error")).await;
    let system = stub.client().system();
    let devices = system.audit_devices().await.unwrap();
    assert_eq!((devices[0].path.as_str(), devices[0].kind.as_str()), ("to-file", "file"));
    let hash = system.audit_hash(&devices[0].path, &Secret::new("p1")).await.unwrap();
    assert!(hash.starts_with("hmac-sha256:"));
    let error = system.audit_hash(&"nope".parse().unwrap(), &Secret::new("canary")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("unknown_device")));
    assert!(!format!("{error:?}").contains("canary"));
}

#[tokio::test]
async fn that_devices_are_declared_is_told() {
    let stub = Stub::start().await;
    stub.on("PUT", "/v1/sys/audit/file2", answer("sys-audit-enable-by-api-error")).await;
    stub.on("DELETE", "/v1/sys/audit/to-file", answer("sys-audit-disable-error")).await;
    let bao = stub.client();
    let body = json!({"type": "file"});
    let made = bao.request(crate::Method::Put, "sys/audit/file2".parse().unwrap()).body(&body).done().await;
    let removed = bao.request(crate::Method::Delete, "sys/audit/to-file".parse().unwrap()).done().await;
    for refused in [made, removed] {
        let error = refused.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("declared_only")));
    }
}

#[tokio::test]
async fn the_server_tells_how_it_is_doing() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/sys/metrics", answer("sys-metrics-json")).await;
    stub.on("GET", "/v1/sys/host-info", answer("sys-host-info")).await;
    stub.on("LIST", "/v1/sys/version-history", answer("sys-version-history")).await;
    stub.on("GET", "/v1/sys/in-flight-req", answer("sys-in-flight-req")).await;
    let system = stub.client().system();
    let metrics = system.metrics().await.unwrap();
    assert!(metrics.gauges.iter().any(|gauge| gauge.name == "vault.core.active"));
    let host = system.host_info().await.unwrap();
    assert!(host.processors > 0 && host.memory_total >= host.memory_available);
    assert_eq!(system.version_history().await.unwrap()[0].version, "2.7.2");
    assert_eq!(system.requests_in_flight().await.unwrap()[0].path, "/v1/sys/in-flight-req");
}

#[tokio::test]
async fn metrics_for_prometheus_are_bounded_like_every_body() {
    let stub = Stub::start().await;
    let text = "# HELP go_goroutines\ngo_goroutines 12\n";
    stub.on("GET", "/v1/sys/metrics", ResponseTemplate::new(200).set_body_string(text)).await;
    assert_eq!(stub.client().system().prometheus_metrics().await.unwrap(), text);
    let asked = stub.server.received_requests().await.unwrap();
    assert_eq!(asked.last().unwrap().url.query(), Some("format=prometheus"));
    let bounded = stub.builder().max_body(8).build().unwrap().system();
    assert_eq!(bounded.prometheus_metrics().await.unwrap_err().kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn leases_that_cannot_be_revoked_are_counted() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/sys/leases/count", answer("db-55-irrevocable-count")).await;
    stub.on("GET", "/v1/sys/leases", answer("db-55-irrevocable-list")).await;
    stub.on("LIST", "/v1/sys/leases/lookup/auth/token/create", answer("sys-leases-lookup-prefix")).await;
    stub.on("POST", "/v1/sys/leases/tidy", answer("sys-leases-tidy")).await;
    let leases = stub.client().leases();
    assert_eq!(leases.count_irrevocable().await.unwrap(), 0);
    assert!(leases.irrevocable().await.unwrap().is_empty());
    assert_eq!(leases.list(&"auth/token/create".parse().unwrap()).await.unwrap().len(), 2);
    leases.tidy().await.unwrap();
}

#[tokio::test]
async fn a_request_of_a_control_group_is_approved() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/sys/control-group/request", answer("cg-request-approved")).await;
    stub.on("POST", "/v1/sys/control-group/authorize", answer("cg-authorize")).await;
    let system = stub.client().system();
    assert!(system.approve("SBiUjok7KxH2NznTTF9SI34P").await.unwrap());
    let request = system.control_group_request("SBiUjok7KxH2NznTTF9SI34P").await.unwrap();
    assert!(request.approved);
    assert_eq!(
        (request.path.as_str(), request.approvals[0].entity_name.as_str()),
        ("secret/data/x", "userpass-bert")
    );
    for (recorded, code) in
        [("cg-authorize-missing-error", "request_not_found"), ("cg-authorize-again", "already_approved")]
    {
        let stub = Stub::start().await;
        stub.on("POST", "/v1/sys/control-group/authorize", answer(recorded)).await;
        assert_eq!(stub.client().system().approve("x").await.unwrap_err().code(), Some(code));
    }
}
