//! Logins with an identity, on TLS, Raft and audit.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::ErrorKind;
use catalyst_core::tls::TlsConfig;
use catalyst_openbao::{DynamicCredentials, SecretData, SecretStore, Standing, WriteMode};
use catalyst_spiffe::mock::MockIdentity;
use catalyst_spiffe::testing::FakeAgent;
use catalyst_spiffe::{WorkloadApi, WorkloadIdentity};
use catalyst_tests::servers::{Servers, ServersOptions, poll};

use super::workload::{Workload, builder, by_certificate, by_jwt, code, mount, path, role};

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn by_jwt_svid_and_only_the_workload_that_is_admitted() {
    let workload = Workload::start(ServersOptions::default()).await;
    let bao = workload.by_jwt();
    let session = bao.session().await.unwrap();
    assert_eq!(session.state().standing, Standing::Lasting);
    let kv = bao.kv(mount("secret"));
    kv.write(&path("a/b"), &SecretData::from_iter([("k", "v")]), WriteMode::Overwrite).await.unwrap();
    assert_eq!(kv.read(&path("a/b"), None).await.unwrap().data.get("k").unwrap().expose(), "v");
    assert_eq!(workload.identity.jwt_signed(), 1, "one login serves all calls");

    let sibling = workload.identity.sibling("spiffe://catalyst.test/ns/shop/sa/other").unwrap();
    let stranger = MockIdentity::new("spiffe://catalyst.test/ns/shop/sa/orders").unwrap();
    for refused in [sibling, stranger] {
        let error = by_jwt(&workload.servers.openbao, Arc::new(refused)).session().await.unwrap_err();
        assert_eq!((error.kind(), code(&error)), (ErrorKind::Unauthenticated, "bad_credentials"), "{error}");
    }

    let elsewhere = TlsConfig::new().ca_pem(workload.identity.ca_pem().as_bytes()).unwrap();
    let error =
        builder(&workload.servers.openbao).tls(elsewhere).build().unwrap().health().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "a server of an authority that we do not trust: {error}");

    workload.identity.withdraw();
    let error = workload.by_jwt().session().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Identity, "{error}");
    bao.shutdown(Duration::from_secs(5)).await.unwrap();
    assert_eq!(session.state().standing, Standing::Lost);
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn by_x509_svid_and_only_the_workload_that_is_admitted() {
    let workload = Workload::start(ServersOptions::default()).await;
    let bao = workload.by_certificate();
    bao.session().await.unwrap();
    let lease = bao.database(mount("database")).issue(&role(Servers::ROLE)).await.unwrap();
    assert!(workload.servers.postgres.has_role(&lease.value.username).await.unwrap());

    let openbao = &workload.servers.openbao;
    let sibling = workload.identity.sibling("spiffe://catalyst.test/ns/shop/sa/other").unwrap();
    let stranger = MockIdentity::builder("spiffe://catalyst.test/ns/shop/sa/orders").unwrap();
    let stranger = stranger.dns_name("orders.shop.catalyst.test").build().unwrap();
    for refused in [sibling, stranger] {
        let error = by_certificate(openbao, Arc::new(refused)).session().await.unwrap_err();
        assert_eq!((error.kind(), code(&error)), (ErrorKind::Unauthenticated, "bad_credentials"), "{error}");
    }
    // SPIRE leaves the common name out unless the entry has a DNS name, and the method needs it.
    let nameless = workload.identity.sibling("spiffe://catalyst.test/ns/shop/sa/orders").unwrap();
    let error = by_certificate(openbao, Arc::new(nameless)).session().await.unwrap_err();
    assert_eq!((error.kind(), code(&error)), (ErrorKind::Unauthenticated, "bad_credentials"), "{error}");
    assert!(error.help().unwrap().contains("common name"), "{error}");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn after_an_svid_rotation_a_new_login_replaces_the_session_and_the_old_lease_lives_on() {
    let workload = Workload::start(ServersOptions::default()).await;
    let bao = workload.by_certificate();
    let database = bao.database(mount("database"));
    let before = database.issue(&role(Servers::ROLE)).await.unwrap();

    workload.identity.rotate().unwrap();
    let session = bao.login_anew().await.unwrap();
    assert_ne!(session.id(), before.session.id());
    assert_eq!(before.session.state().standing, Standing::Ending);
    let after = database.issue(&role(Servers::ROLE)).await.unwrap();
    assert_eq!(after.session.id(), session.id());
    let postgres = &workload.servers.postgres;
    for lease in [&before, &after] {
        assert!(postgres.has_role(&lease.value.username).await.unwrap());
    }

    // Nothing holds the old session any more: maintenance revokes it, and its lease with it.
    let old_user = before.value.username.clone();
    drop(before);
    let maintained = async {
        poll::until("the old user to be dropped", Duration::from_secs(20), async || {
            Ok((!postgres.has_role(&old_user).await?).then_some(()))
        })
        .await
    };
    tokio::select! {
        done = maintained => done.unwrap(),
        never = bao.maintain() => match never {},
    }
    assert!(postgres.has_role(&after.value.username).await.unwrap());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn from_the_agents_socket_to_a_database_user() {
    let workload = Workload::start(ServersOptions::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let agent =
        FakeAgent::serving(&folder.path().join("agent.sock"), workload.identity.clone()).await.unwrap();
    let source = WorkloadApi::builder(&agent.address()).unwrap().connect().await.unwrap();
    let identity: Arc<dyn WorkloadIdentity> = Arc::new(source.clone());
    let openbao = &workload.servers.openbao;
    for bao in [by_jwt(openbao, Arc::clone(&identity)), by_certificate(openbao, Arc::clone(&identity))] {
        let database = bao.database(mount("database"));
        let first = database.issue(&role(Servers::ROLE)).await.unwrap();
        let mut updates = source.updates();
        workload.identity.rotate().unwrap();
        updates.changed().await.unwrap();
        bao.login_anew().await.unwrap();
        let second = database.issue(&role(Servers::ROLE)).await.unwrap();
        for lease in [&first, &second] {
            workload.servers.postgres.connect(&lease.value.username, &lease.value.password).await.unwrap();
        }
    }
    source.shutdown(Duration::from_secs(5)).await.unwrap();
}
