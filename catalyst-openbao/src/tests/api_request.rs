//! Requests to what the crate has no function for.

use std::time::Duration;

use catalyst_core::ErrorKind;
use serde::Deserialize;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::support::{Stub, answer};
use crate::{ApiPath, Method};

fn path(text: &str) -> ApiPath {
    text.parse().unwrap()
}

#[derive(Deserialize)]
struct Random {
    random_bytes: String,
}

#[tokio::test]
async fn anything_can_be_asked_with_types_of_ones_own() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/sys/tools/random/16", answer("sys-tools-random")).await;
    stub.on("GET", "/v1/sys/loggers/core", answer("sys-logger-read")).await;
    stub.on("POST", "/v1/auth/token/create", answer("token-create")).await;
    let (bao, body) = (stub.client(), json!({"format": "hex"}));
    let random: Random =
        bao.request(Method::Post, path("sys/tools/random/16")).body(&body).data().await.unwrap();
    assert_eq!((random.random_bytes.len(), stub.last_body().await), (32, body));
    let level: Value = bao.request(Method::Get, path("sys/loggers/core")).data().await.unwrap();
    assert_eq!(level["core"], "debug");
    let made: Value = bao.request(Method::Post, path("auth/token/create")).whole().await.unwrap();
    assert_eq!(made["auth"]["lease_duration"], 300);
}

#[tokio::test]
async fn a_query_is_escaped_and_a_namespace_takes_the_place_of_the_clients() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/a b", ResponseTemplate::new(204)).await;
    let bao = stub.builder().namespace("ours".parse().unwrap()).build().unwrap();
    let theirs = "theirs".parse().unwrap();
    let request = bao.request(Method::Get, path("a b")).query("x y", "1&2=#").query("z", "");
    assert!(!format!("{request:?}").contains("1%26"));
    request.namespace(&theirs).done().await.unwrap_err();
    let asked = stub.server.received_requests().await.unwrap();
    let last = asked.last().unwrap();
    assert_eq!(last.url.query(), Some("x+y=1%262%3D%23&z="));
    assert_eq!(
        (last.url.path(), last.headers["x-vault-namespace"].to_str().unwrap()),
        ("/v1/a%20b", "theirs")
    );
}

#[tokio::test]
async fn a_post_is_sent_once_unless_it_is_declared_to_be_repeatable() {
    for (method, repeated, tries) in [
        (Method::Post, false, 1),
        (Method::Patch, false, 1),
        (Method::Post, true, 3),
        (Method::Get, false, 3),
        (Method::Delete, false, 3),
    ] {
        let stub = Stub::start().await;
        stub.on(method.as_str(), "/v1/x", ResponseTemplate::new(502)).await;
        let bao = stub.client();
        let request = bao.request(method, path("x"));
        let request = if repeated { request.repeatable() } else { request };
        let error = request.done().await.unwrap_err();
        assert_eq!((error.outcome_unknown(), stub.count("/v1/x").await), (true, tries), "{method:?}");
    }
    let stub = Stub::start().await;
    stub.on("PUT", "/v1/x", ResponseTemplate::new(502)).await;
    stub.client().request(Method::Put, path("x")).once().done().await.unwrap_err();
    assert_eq!(stub.count("/v1/x").await, 1);
}

#[tokio::test]
async fn a_patch_is_a_merge_patch() {
    let stub = Stub::start().await;
    stub.on("PATCH", "/v1/sys/namespaces/team-b", answer("ns-patch")).await;
    let (bao, body) = (stub.client(), json!({"custom_metadata": {"x": "z"}}));
    let patched: Value =
        bao.request(Method::Patch, path("sys/namespaces/team-b")).body(&body).data().await.unwrap();
    assert_eq!(patched["custom_metadata"]["x"], "z");
    let asked = stub.server.received_requests().await.unwrap();
    assert_eq!(asked.last().unwrap().headers["content-type"], "application/merge-patch+json");
}

#[tokio::test]
async fn any_answer_can_be_wrapped() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/secret/data/x", answer("cg-read-wrapped")).await;
    let bao = stub.client();
    let request = || bao.request(Method::Get, path("secret/data/x"));
    let wrapped = request().wrapped(Duration::from_secs(3600)).await.unwrap();
    let held_back = request().held_back().await.unwrap();
    assert_eq!([wrapped.creation_path, held_back.creation_path], ["secret/data/x"; 2]);
    let asked = stub.server.received_requests().await.unwrap();
    assert!(!asked.last().unwrap().headers.contains_key("x-vault-wrap-ttl"));
    assert_eq!(request().data::<Value>().await.unwrap_err().kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn an_answer_that_is_no_text_or_does_not_fit_is_told() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/x", ResponseTemplate::new(200).set_body_bytes(vec![0xff, 0xfe])).await;
    stub.on("GET", "/v1/y", answer("sys-tools-random")).await;
    let bao = stub.client();
    assert_eq!(bao.request(Method::Get, path("x")).text().await.unwrap_err().kind(), ErrorKind::Decode);
    let misfit = bao.request(Method::Get, path("y")).data::<Vec<u8>>().await.unwrap_err();
    assert_eq!((misfit.kind(), misfit.code()), (ErrorKind::Decode, Some("unreadable_answer")));
}

#[test]
fn a_path_that_could_lead_elsewhere_is_refused() {
    for bad in ["", "..", "a/../b", "https://evil.test/v1/x", "//evil.test", "a?b=c", "a#b", "a\nb", "a/./b"]
    {
        assert_eq!(bad.parse::<ApiPath>().unwrap_err().kind(), ErrorKind::Config, "{bad}");
    }
    assert_eq!(path("/sys/mounts/").as_str(), "sys/mounts");
}
