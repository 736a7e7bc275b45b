//! KV version 2, wrapping and health.

use std::time::{Duration, SystemTime};

use serde_json::json;
use wiremock::ResponseTemplate;

use super::support::{Stub, answer};
use crate::{
    ErrorKind, HealthStatus, MetadataUpdate, OpenBao, Secret, SecretData, SecretPath, SecretStore, WriteMode,
};

fn at(path: &str) -> SecretPath {
    path.parse().unwrap()
}

async fn stub_with(verb: &str, path: &str, file: &str) -> (Stub, impl SecretStore) {
    let stub = Stub::start().await;
    stub.on(verb, path, answer(file)).await;
    let kv = stub.client().kv("secret".parse().unwrap());
    (stub, kv)
}

#[tokio::test]
async fn a_read_gives_values_and_version_and_shows_token_and_namespace_to_the_server() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/secret/data/app/db", answer("kv-read")).await;
    let bao = stub.builder().namespace("team-a".parse().unwrap()).build().unwrap();
    let secret = bao.kv("secret".parse().unwrap()).read(&at("app/db"), None).await.unwrap();
    assert_eq!(secret.data.get("password").unwrap().expose(), "p3");
    assert_eq!((secret.data.len(), secret.metadata.version, secret.metadata.destroyed), (3, 3, false));
    let since_1970 = secret.metadata.created_at.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!((since_1970.as_secs(), since_1970.subsec_nanos()), (1_795_317_494, 840_713_050));
    let requests = stub.server.received_requests().await.unwrap();
    let header = |name| requests[1].headers.get(name).unwrap().to_str().unwrap();
    assert_eq!(header("x-vault-token"), "s.canary-token-1");
    assert_eq!((header("x-vault-namespace"), header("x-vault-request")), ("team-a", "true"));
    assert_eq!(requests[0].headers.get("x-vault-namespace").unwrap(), "team-a");
}

#[tokio::test]
async fn a_version_is_asked_for_by_its_number_and_what_is_gone_says_how() {
    for (file, code) in [
        ("kv-read-deleted-404", "version_deleted"),
        ("kv-read-destroyed-404", "version_destroyed"),
        ("kv-read-missing-version-404", "secret_not_found"),
    ] {
        let (stub, kv) = stub_with("GET", "/v1/secret/data/app/db", file).await;
        let error = kv.read(&at("app/db"), Some(2)).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some(code)), "{file}");
        assert_eq!(error.target(), Some("secret/data/app/db"));
        assert_eq!(error.request_id().is_some(), code != "secret_not_found");
        let requests = stub.server.received_requests().await.unwrap();
        assert_eq!(requests.last().unwrap().url.query(), Some("version=2"));
    }
}

#[tokio::test]
async fn a_write_says_which_version_it_replaces() {
    let data = SecretData::from([("user", "a")]);
    for (mode, body) in [
        (WriteMode::Overwrite, json!({"data": {"user": "a"}, "options": {}})),
        (WriteMode::CreateOnly, json!({"data": {"user": "a"}, "options": {"cas": 0}})),
        (WriteMode::IfVersion(7), json!({"data": {"user": "a"}, "options": {"cas": 7}})),
    ] {
        let (stub, kv) = stub_with("POST", "/v1/secret/data/app/db", "kv-write-cas0").await;
        assert_eq!(kv.write(&at("app/db"), &data, mode).await.unwrap().version, 1);
        assert_eq!(stub.last_body().await, body);
    }
    let (_stub, kv) = stub_with("POST", "/v1/secret/data/app/db", "kv-write-cas-mismatch-error").await;
    let error = kv.write(&at("app/db"), &data, WriteMode::CreateOnly).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("cas_mismatch")));
}

#[tokio::test]
async fn a_patch_is_sent_as_a_merge_patch() {
    let (stub, kv) = stub_with("PATCH", "/v1/secret/data/app/db", "kv-patch").await;
    let mut patch = SecretData::from([("extra", "e")]);
    patch.insert_json("old", "null").unwrap();
    assert_eq!(kv.patch(&at("app/db"), &patch, Some(2)).await.unwrap().version, 3);
    assert_eq!(stub.last_body().await, json!({"data": {"extra": "e", "old": null}, "options": {"cas": 2}}));
    let requests = stub.server.received_requests().await.unwrap();
    assert_eq!(requests.last().unwrap().headers.get("content-type").unwrap(), "application/merge-patch+json");
}

#[tokio::test]
async fn a_list_gives_names_and_nothing_there_is_an_empty_list() {
    let (_stub, kv) = stub_with("LIST", "/v1/secret/metadata/app", "kv-list").await;
    assert_eq!(kv.list(Some(&at("app"))).await.unwrap(), ["db"]);
    let (_stub, kv) = stub_with("LIST", "/v1/secret/metadata/none", "kv-list-404").await;
    assert!(kv.list(Some(&at("none"))).await.unwrap().is_empty());
    let (_stub, kv) = stub_with("LIST", "/v1/secret/metadata/", "err-404-no-handler").await;
    assert_eq!(kv.list(None).await.unwrap_err().code(), Some("unknown_mount"));
}

#[tokio::test]
async fn versions_are_deleted_undeleted_and_destroyed_where_the_server_takes_that() {
    let stub = Stub::start().await;
    for (verb, path) in [
        ("DELETE", "/v1/secret/data/a"),
        ("POST", "/v1/secret/delete/a"),
        ("POST", "/v1/secret/undelete/a"),
        ("PUT", "/v1/secret/destroy/a"),
        ("DELETE", "/v1/secret/metadata/a"),
    ] {
        stub.on(verb, path, ResponseTemplate::new(204)).await;
    }
    let (kv, a) = (stub.client().kv("secret".parse().unwrap()), at("a"));
    kv.delete(&a, &[]).await.unwrap();
    kv.delete(&a, &[1, 2]).await.unwrap();
    assert_eq!(stub.last_body().await, json!({"versions": [1, 2]}));
    kv.undelete(&a, &[1]).await.unwrap();
    kv.destroy(&a, &[2]).await.unwrap();
    kv.delete_metadata(&a).await.unwrap();
    assert_eq!(
        stub.asked().await,
        [
            "DELETE /v1/secret/data/a",
            "POST /v1/secret/delete/a",
            "POST /v1/secret/undelete/a",
            "PUT /v1/secret/destroy/a",
            "DELETE /v1/secret/metadata/a"
        ]
    );
}

#[tokio::test]
async fn metadata_lists_all_versions_and_an_update_names_only_what_changes() {
    let (stub, kv) = stub_with("GET", "/v1/secret/metadata/app/db", "kv-metadata-after-destroy").await;
    let about = kv.metadata(&at("app/db")).await.unwrap();
    assert_eq!((about.current_version, about.max_versions, about.cas_required), (3, 3, true));
    assert_eq!(about.custom.get("owner").unwrap(), "rot");
    let destroyed: Vec<_> =
        about.versions.values().map(|version| (version.version, version.destroyed)).collect();
    assert_eq!(destroyed, [(1, false), (2, true), (3, false)]);
    stub.on("POST", "/v1/secret/metadata/app/db", ResponseTemplate::new(204)).await;
    let update = MetadataUpdate::new().delete_version_after(Duration::from_secs(90)).custom([("stage", "b")]);
    kv.write_metadata(&at("app/db"), &update).await.unwrap();
    let expected = json!({"delete_version_after": "90s", "custom_metadata": {"stage": "b"}});
    assert_eq!(stub.last_body().await, expected);
}

#[tokio::test]
async fn a_wrapped_secret_is_read_once_with_nothing_but_its_token() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/sys/wrapping/wrap", answer("wrap-arbitrary")).await;
    let wrapped = stub.client().wrap(Duration::from_secs(60), &SecretData::from([("a", "b")])).await.unwrap();
    assert_eq!((wrapped.ttl, wrapped.creation_path.as_str()), (Duration::from_secs(60), "sys/wrapping/wrap"));
    let requests = stub.server.received_requests().await.unwrap();
    assert_eq!(requests.last().unwrap().headers.get("x-vault-wrap-ttl").unwrap(), "60");

    // Without any login.
    let receiver = OpenBao::builder(&stub.server.uri()).unwrap().build().unwrap();
    stub.on("POST", "/v1/sys/wrapping/lookup", answer("wrap-lookup")).await;
    let about = receiver.lookup_wrapping(&wrapped.token).await.unwrap();
    assert_eq!((about.creation_path.as_str(), about.creation_ttl.as_secs()), ("secret/data/roll", 5));
    stub.on("POST", "/v1/sys/wrapping/unwrap", answer("wrap-unwrap")).await;
    let data = receiver.unwrap(&wrapped.token).await.unwrap();
    assert_eq!(data.get("data").unwrap().expose(), r#"{"v":6}"#);
    let used = stub.server.received_requests().await.unwrap();
    assert_eq!(used.last().unwrap().headers.get("x-vault-token").unwrap(), wrapped.token.expose());
    assert_eq!(stub.logins(), 1);
}

#[tokio::test]
async fn a_wrapping_token_that_was_used_is_an_error_of_its_own() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/sys/wrapping/unwrap", answer("wrap-unwrap-second-error")).await;
    let error = stub.client().unwrap(&Secret::new("s.used")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Expired, Some("wrapping_token_invalid")));
}

#[tokio::test]
async fn every_state_of_the_server_is_an_answer() {
    let (_, healthy) = super::support::recorded("sys-health-200");
    for (status, expected) in [
        (200, HealthStatus::Active),
        (429, HealthStatus::Standby),
        (472, HealthStatus::DrSecondary),
        (473, HealthStatus::PerformanceStandby),
        (501, HealthStatus::NotInitialized),
        (503, HealthStatus::Sealed),
    ] {
        let stub = Stub::start().await;
        stub.on("GET", "/v1/sys/health", ResponseTemplate::new(status).set_body_json(&healthy)).await;
        let health = stub.client().health().await.unwrap();
        assert_eq!((health.status, health.version.as_str()), (expected, "2.7.2"));
        assert_eq!(stub.logins(), 0);
    }
    let stub = Stub::start().await;
    stub.on("GET", "/v1/sys/health", answer("sys-health-503-sealed")).await;
    let health = stub.client().health().await.unwrap();
    assert_eq!(
        (health.status, health.cluster_name, health.status.serves()),
        (HealthStatus::Sealed, None, false)
    );
}

#[tokio::test]
async fn a_quota_or_a_proxy_is_not_taken_for_the_servers_state() {
    for (answer, kind) in [
        (answer("err-429-rate-limit"), ErrorKind::RateLimited),
        (ResponseTemplate::new(503).set_body_string("<html>no upstream</html>"), ErrorKind::Unavailable),
        (ResponseTemplate::new(200).set_body_string("<html>hello</html>"), ErrorKind::Decode),
        (ResponseTemplate::new(404).set_body_string("<html>hello</html>"), ErrorKind::Decode),
    ] {
        let stub = Stub::start().await;
        stub.on("GET", "/v1/sys/health", answer).await;
        assert_eq!(stub.client().health().await.unwrap_err().kind(), kind);
    }
}
