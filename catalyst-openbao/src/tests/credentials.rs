//! The database engine and leases.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use wiremock::ResponseTemplate;

use super::support::{Stub, answer};
use crate::{DynamicCredentials, ErrorKind, LeaseId, Standing, StaticCredentials};

fn lease() -> LeaseId {
    "database/creds/short/JvPpTjZT6qkDLjkYqKWJKFAs".parse().unwrap()
}

#[tokio::test]
async fn issued_credentials_carry_their_lease_and_the_session_they_die_with() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/database/creds/short", answer("db-10-creds")).await;
    let bao = stub.client();
    let before = Instant::now();
    let lease = bao.database("database".parse().unwrap()).issue(&"short".parse().unwrap()).await.unwrap();
    assert_eq!(lease.id, self::lease());
    assert_eq!((lease.term.ttl, lease.term.renewable), (Duration::from_secs(10), true));
    assert!(lease.issued_at >= before && lease.issued_at <= Instant::now());
    assert_eq!(lease.value.username, "v-token-short-8VSQ0xYKTqVynBFgCrKv-1795317007");
    assert_eq!(lease.value.password.expose(), "l-UOrfTsCsvX1pyhob54");
    assert_eq!(lease.session.id(), bao.session().await.unwrap().id());
    assert_eq!(lease.trusted_until(), Some(lease.issued_at + Duration::from_secs(10)));
}

#[tokio::test]
async fn a_clipped_renewal_is_no_error_and_its_warning_is_passed_on() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/sys/leases/renew", answer("db-14-lease-renew-capped")).await;
    let bao = stub.client();
    let mut warnings = bao.warnings();
    let term = bao.leases().renew(&lease(), Some(Duration::from_secs(3600))).await.unwrap();
    assert_eq!((term.ttl, term.renewable), (Duration::from_secs(56), true));
    assert_eq!(stub.last_body().await, json!({"lease_id": lease().as_str(), "increment": 3600}));
    let warning = warnings.next().await.unwrap();
    assert!(warning.text.contains("exceeded the effective max_ttl of \"56s\""));
    assert_eq!((warning.operation, warning.target.as_str()), ("renew lease", "sys/leases/renew"));
    assert_eq!(warning.request_id, "fd8d9822-e476-914b-a070-5d9095b3cbb0");
}

#[tokio::test]
async fn a_lease_that_has_ended_is_told_by_lookup_and_renewal_and_revoking_it_succeeds() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/sys/leases/lookup", answer("db-15-lease-lookup-expired-error")).await;
    stub.on("POST", "/v1/sys/leases/renew", answer("db-16-lease-renew-expired-error")).await;
    stub.on("PUT", "/v1/sys/leases/revoke", answer("db-16-lease-renew-expired-error")).await;
    let bao = stub.client();
    let database = bao.database("database".parse().unwrap());
    assert_eq!(bao.leases().lookup(&lease()).await.unwrap_err().code(), Some("lease_not_found"));
    assert_eq!(database.renew(&lease(), None).await.unwrap_err().code(), Some("lease_not_found"));
    database.revoke(&lease()).await.unwrap();
    assert_eq!(stub.last_body().await, json!({"lease_id": lease().as_str(), "sync": true}));
}

#[tokio::test]
async fn a_lookup_tells_a_lease_that_should_be_gone() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/sys/leases/lookup", answer("db-54-lease-lookup-expired-unrevoked")).await;
    let status = stub.client().leases().lookup(&lease()).await.unwrap();
    assert_eq!((status.ttl, status.overdue, status.renewable), (Duration::ZERO, true, false));
    let stub = Stub::start().await;
    stub.on("POST", "/v1/sys/leases/lookup", answer("db-11-lease-lookup")).await;
    let status = stub.client().leases().lookup(&lease()).await.unwrap();
    assert_eq!((status.ttl, status.overdue, status.last_renewal), (Duration::from_secs(10), false, None));
    assert!(status.expires_at > status.issued_at);
}

#[tokio::test]
async fn a_database_that_is_down_is_asked_again_and_one_that_refuses_is_not() {
    for (file, code, tries) in [
        ("db-62-revoke-db-down-error", "backend_down", 3),
        ("db-19-revoke-owned-plain", "backend_refused", 1),
    ] {
        let stub = Stub::start().await;
        stub.on("PUT", "/v1/sys/leases/revoke", answer(file)).await;
        let error = stub.client().leases().revoke(&lease()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code(), error.attempts()),
            (ErrorKind::Unavailable, Some(code), tries)
        );
    }
}

#[tokio::test]
async fn leases_are_revoked_by_prefix() {
    let stub = Stub::start().await;
    stub.on("PUT", "/v1/sys/leases/revoke-prefix/database/creds/short", ResponseTemplate::new(204)).await;
    stub.client().leases().revoke_prefix(&"database/creds/short".parse().unwrap()).await.unwrap();
    assert_eq!(stub.last_body().await, json!({"sync": true}));
}

#[tokio::test]
async fn a_static_role_gives_its_password_and_when_that_changes() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/database/static-creds/app-static", answer("db-32-static-creds")).await;
    let database = stub.client().database("database".parse().unwrap());
    let read = StaticCredentials::read(&database, &"app-static".parse().unwrap()).await.unwrap();
    assert_eq!(read.credentials.username, "app_static");
    assert_eq!((read.ttl, read.rotation_period), (Duration::ZERO, Some(Duration::from_secs(6))));
    assert!(read.last_rotation.is_some());
}

#[tokio::test]
async fn an_unknown_role_says_so() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/database/creds/nosuch", answer("db-09-creds-nosuch-role-error")).await;
    let database = stub.client().database("database".parse().unwrap());
    let error = database.issue(&"nosuch".parse().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("unknown_role")));
    assert_eq!(
        error.to_string(),
        "issue database credentials (database/creds/nosuch): create the role, or correct its name; openbao said: \
         unknown role: nosuch [status 400]"
    );
}

#[tokio::test]
async fn a_lease_whose_token_is_short_is_issued_in_a_session_that_lives_as_long() {
    let stub = Stub::start().await;
    let hour = json!({"lease_id": "database/creds/a/1", "lease_duration": 3600, "renewable": true, "data": {"username": "u", "password": "p"}});
    stub.on("GET", "/v1/database/creds/a", ResponseTemplate::new(200).set_body_json(hour)).await;
    let renewed =
        json!({"auth": {"client_token": "s.canary-token-1", "lease_duration": 100, "renewable": true}});
    stub.on("POST", "/v1/auth/token/renew-self", ResponseTemplate::new(200).set_body_json(renewed)).await;
    let bao = stub.client();
    let database = bao.database("database".parse().unwrap());
    let first = database.issue(&"a".parse().unwrap()).await.unwrap();
    let second = database.issue(&"a".parse().unwrap()).await.unwrap();
    assert_eq!((first.session.id(), stub.logins()), (second.session.id(), 1));
    // A renewal that is clipped: the session will end before the next lease would.
    bao.api.sessions.keep().await.unwrap();
    assert_eq!(first.session.state().standing, Standing::Ending);
    let third = database.issue(&"a".parse().unwrap()).await.unwrap();
    assert_eq!(stub.logins(), 2);
    assert_ne!(third.session.id(), first.session.id());
    assert_eq!(
        third.trusted_until(),
        Some(third.session.state().expires_at.unwrap().min(third.issued_at + third.term.ttl))
    );
}
