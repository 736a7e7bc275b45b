//! Dynamic and static roles on PostgreSQL.

use std::time::Duration;

use catalyst_openbao::{DynamicCredentials, StaticCredentials};
use catalyst_tests::servers::{Servers, ServersOptions, poll};

use super::workload::{Workload, code, mount, role};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_lease_is_issued_renewed_as_far_as_its_maximum_and_revoked() {
    let options = ServersOptions::default().lease(30 * SECOND, 60 * SECOND);
    let workload = Workload::start(options).await;
    let (bao, postgres) = (workload.by_jwt(), &workload.servers.postgres);
    let database = bao.database(mount("database"));

    let lease = database.issue(&role(Servers::ROLE)).await.unwrap();
    assert_eq!((lease.term.ttl, lease.term.renewable), (30 * SECOND, true));
    let session = postgres.connect(&lease.value.username, &lease.value.password).await.unwrap();
    assert_eq!(session.query("select * from orders", &[]).await.unwrap().len(), 3);

    let term = database.renew(&lease.id, Some(30 * SECOND)).await.unwrap();
    assert_eq!(term.ttl, 30 * SECOND);
    let clipped = database.renew(&lease.id, Some(3600 * SECOND)).await.unwrap();
    assert!((50 * SECOND..=60 * SECOND).contains(&clipped.ttl), "{clipped:?}");

    database.revoke(&lease.id).await.unwrap();
    assert!(!postgres.has_role(&lease.value.username).await.unwrap());
    assert!(session.query("select 1", &[]).await.is_err(), "the open session went on");
    database.revoke(&lease.id).await.unwrap();
    assert_eq!(code(&database.renew(&lease.id, None).await.unwrap_err()), "lease_not_found");
    assert_eq!(code(&database.issue(&role("nobody")).await.unwrap_err()), "unknown_role");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_static_role_is_read_with_what_is_left_of_its_period() {
    let workload = Workload::start(ServersOptions::default()).await;
    let read = workload.by_jwt().database(mount("database"));
    let credential = read.read(&role(Servers::STATIC_ROLE)).await.unwrap();
    assert_eq!(credential.credentials.username, Servers::STATIC_USER);
    assert!(credential.ttl <= 3600 * SECOND && credential.ttl > 3500 * SECOND, "{credential:?}");
    assert_eq!(credential.rotation_period, Some(3600 * SECOND));
    let postgres = &workload.servers.postgres;
    postgres.connect(Servers::STATIC_USER, &credential.credentials.password).await.unwrap();
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn what_is_revoked_behind_our_back_is_told_apart() {
    let workload = Workload::start(ServersOptions::default()).await;
    let (bao, api) = (workload.by_jwt(), workload.servers.openbao.api().unwrap());
    let database = bao.database(mount("database"));
    let lease = database.issue(&role(Servers::ROLE)).await.unwrap();
    let prefix = format!("sys/leases/revoke-prefix/database/creds/{}", Servers::ROLE);
    api.write(&prefix, &serde_json::json!({ "sync": true })).await.unwrap();
    assert_eq!(code(&database.renew(&lease.id, None).await.unwrap_err()), "lease_not_found");
    let postgres = &workload.servers.postgres;
    let refused = postgres.connect(&lease.value.username, &lease.value.password).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "28P01");

    // Every token of the method is revoked: the next call logs in anew and succeeds, and the old session knows.
    let lost = database.issue(&role(Servers::ROLE)).await.unwrap();
    api.write("sys/leases/revoke-prefix/auth/jwt", &serde_json::json!({ "sync": true })).await.unwrap();
    let next = database.issue(&role(Servers::ROLE)).await.unwrap();
    assert_ne!(next.session.id(), lost.session.id());
    assert_eq!(lost.session.state().standing, catalyst_openbao::Standing::Lost);
    poll::until("the user of the lost session to be dropped", 10 * SECOND, async || {
        Ok((!postgres.has_role(&lost.value.username).await?).then_some(()))
    })
    .await
    .unwrap();
    assert!(postgres.has_role(&next.value.username).await.unwrap());
}
