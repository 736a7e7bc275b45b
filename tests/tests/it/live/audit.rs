//! What OpenBao's audit log keeps of us.

use std::time::Duration;

use catalyst_openbao::{DynamicCredentials, SecretData, SecretStore, StaticCredentials, WriteMode};
use catalyst_spiffe::WorkloadIdentity;
use catalyst_tests::servers::setup::AUDIENCE;
use catalyst_tests::servers::{Servers, ServersOptions};

use super::workload::{Workload, mount, path, role};

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn every_call_is_in_the_audit_log_and_no_secret_is() {
    let workload = Workload::start(ServersOptions::default()).await;
    let (bao, openbao) = (workload.by_jwt(), &workload.servers.openbao);
    let kv = bao.kv(mount("secret"));
    let canary = "canary-value-in-kv";
    kv.write(&path("audited"), &SecretData::from_iter([("k", canary)]), WriteMode::Overwrite).await.unwrap();
    kv.read(&path("audited"), None).await.unwrap();
    let database = bao.database(mount("database"));
    let lease = database.issue(&role(Servers::ROLE)).await.unwrap();
    let fixed = database.read(&role(Servers::STATIC_ROLE)).await.unwrap();
    let wrapped = bao.wrap(Duration::from_secs(60), &SecretData::from_iter([("k", canary)])).await.unwrap();
    bao.unwrap(&wrapped.token).await.unwrap();
    let assertion = workload.identity.jwt(&[AUDIENCE]).await.unwrap();
    bao.shutdown(Duration::from_secs(5)).await.unwrap();

    let log = openbao.audit_log().unwrap();
    for called in
        ["auth/jwt/login", "secret/data/audited", "database/creds/orders-rw", "auth/token/revoke-self"]
    {
        assert!(log.contains(called), "{called} is not in the log");
    }
    let passwords = [lease.value.password.expose(), fixed.credentials.password.expose()];
    let tokens = [assertion.token().expose(), wrapped.token.expose(), openbao.root_token().expose()];
    for (number, secret) in [canary].iter().chain(&passwords).chain(&tokens).enumerate() {
        assert!(!log.contains(secret), "secret number {number} is in the log");
    }
    let database_log = workload.servers.postgres.log().unwrap();
    for secret in passwords {
        assert!(!database_log.contains(secret), "a password is in PostgreSQL's log");
    }
}
