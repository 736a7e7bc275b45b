//! Servers that die, seal, hang and come back.

use std::time::Duration;

use catalyst_core::{ErrorKind, RetryConfig};
use catalyst_openbao::{DynamicCredentials, HealthStatus, SecretData, SecretStore, WriteMode};
use catalyst_tests::servers::{Servers, ServersOptions};

use super::workload::{Workload, builder, code, mount, path, role};

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn leases_and_sessions_survive_a_kill_of_openbao() {
    let mut workload = Workload::start(ServersOptions::default()).await;
    let bao = workload.by_jwt();
    let database = bao.database(mount("database"));
    let lease = database.issue(&role(Servers::ROLE)).await.unwrap();

    workload.servers.openbao.kill9().await.unwrap();
    let error = database.renew(&lease.id, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    let postgres = &workload.servers.postgres;
    postgres.connect(&lease.value.username, &lease.value.password).await.unwrap();

    workload.servers.openbao.restart().await.unwrap();
    database.renew(&lease.id, None).await.unwrap();
    let next = database.issue(&role(Servers::ROLE)).await.unwrap();
    assert_eq!(next.session.id(), lease.session.id(), "the token outlived the process");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_seal_is_a_typed_passing_fault() {
    let mut workload = Workload::start(ServersOptions::default()).await;
    let bao = workload.by_jwt();
    let kv = bao.kv(mount("secret"));
    let data = SecretData::from_iter([("k", "v")]);
    kv.write(&path("a"), &data, WriteMode::CreateOnly).await.unwrap();

    workload.servers.openbao.seal().await.unwrap();
    let health = bao.health().await.unwrap();
    assert_eq!(health.status, HealthStatus::Sealed);
    let error = kv.read(&path("a"), None).await.unwrap_err();
    assert_eq!((error.kind(), code(&error)), (ErrorKind::Unavailable, "sealed"), "{error}");

    workload.servers.openbao.unseal().await.unwrap();
    assert_eq!(bao.health().await.unwrap().status, HealthStatus::Active);
    assert_eq!(kv.read(&path("a"), None).await.unwrap().data.get("k").unwrap().expose(), "v");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_server_that_hangs_ends_in_a_timeout_that_owns_up_to_the_unknown() {
    let mut workload = Workload::start(ServersOptions::default()).await;
    let login = catalyst_openbao::Login::token(workload.servers.openbao.root_token().clone());
    let bao = builder(&workload.servers.openbao)
        .login(login)
        .timeout(Duration::from_millis(500))
        .retry(RetryConfig::never())
        .build()
        .unwrap();
    let database = bao.database(mount("database"));
    database.issue(&role(Servers::ROLE)).await.unwrap();

    workload.servers.openbao.freeze().await.unwrap();
    let error = database.issue(&role(Servers::ROLE)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome_unknown()), (ErrorKind::Timeout, true), "{error}");
    workload.servers.openbao.thaw().unwrap();
    database.issue(&role(Servers::ROLE)).await.unwrap();
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn while_postgres_is_down_leases_fail_typed_and_afterwards_they_work() {
    let mut workload = Workload::start(ServersOptions::default()).await;
    let bao = workload.by_jwt();
    let database = bao.database(mount("database"));
    let lease = database.issue(&role(Servers::ROLE)).await.unwrap();

    workload.servers.postgres.stop().await.unwrap();
    for error in [
        database.issue(&role(Servers::ROLE)).await.unwrap_err(),
        database.renew(&lease.id, None).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), code(&error)), (ErrorKind::Unavailable, "backend_down"), "{error}");
    }
    workload.servers.postgres.restart().await.unwrap();
    database.issue(&role(Servers::ROLE)).await.unwrap();
    let postgres = &workload.servers.postgres;
    postgres.connect(&lease.value.username, &lease.value.password).await.unwrap();
    database.revoke(&lease.id).await.unwrap();
    assert!(!postgres.has_role(&lease.value.username).await.unwrap());
}
