//! A region is lost, another one promoted, and the lost one comes back.

use std::time::Duration;

use catalyst_openbao::{SecretStore, WriteMode};
use catalyst_tests::servers::{OpenBaoServer, poll};
use serde_json::json;

use super::stage::{Stage, client, kv_of, name, path, value};

/// The lost region needs a disk; the others do not.
async fn stage() -> Stage {
    let first = OpenBaoServer::start().await.unwrap();
    let mount = json!({ "type": "kv", "options": { "version": "2" } });
    first.api().unwrap().write("sys/mounts/secret", &mount).await.unwrap();
    let kv = kv_of(&client(&first));
    poll::until("the engine to be ready", Duration::from_secs(10), async || Ok(kv.list(None).await.ok()))
        .await
        .unwrap();
    let servers =
        vec![first, OpenBaoServer::start_dev().await.unwrap(), OpenBaoServer::start_dev().await.unwrap()];
    Stage { servers }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_lost_primary_changes_nothing_for_reads_and_comes_back_as_a_copy() {
    let mut stage = stage().await;
    let near: Vec<_> = ["b", "c"].map(|near| stage.router().local(name(near)).build().unwrap()).into();
    let upkeep: Vec<_> = near.iter().map(|router| tokio::spawn(router.maintain())).collect();
    let replicator = stage.replicator(0).build().unwrap();
    replicator.claim().await.unwrap();
    let replication = tokio::spawn(replicator.run());
    let store = near[0].store();
    for number in 0..50 {
        let path = path(&format!("app{number}/db"));
        store.write(&path, &value("1"), WriteMode::Overwrite).await.unwrap();
    }
    stage.alike(0, 1).await;
    stage.alike(0, 2).await;

    stage.servers[0].kill9().await.unwrap();
    for round in 0..10 {
        for router in &near {
            for number in 0..10 {
                let path = path(&format!("app{}/db", round * 5 + number % 5));
                let read = router.store().read(&path, None).await.unwrap();
                assert_eq!(read.data, value("1"));
            }
        }
    }
    let orders = path("app0/db");
    let refused = store.write(&orders, &value("lost"), WriteMode::Overwrite).await.unwrap_err();
    assert_eq!(refused.code(), Some("primary_unreachable"), "{refused}");

    replication.abort();
    near[0].promote(&name("b")).await.unwrap();
    store.write(&orders, &value("2"), WriteMode::IfVersion(1)).await.unwrap();
    let onwards = stage.replicator(1).build().unwrap();
    let replication = tokio::spawn(onwards.run());
    stage.alike(1, 2).await;

    stage.servers[0].restart().await.unwrap();
    stage.alike(1, 0).await;
    let outdated = stage.router().build().unwrap();
    let error = outdated.store().write(&orders, &value("stale"), WriteMode::Overwrite).await.unwrap_err();
    assert_eq!(error.code(), Some("fenced"), "{error}");
    for lag in onwards.lag() {
        assert_eq!(lag.conflicts, 0, "{lag:?}");
    }
    replication.abort();
    upkeep.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn two_that_claim_to_be_primary_are_not_written_to() {
    let stage = Stage::start().await;
    for (index, region) in [(0, "a"), (1, "b")] {
        let claim = catalyst_openbao::SecretData::from([("epoch", "1"), ("primary", region)]);
        stage.kv(index).write(&path("catalyst-regions/fence"), &claim, WriteMode::CreateOnly).await.unwrap();
    }
    let router = stage.router().build().unwrap();
    let error = router.store().write(&path("orders"), &value("1"), WriteMode::Overwrite).await.unwrap_err();
    assert_eq!(error.code(), Some("split_brain"), "{error}");
    let swept = stage.replicator(0).build().unwrap().sweep().await;
    assert_eq!(swept[0].1.as_ref().unwrap_err().code(), Some("split_brain"));
    assert_eq!(stage.kv(0).read(&path("orders"), None).await.unwrap_err().code(), Some("secret_not_found"));
}
