//! Each way to log in, and what a refused token leads to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::testing::LogCapture;
use serde_json::json;
use wiremock::ResponseTemplate;

use super::support::{Stub, answer, quick, recorded};
use crate::{
    AssertionSource, DynamicCredentials, Error, ErrorKind, Login, OpenBao, Result, Secret, SecretData,
    SecretStore, Standing, WriteMode,
};

const SECRET: &str = "/v1/secret/data/app/db";

async fn read(bao: &OpenBao) -> Result<u64> {
    let kv = bao.kv("secret".parse()?);
    kv.read(&"app/db".parse()?, None).await.map(|secret| secret.metadata.version)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_cold_callers_log_in_once() {
    let stub = Stub::start().await;
    stub.on("GET", SECRET, answer("kv-read")).await;
    let bao = stub.client();
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let bao = bao.clone();
            tokio::spawn(async move { bao.session().await.map(|session| session.id()) })
        })
        .collect();
    let mut sessions = Vec::new();
    for task in tasks {
        sessions.push(task.await.unwrap().unwrap());
    }
    sessions.dedup();
    assert_eq!((sessions.len(), stub.logins()), (1, 1));
}

#[tokio::test]
async fn a_token_revoked_behind_our_back_is_replaced_and_its_session_is_lost() {
    let stub = Stub::start().await;
    stub.on("GET", SECRET, answer("kv-read")).await;
    let bao = stub.client();
    let first = bao.session().await.unwrap();
    stub.revoke_all();
    assert_eq!(read(&bao).await.unwrap(), 3);
    assert_eq!((stub.logins(), first.state().standing), (2, Standing::Lost));
    assert_ne!(bao.session().await.unwrap().id(), first.id());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_refused_callers_log_in_once() {
    let stub = Stub::start().await;
    stub.on("GET", SECRET, answer("kv-read")).await;
    let bao = stub.client();
    bao.session().await.unwrap();
    stub.revoke_all();
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let bao = bao.clone();
            tokio::spawn(async move { read(&bao).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), 3);
    }
    assert_eq!(stub.logins(), 2);
}

#[tokio::test]
async fn what_a_policy_forbids_is_tried_with_one_fresh_login_and_not_with_one_each_time() {
    let stub = Stub::start().await;
    stub.on("GET", SECRET, answer("err-403-bad-token")).await;
    let bao = stub.client();
    for logins in [2, 2, 2] {
        let error = read(&bao).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::PermissionDenied, Some("permission_denied")));
        assert_eq!((error.target(), error.status()), (Some("secret/data/app/db"), Some(403)));
        assert_eq!(stub.logins(), logins);
    }
}

#[tokio::test]
async fn when_a_fresh_login_is_allowed_more_the_session_before_is_superseded_and_not_lost() {
    let stub = Stub::start().await;
    let calls = Arc::new(AtomicU32::new(0));
    let counted = move |_: &wiremock::Request| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => answer("err-403-bad-token"),
        _ => answer("kv-read"),
    };
    stub.on("GET", SECRET, counted).await;
    let bao = stub.client();
    let first = bao.session().await.unwrap();
    assert_eq!(read(&bao).await.unwrap(), 3);
    assert_eq!((stub.logins(), first.state().standing), (2, Standing::Ending));
}

#[tokio::test]
async fn a_refused_login_says_so_and_is_not_repeated() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/auth/other/login", answer("approle-login-error")).await;
    let login = Login::app_role("x", Secret::new("canary")).mount("other".parse().unwrap());
    let bao = stub.builder().login(login).build().unwrap();
    let error = read(&bao).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthenticated, Some("bad_credentials")));
    assert_eq!((error.operation(), error.target()), ("log in", Some("auth/other/login")));
    assert_eq!(stub.count("/v1/auth/other/login").await, 1);
}

#[tokio::test]
async fn a_kubernetes_token_is_read_from_its_file_at_each_login() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/auth/kubernetes/login", answer("approle-login")).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let bao = stub.builder().login(Login::kubernetes("orders".parse().unwrap(), &file)).build().unwrap();
    let error = bao.session().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Identity);
    assert!(error.target().unwrap().ends_with("token"));
    for token in ["first", "second\n"] {
        std::fs::write(&file, token).unwrap();
        bao.login_anew().await.unwrap();
        assert_eq!(stub.last_body().await, json!({"role": "orders", "jwt": token.trim()}));
    }
    for useless in [String::new(), "\n".to_owned(), "x".repeat(70_000)] {
        std::fs::write(&file, useless).unwrap();
        assert_eq!(bao.login_anew().await.unwrap_err().kind(), ErrorKind::Identity);
    }
}

#[derive(Debug)]
struct Assertions(AtomicU32);

#[async_trait]
impl AssertionSource for Assertions {
    async fn assertion(&self, audience: &str) -> Result<Secret> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Err(Error::new(ErrorKind::Identity, "fetch JWT-SVID")),
            1 => std::future::pending().await,
            number => Ok(Secret::from(format!("{audience}-{number}"))),
        }
    }
}

#[tokio::test]
async fn a_jwt_login_presents_a_new_assertion_each_time_and_passes_on_why_there_is_none() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/auth/spire/login", answer("approle-login")).await;
    let source = Arc::new(Assertions(AtomicU32::new(0)));
    let login = Login::jwt("orders".parse().unwrap(), "bao", source).mount("spire".parse().unwrap());
    let bao = stub.builder().login(login).build().unwrap();
    let error = bao.session().await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Identity, "fetch JWT-SVID"));
    // A source that hangs is left in time; here the caller's own limit ends it.
    assert!(tokio::time::timeout(Duration::from_millis(20), bao.session()).await.is_err());
    for number in [2, 3] {
        bao.login_anew().await.unwrap();
        assert_eq!(stub.last_body().await, json!({"role": "orders", "jwt": format!("bao-{number}")}));
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_ends_the_login_in_time() {
    let source = Arc::new(Assertions(AtomicU32::new(1)));
    let login = Login::jwt("orders".parse().unwrap(), "bao", source);
    let once = catalyst_core::RetryConfig::never();
    let bao = OpenBao::builder("http://127.0.0.1:9").unwrap().login(login).retry(once).build().unwrap();
    let error = bao.session().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Timeout, Some("assertion_timeout")));
}

#[tokio::test]
async fn a_static_token_is_looked_up_renewed_and_never_revoked() {
    let stub = Stub::start().await;
    stub.on("GET", SECRET, answer("kv-read")).await;
    stub.on("POST", "/v1/auth/token/renew-self", answer("token-renew-self")).await;
    let bao = stub.builder().login(Login::token(Secret::new("s.canary-token-9"))).build().unwrap();
    let session = bao.session().await.unwrap();
    assert_eq!(session.state().standing, Standing::Lasting);
    assert_eq!(bao.login_anew().await.unwrap().id(), session.id());
    bao.shutdown(Duration::from_secs(5)).await.unwrap();
    assert_eq!(stub.count("/v1/auth/token/revoke-self").await, 0);
}

#[tokio::test]
async fn a_static_token_that_ended_asks_for_a_new_one() {
    let stub = Stub::start().await;
    let (status, body) = recorded("token-lookup-revoked-403");
    let bao = OpenBao::builder(&stub.server.uri())
        .unwrap()
        .login(Login::token(Secret::new("s.ended")))
        .retry(quick())
        .build()
        .unwrap();
    stub.server.reset().await;
    stub.on("GET", "/v1/auth/token/lookup-self", ResponseTemplate::new(status).set_body_json(body)).await;
    let error = read(&bao).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthenticated, Some("invalid_token")));
    assert!(error.help().unwrap().contains("give the client a new one"));
    assert!(stub.asked().await.is_empty());
}

#[tokio::test]
async fn shutdown_revokes_every_token_refuses_calls_and_can_be_repeated() {
    let stub = Stub::start().await;
    stub.on("GET", SECRET, answer("kv-read")).await;
    let bao = stub.client();
    let (first, second) = (bao.session().await.unwrap(), bao.login_anew().await.unwrap());
    assert_eq!((first.state().standing, second.state().standing), (Standing::Ending, Standing::Lasting));
    bao.shutdown(Duration::from_secs(5)).await.unwrap();
    bao.shutdown(Duration::from_secs(5)).await.unwrap();
    assert_eq!(stub.count("/v1/auth/token/revoke-self").await, 2);
    assert_eq!((first.state().standing, second.state().standing), (Standing::Lost, Standing::Lost));
    assert_eq!(read(&bao).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(stub.logins(), 2);
}

#[tokio::test]
async fn shutdown_ends_in_time_and_a_second_one_tries_again() {
    let stub = Stub::start().await;
    let bao = stub.client();
    bao.session().await.unwrap();
    stub.server.reset().await;
    let hang = ResponseTemplate::new(204).set_delay(Duration::from_secs(30));
    stub.on("POST", "/v1/auth/token/revoke-self", hang).await;
    let error = bao.shutdown(Duration::from_millis(100)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    stub.server.reset().await;
    stub.on("POST", "/v1/auth/token/revoke-self", ResponseTemplate::new(204)).await;
    bao.shutdown(Duration::from_secs(5)).await.unwrap();
    assert_eq!(stub.count("/v1/auth/token/revoke-self").await, 1);
}

#[tokio::test]
async fn nothing_secret_is_printed_on_any_of_these_ways() {
    let logs = LogCapture::default();
    let _listening = logs.listen();
    let stub = Stub::start().await;
    stub.on("GET", SECRET, answer("kv-read")).await;
    let creds = json!({"lease_id": "database/creds/a/1", "lease_duration": 60, "renewable": true, "data": {"username": "u", "password": "canary-password"}});
    stub.on("GET", "/v1/database/creds/a", ResponseTemplate::new(200).set_body_json(creds)).await;
    let refused = json!({"errors": ["bad value password=canary-said"]});
    stub.on("POST", "/v1/secret/data/b", ResponseTemplate::new(400).set_body_json(refused)).await;
    let bao = stub.client();
    let mut shown = vec![format!("{bao:?} {:?}", read(&bao).await)];
    let lease = bao.database("database".parse().unwrap()).issue(&"a".parse().unwrap()).await;
    let data = SecretData::from([("password", "canary-written")]);
    let written =
        bao.kv("secret".parse().unwrap()).write(&"b".parse().unwrap(), &data, WriteMode::Overwrite).await;
    shown.push(format!("{lease:?} {data:?} {written:?} {}", written.as_ref().unwrap_err()));
    stub.revoke_all();
    shown.push(format!("{:?}", read(&bao).await));
    bao.shutdown(Duration::from_secs(5)).await.unwrap();
    let canaries = ["canary", "\"p3\""];
    logs.assert_absent(&canaries);
    let shown = shown.concat();
    assert!(!canaries.iter().any(|canary| shown.contains(canary)), "{shown}");
    assert!(logs.text().contains("logged in"));
}
