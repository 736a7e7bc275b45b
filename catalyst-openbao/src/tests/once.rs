//! What creates something is not repeated blindly.

use std::time::Duration;

use catalyst_core::RetryAdvice;
use wiremock::ResponseTemplate;

use super::support::{Stub, answer};
use crate::{DynamicCredentials, Error, ErrorKind, OpenBao, RoleName, SecretStore};

const CREDS: &str = "/v1/database/creds/a";

fn role() -> RoleName {
    "a".parse().unwrap()
}

async fn issue(bao: &OpenBao) -> Error {
    bao.database("database".parse().unwrap()).issue(&role()).await.unwrap_err()
}

#[tokio::test]
async fn a_mint_without_an_answer_is_made_once_and_a_read_is_repeated() {
    let stub = Stub::start().await;
    let late = || answer("db-10-creds").set_delay(Duration::from_secs(20));
    stub.on("GET", CREDS, late()).await;
    stub.on("GET", "/v1/secret/data/a", late()).await;
    let bao = stub.builder().timeout(Duration::from_millis(150)).build().unwrap();
    let error = issue(&bao).await;
    assert_eq!((error.kind(), error.outcome_unknown(), error.attempts()), (ErrorKind::Timeout, true, 1));
    assert_eq!(stub.count(CREDS).await, 1);
    let error = bao.kv("secret".parse().unwrap()).read(&"a".parse().unwrap(), None).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts(), stub.count("/v1/secret/data/a").await),
        (ErrorKind::Timeout, 3, 3)
    );
}

#[tokio::test]
async fn a_mint_whose_answer_cannot_be_read_has_an_unknown_outcome() {
    for body in ["not json", "{}", r#"{"lease_id":"a/1","data":{"username":7}}"#, r#"{"lease_id":"a/1"}"#] {
        let stub = Stub::start().await;
        stub.on("GET", CREDS, ResponseTemplate::new(200).set_body_string(body)).await;
        let error = issue(&stub.client()).await;
        assert_eq!((error.kind(), error.outcome_unknown()), (ErrorKind::Decode, true), "{body}");
        assert_eq!(stub.count(CREDS).await, 1);
    }
}

#[tokio::test]
async fn a_mint_behind_a_failing_proxy_is_made_once() {
    let stub = Stub::start().await;
    stub.on("GET", CREDS, ResponseTemplate::new(504).set_body_string("<html>")).await;
    let error = issue(&stub.client()).await;
    assert_eq!((error.code(), error.outcome_unknown()), (Some("bad_gateway"), true));
    assert_eq!(stub.count(CREDS).await, 1);
}

#[tokio::test]
async fn a_mint_that_certainly_had_no_effect_is_tried_again() {
    for file in ["err-503-sealed", "err-429-rate-limit", "db-60-creds-db-down-error"] {
        let stub = Stub::start().await;
        stub.on("GET", CREDS, answer(file)).await;
        let error = issue(&stub.client()).await;
        assert_eq!((error.attempts(), stub.count(CREDS).await), (3, 3), "{file}");
        assert_eq!(error.retry(), RetryAdvice::Backoff);
    }
}

#[tokio::test]
async fn the_servers_pause_is_kept() {
    let stub = Stub::start().await;
    let wait = answer("err-429-rate-limit").insert_header("retry-after", "3600");
    stub.on("GET", CREDS, wait).await;
    let error = issue(&stub.client()).await;
    assert_eq!(error.retry(), RetryAdvice::After(Duration::from_secs(3600)));
    assert_eq!(error.attempts(), 1, "an hour is past the deadline of all tries");
}
