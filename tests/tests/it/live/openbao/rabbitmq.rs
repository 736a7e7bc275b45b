//! Users of a RabbitMQ.

use async_trait::async_trait;
use catalyst_core::Secret;
use catalyst_openbao::testing::contract::{self, Doorman};
use catalyst_openbao::{
    Credentials, DynamicCredentials, ErrorKind, Login, RabbitConnection, RabbitMq, RabbitRole,
    VhostPermissions,
};
use catalyst_tests::servers::{OpenBaoServer, RabbitMqServer};
use serde_json::json;

use crate::live::workload::{builder, code, mount, role};

/// The management plugin tells whom it lets in.
struct Door<'a>(&'a RabbitMqServer);

#[async_trait]
impl Doorman for Door<'_> {
    async fn lets_in(&self, credentials: &Credentials) -> bool {
        self.0.accepts(&credentials.username, &credentials.password).await
    }
}

async fn start() -> (OpenBaoServer, RabbitMqServer, RabbitMq) {
    let (server, rabbit) = tokio::try_join!(OpenBaoServer::start_dev(), RabbitMqServer::start()).unwrap();
    server.api().unwrap().write("sys/mounts/rabbitmq", &json!({ "type": "rabbitmq" })).await.unwrap();
    let bao = builder(&server).login(Login::token(server.root_token().clone())).build().unwrap();
    (server, rabbit, bao.rabbitmq(mount("rabbitmq")))
}

fn connection(rabbit: &RabbitMqServer, password: &str) -> RabbitConnection {
    RabbitConnection::new(rabbit.address(), RabbitMqServer::ADMINISTRATOR, Secret::new(password))
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keeps_the_contract() {
    let (_server, rabbit, engine) = start().await;
    contract::rabbitmq::all(&engine, &connection(&rabbit, RabbitMqServer::PASSWORD), &Door(&rabbit)).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn what_the_rabbit_refuses_is_told_and_leaves_no_user() {
    let (_server, rabbit, engine) = start().await;
    let error = engine.configure(&connection(&rabbit, "wrong")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("backend_refused")));
    engine.configure(&connection(&rabbit, RabbitMqServer::PASSWORD)).await.unwrap();
    let nowhere = RabbitRole::new().vhost("nowhere", VhostPermissions::new("", "", ""));
    engine.write_role(&role("nowhere"), &nowhere).await.unwrap();
    let error = engine.issue(&role("nowhere")).await.unwrap_err();
    assert_eq!((code(&error), error.outcome_unknown()), ("backend_refused", false));

    let good = RabbitRole::new().tag("management").vhost("/", VhostPermissions::new("^$", "a", "a"));
    engine.write_role(&role("good"), &good).await.unwrap();
    let lease = engine.issue(&role("good")).await.unwrap();
    assert!(rabbit.has_user(&lease.value.username).await.unwrap());
    engine.configure(&connection(&rabbit, "wrong").unverified()).await.unwrap();
    assert_eq!(code(&engine.issue(&role("good")).await.unwrap_err()), "backend_down");
    assert_eq!(code(&engine.revoke(&lease.id).await.unwrap_err()), "backend_refused");
    engine.configure(&connection(&rabbit, RabbitMqServer::PASSWORD)).await.unwrap();
    engine.revoke(&lease.id).await.unwrap();
    assert!(!rabbit.has_user(&lease.value.username).await.unwrap());
}
