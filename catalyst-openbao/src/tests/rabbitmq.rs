//! RabbitMQ against recorded answers.

use std::time::Duration;

use catalyst_core::ErrorKind;

use super::support::{Stub, answer};
use crate::{
    DynamicCredentials, RabbitConnection, RabbitMq, RabbitRole, Secret, TopicPermissions, VhostPermissions,
};

fn rabbitmq(stub: &Stub) -> RabbitMq {
    stub.client().rabbitmq("rabbitmq".parse().unwrap())
}

#[tokio::test]
async fn users_come_with_a_lease_and_roles_as_they_were_written() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/rabbitmq/creds/orders", answer("rabbitmq-creds")).await;
    stub.on("GET", "/v1/rabbitmq/roles/orders", answer("rabbitmq-role-read")).await;
    stub.on("LIST", "/v1/rabbitmq/roles", answer("rabbitmq-role-list")).await;
    stub.on("GET", "/v1/rabbitmq/roles/nope", answer("rabbitmq-role-missing-error")).await;
    stub.on("POST", "/v1/rabbitmq/config/connection", answer("rabbitmq-config")).await;
    let rabbitmq = rabbitmq(&stub);
    let lease = rabbitmq.issue(&"orders".parse().unwrap()).await.unwrap();
    assert_eq!((lease.term.ttl, lease.term.renewable), (Duration::from_secs(60), true));
    assert!(lease.value.username.starts_with("token-"));
    assert!(!format!("{lease:?}").contains(lease.value.password.expose()));
    let role = RabbitRole::new()
        .tag("monitoring")
        .tag("management")
        .vhost("/", VhostPermissions::new("^$", "orders-.*", "orders-.*"))
        .topic("/", "amq.topic", TopicPermissions::new("a", "b"));
    assert_eq!(rabbitmq.read_role(&"orders".parse().unwrap()).await.unwrap(), role);
    assert_eq!(rabbitmq.list_roles().await.unwrap(), ["orders"]);
    let error = rabbitmq.read_role(&"nope".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.code(), Some("not_found"));
    rabbitmq.configure(&RabbitConnection::new("http://mq:15672", "admin", Secret::new("x"))).await.unwrap();
    assert_eq!(stub.last_body().await["verify_connection"], true);
}

#[tokio::test]
async fn what_is_refused_says_why() {
    use ErrorKind::{InvalidRequest, NotFound, Unavailable};
    for (file, kind, code, unknown) in [
        ("rabbitmq-creds-missing-role-error", NotFound, "unknown_role", false),
        ("rabbitmq-creds-down-error", Unavailable, "backend_down", true),
        ("rabbitmq-creds-refused-error", Unavailable, "backend_down", true),
        ("rabbitmq-creds-no-vhost-error", Unavailable, "backend_refused", false),
        ("rabbitmq-creds-bad-pattern-error", Unavailable, "backend_refused", false),
    ] {
        let stub = Stub::start().await;
        stub.on("GET", "/v1/rabbitmq/creds/orders", answer(file)).await;
        let error = rabbitmq(&stub).issue(&"orders".parse().unwrap()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code(), error.outcome_unknown()),
            (kind, Some(code), unknown),
            "{file}"
        );
        assert_eq!(stub.count("/v1/rabbitmq/creds/orders").await, 1, "{file}");
    }
    for (file, kind, code) in [
        ("rabbitmq-config-bad-password-error", InvalidRequest, "backend_refused"),
        ("rabbitmq-config-unreachable-error", Unavailable, "backend_down"),
        ("rabbitmq-config-no-user-error", InvalidRequest, "invalid_request"),
    ] {
        let stub = Stub::start().await;
        stub.on("POST", "/v1/rabbitmq/config/connection", answer(file)).await;
        let connection = RabbitConnection::new("http://mq:15672", "admin", Secret::new("canary"));
        let error = rabbitmq(&stub).configure(&connection).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{file}");
        assert!(!format!("{error:?}").contains("canary"));
    }
    for (file, code) in
        [("rabbitmq-revoke-down-error", "backend_down"), ("rabbitmq-revoke-refused-error", "backend_refused")]
    {
        let stub = Stub::start().await;
        for verb in ["POST", "PUT"] {
            stub.on(verb, "/v1/sys/leases/revoke", answer(file)).await;
        }
        let error = rabbitmq(&stub).revoke(&"rabbitmq/creds/orders/x".parse().unwrap()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Unavailable, Some(code)), "{file}");
    }
}
