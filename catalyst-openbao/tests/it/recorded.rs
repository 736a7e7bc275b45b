//! The fake's answers have the shape of those that were recorded from OpenBao 2.7.2: the same members, of the same
//! JSON types, with the same texts in refusals.

use std::time::Duration;

use catalyst_core::http::{HttpClient, HttpConfig, Method, Request};
use catalyst_openbao::Secret;
use catalyst_openbao::mock::{LoginRule, MockRole, MockStaticRole, TokenGrant};
use catalyst_openbao::testing::FakeOpenBao;
use serde_json::{Value, json};

struct Wire {
    fake: FakeOpenBao,
    http: HttpClient,
}

impl Wire {
    async fn start() -> Self {
        let fake = FakeOpenBao::start().await;
        let model = fake.model();
        model.set_role(
            "database",
            "short",
            MockRole::new(Duration::from_secs(10)).max_ttl(Duration::from_secs(60)),
        );
        let fixed = MockStaticRole::new("app_static", Duration::from_secs(6));
        model.set_static_role("database", "app-static", &fixed);
        let grant = TokenGrant::new(Duration::from_secs(60)).policies(&[]);
        model.allow_login("approle", "rot", LoginRule::app_role("id", "secret-id"), grant);
        Self { fake, http: HttpClient::new(HttpConfig::new("openbao")).unwrap() }
    }

    async fn ask(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> (u16, Value) {
        self.ask_with(method, path, token, body, &[]).await
    }

    async fn ask_with(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
        headers: &[(&'static str, &str)],
    ) -> (u16, Value) {
        let url = format!("{}/v1/{path}", self.fake.address()).parse().unwrap();
        let mut request = Request::new(method, url, "test");
        if !token.is_empty() {
            request = request.secret_header("x-vault-token", &Secret::new(token)).unwrap();
        }
        if let Some(body) = body {
            request = request.json(&body).unwrap();
        }
        if method == Method::Patch {
            request = request.header("content-type", "application/merge-patch+json").unwrap();
        }
        for (name, value) in headers {
            request = request.header(name, value).unwrap();
        }
        let response = self.http.send(request).await.unwrap();
        let body = if response.body().is_empty() { Value::Null } else { response.json().unwrap() };
        (response.status(), body)
    }
}

/// Fails unless `answer` has the members of `recorded`, and no others, with the same types; below `versions` the keys
/// are data. Numbers, texts and times may differ.
pub(crate) fn same_shape(answer: &Value, recorded: &Value, at: &str) {
    match (answer, recorded) {
        (Value::Object(answer), Value::Object(recorded)) => {
            let names = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(answer), names(recorded), "members of {at}");
            for (name, value) in answer {
                same_shape(value, &recorded[name], &format!("{at}.{name}"));
            }
        }
        (Value::Array(answer), Value::Array(recorded)) => {
            assert_eq!(answer.is_empty(), recorded.is_empty(), "emptiness of {at}");
            if let (Some(answer), Some(recorded)) = (answer.first(), recorded.first()) {
                same_shape(answer, recorded, &format!("{at}[0]"));
            }
        }
        _ => assert_eq!(std::mem::discriminant(answer), std::mem::discriminant(recorded), "type of {at}"),
    }
}

fn envelope(changed: Value) -> Value {
    let mut envelope = json!({
        "request_id": "98fe7094-b3a2-2693-88d9-c70de89ef22a", "lease_id": "", "renewable": false, "lease_duration": 0,
        "data": null, "wrap_info": null, "warnings": null, "auth": null,
    });
    for (name, value) in changed.as_object().unwrap() {
        envelope[name] = value.clone();
    }
    envelope
}

fn auth(metadata: Value, entity: &str) -> Value {
    envelope(json!({ "auth": {
        "client_token": "s.AT29Cibp8IH4ua9Utacs19yQ", "accessor": "towW2pqW1jDwLDq8RYqandWJ", "policies": ["default"],
        "token_policies": ["default"], "metadata": metadata, "lease_duration": 60, "renewable": true,
        "entity_id": entity, "token_type": "service", "orphan": true, "mfa_requirement": null, "num_uses": 0,
    } }))
}

#[tokio::test]
async fn logins_and_tokens() {
    let wire = Wire::start().await;
    let shown = json!({ "role_id": "id", "secret_id": "secret-id" });
    let (status, login) = wire.ask(Method::Post, "auth/approle/login", "", Some(shown)).await;
    assert_eq!(status, 200);
    same_shape(&login, &auth(json!({ "role_name": "rot" }), "04f66360"), "approle-login");
    let token = login["auth"]["client_token"].as_str().unwrap();
    let (_, about) = wire.ask(Method::Get, "auth/token/lookup-self", token, None).await;
    let recorded = json!({
        "accessor": "", "creation_time": 1_795_317_498, "creation_ttl": 60, "display_name": "approle", "entity_id": "",
        "expire_time": "2026-11-22T03:19:18.382075814Z", "explicit_max_ttl": 0, "id": "", "issue_time": "",
        "meta": { "role_name": "rot" }, "num_uses": 0, "orphan": true, "path": "auth/approle/login",
        "policies": ["default"], "renewable": true, "ttl": 60, "type": "service",
    });
    same_shape(&about, &envelope(json!({ "data": recorded })), "token-lookup-self");
    let (status, renewed) =
        wire.ask(Method::Post, "auth/token/renew-self", token, Some(json!({ "increment": "120s" }))).await;
    assert_eq!((status, renewed["auth"]["lease_duration"].as_u64()), (200, Some(120)));
    assert_eq!(wire.ask(Method::Post, "auth/token/revoke-self", token, None).await, (204, Value::Null));
    let gone = json!({ "errors": ["permission denied"] });
    assert_eq!(wire.ask(Method::Get, "auth/token/lookup-self", token, None).await, (403, gone));
    let bad = json!({ "role_id": "id", "secret_id": "bad" });
    let refused = (400, json!({ "errors": ["invalid role or secret ID"] }));
    assert_eq!(wire.ask(Method::Post, "auth/approle/login", "", Some(bad)).await, refused);
}

#[tokio::test]
async fn database_credentials_and_leases() {
    let wire = Wire::start().await;
    let (status, issued) = wire.ask(Method::Get, "database/creds/short", "root", None).await;
    let recorded = envelope(json!({
        "lease_id": "database/creds/short/JvPpTjZT6qkDLjkYqKWJKFAs", "renewable": true, "lease_duration": 10,
        "data": { "password": "l-UOrfTsCsvX1pyhob54", "username": "v-token-short-8VSQ0xYKTqVynBFgCrKv-1795317007" },
    }));
    assert_eq!(status, 200);
    same_shape(&issued, &recorded, "db-10-creds");
    assert!(issued["data"]["username"].as_str().unwrap().starts_with("v-token-short-"));
    assert_eq!(issued["data"]["password"].as_str().unwrap().len(), 20);
    let lease = issued["lease_id"].clone();
    let (_, about) =
        wire.ask(Method::Post, "sys/leases/lookup", "root", Some(json!({ "lease_id": lease }))).await;
    let recorded = json!({
        "expire_time": "", "id": "", "issue_time": "", "last_renewal": null, "path": "database/creds/short",
        "renewable": true, "ttl": 10,
    });
    same_shape(&about, &envelope(json!({ "data": recorded })), "db-11-lease-lookup");
    let far = json!({ "lease_id": lease, "increment": 3600 });
    let (_, renewed) = wire.ask(Method::Post, "sys/leases/renew", "root", Some(far)).await;
    assert_eq!(
        renewed["warnings"],
        json!(["TTL of \"1h\" exceeded the effective max_ttl of \"1m\"; TTL value is capped accordingly"])
    );
    let revoke = json!({ "lease_id": lease, "sync": true });
    assert_eq!(wire.ask(Method::Put, "sys/leases/revoke", "root", Some(revoke)).await, (204, Value::Null));
    for (path, text) in [("lookup", "invalid lease"), ("renew", "lease not found")] {
        let path = format!("sys/leases/{path}");
        let answer = wire.ask(Method::Post, &path, "root", Some(json!({ "lease_id": lease }))).await;
        assert_eq!(answer, (400, json!({ "errors": [text] })));
    }
    let unknown = (400, json!({ "errors": ["unknown role: nosuch"] }));
    assert_eq!(wire.ask(Method::Get, "database/creds/nosuch", "root", None).await, unknown);
    let (_, fixed) = wire.ask(Method::Get, "database/static-creds/app-static", "root", None).await;
    let recorded = json!({
        "last_vault_rotation": "", "password": "", "rotation_period": 6, "ttl": 0, "username": "app_static",
    });
    same_shape(&fixed, &envelope(json!({ "data": recorded })), "db-32-static-creds");
}

#[tokio::test]
async fn secrets_and_their_versions() {
    let wire = Wire::start().await;
    let path = "secret/data/app/db";
    let write = json!({ "data": { "user": "a", "password": "p1" }, "options": { "cas": 0 } });
    let (_, written) = wire.ask(Method::Post, path, "root", Some(write.clone())).await;
    let version = |deletion_time: &str, destroyed: bool| {
        json!({
            "created_time": "", "custom_metadata": null, "deletion_time": deletion_time, "destroyed": destroyed,
            "version": 1,
        })
    };
    same_shape(&written, &envelope(json!({ "data": version("", false) })), "kv-write-cas0");
    let mismatch = json!({ "errors": ["check-and-set parameter did not match the current version"] });
    assert_eq!(wire.ask(Method::Post, path, "root", Some(write)).await, (400, mismatch));
    let (_, read) = wire.ask(Method::Get, path, "root", None).await;
    let recorded = json!({ "data": { "user": "a", "password": "p1" }, "metadata": version("", false) });
    same_shape(&read, &envelope(json!({ "data": recorded })), "kv-read");
    assert_eq!(wire.ask(Method::Delete, path, "root", None).await, (204, Value::Null));
    let (status, gone) = wire.ask(Method::Get, path, "root", None).await;
    assert_eq!(status, 404);
    let recorded = json!({ "data": null, "metadata": version("2026-11-22T03:18:14.87383879Z", false) });
    same_shape(&gone, &envelope(json!({ "data": recorded })), "kv-read-deleted-404");
    let (_, metadata) = wire.ask(Method::Get, "secret/metadata/app/db", "root", None).await;
    let recorded = json!({
        "cas_required": false, "created_time": "", "current_metadata_version": 0, "current_version": 1,
        "custom_metadata": null, "delete_version_after": "0s", "max_versions": 0, "metadata_cas_required": false,
        "oldest_version": 0, "updated_time": "",
        "versions": { "1": { "created_time": "", "deletion_time": "", "destroyed": false } },
    });
    same_shape(&metadata, &envelope(json!({ "data": recorded })), "kv-metadata-read");
    let (_, list) = wire.ask(Method::List, "secret/metadata/app", "root", None).await;
    assert_eq!(list["data"], json!({ "keys": ["db"] }));
    let nothing = (404, json!({ "errors": [] }));
    assert_eq!(wire.ask(Method::List, "secret/metadata/none", "root", None).await, nothing);
    assert_eq!(wire.ask(Method::Get, "secret/data/app/none", "root", None).await, nothing);
    let change = json!({ "data": { "password": "p3" } });
    let (status, _) = wire.ask(Method::Patch, "secret/data/app/none", "root", Some(change)).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn wrapping_and_the_refusals_that_are_common_to_all() {
    let wire = Wire::start().await;
    let ttl = [("x-vault-wrap-ttl", "60")];
    let (_, wrapped) =
        wire.ask_with(Method::Post, "sys/wrapping/wrap", "root", Some(json!({ "a": "b" })), &ttl).await;
    let recorded = envelope(json!({ "request_id": "", "wrap_info": {
        "token": "", "accessor": "", "ttl": 60, "creation_time": "", "creation_path": "sys/wrapping/wrap",
    } }));
    same_shape(&wrapped, &recorded, "wrap-arbitrary");
    assert_eq!(wrapped["request_id"], "");
    let token = wrapped["wrap_info"]["token"].as_str().unwrap();
    let (_, unwrapped) = wire.ask(Method::Post, "sys/wrapping/unwrap", token, None).await;
    same_shape(&unwrapped, &envelope(json!({ "data": { "a": "b" } })), "wrap-unwrap");
    let invalid = (400, json!({ "errors": ["wrapping token is not valid or does not exist"] }));
    assert_eq!(wire.ask(Method::Post, "sys/wrapping/unwrap", token, None).await, invalid);
    let without = (400, json!({ "errors": ["endpoint requires response wrapping to be used"] }));
    assert_eq!(wire.ask(Method::Post, "sys/wrapping/wrap", "root", Some(json!({}))).await, without);
    let nowhere = (404, json!({ "errors": ["no handler for route \"nope/x\". route entry not found."] }));
    assert_eq!(wire.ask(Method::Get, "nope/x", "root", None).await, nowhere);
    let denied = (403, json!({ "errors": ["permission denied"] }));
    assert_eq!(wire.ask(Method::Get, "nope/x", "", None).await, denied);
    let verb = (405, json!({ "errors": ["1 error occurred:\n\t* unsupported operation\n\n"] }));
    assert_eq!(wire.ask(Method::Delete, "database/creds/short", "root", None).await, verb);
    wire.fake.model().seal();
    let sealed = (503, json!({ "errors": ["Vault is sealed"] }));
    assert_eq!(wire.ask(Method::Get, "secret/data/x", "root", None).await, sealed);
    let (status, health) = wire.ask(Method::Get, "sys/health", "", None).await;
    let recorded = json!({
        "initialized": true, "sealed": true, "standby": true, "replication_performance_mode": "unknown",
        "replication_dr_mode": "unknown", "server_time_utc": 1_795_317_500, "version": "2.7.2",
    });
    assert_eq!(status, 503);
    same_shape(&health, &recorded, "sys-health-503-sealed");
}
