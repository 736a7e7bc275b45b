//! What arrives, and how soon.

use std::time::Duration;

use catalyst_openbao::testing::{change_at_random, contract, image};
use catalyst_openbao::{MetadataUpdate, SecretStore, WriteMode};
use catalyst_tests::servers::poll;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::stage::{Stage, path, value};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn whatever_is_changed_arrives() {
    let stage = Stage::start().await;
    let replicator = stage.replicator(0).build().unwrap();
    replicator.claim().await.unwrap();
    let (source, mut random) = (stage.kv(0), fastrand::Rng::with_seed(1));
    let dropped = path("dropped");
    source.write_metadata(&dropped, &MetadataUpdate::new().max_versions(3)).await.unwrap();
    for number in 0..8 {
        source.write(&dropped, &value(&number.to_string()), WriteMode::Overwrite).await.unwrap();
    }
    for _ in 0..8 {
        for _ in 0..60 {
            // What a missing version or a demanded check refuses is no change.
            drop(change_at_random(&source, 20, &mut random).await);
        }
        // The server's clock, which tells what is deleted, has whole seconds.
        sleep(Duration::from_millis(1100)).await;
        for (region, swept) in replicator.sweep().await {
            let report = swept.unwrap();
            assert!(report.is_complete(), "{region}: {report:?}");
        }
        let here = image(&source).await.unwrap();
        for index in [1, 2] {
            assert_eq!(image(&stage.kv(index)).await.unwrap(), here);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn the_router_keeps_the_contract_of_the_store() {
    let stage = Stage::start().await;
    let router = stage.router().local("c".parse().unwrap()).build().unwrap();
    let replicator = stage.replicator(0).build().unwrap();
    replicator.claim().await.unwrap();
    let running = [tokio::spawn(router.maintain()), tokio::spawn(replicator.run())];
    contract::store::all(&router.store()).await;
    running.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn the_lag_at_a_hundred_writes_a_second_stays_below_a_second() {
    let stage = Stage::start().await;
    let router = stage.router().build().unwrap();
    let replicator = stage.replicator(0).build().unwrap();
    replicator.claim().await.unwrap();
    let replication = tokio::spawn(replicator.run());
    let first = path("s0");
    router.store().write(&first, &value("first"), WriteMode::Overwrite).await.unwrap();
    poll::until("the first copy", Duration::from_secs(10), async || {
        Ok(stage.kv(1).read(&first, None).await.ok().map(drop))
    })
    .await
    .unwrap();

    let mut tick = interval(Duration::from_millis(10));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut waits = JoinSet::new();
    let copies = [stage.kv(1), stage.kv(2)];
    for number in 0..800 {
        tick.tick().await;
        let (store, copy) = (router.store(), copies[number % 2].clone());
        waits.spawn(async move {
            let path = path(&format!("s{}", number % 200));
            let version = store.write(&path, &value("x"), WriteMode::Overwrite).await.unwrap().version;
            let written = Instant::now();
            while copy.read(&path, Some(version)).await.is_err() {
                sleep(Duration::from_millis(50)).await;
            }
            written.elapsed()
        });
    }
    let mut lags = waits.join_all().await;
    lags.sort_unstable();
    let (middle, most, all) = (lags[lags.len() / 2], lags[lags.len() * 99 / 100], lags[lags.len() - 1]);
    println!("lag of {} writes at 100 a second: p50 {middle:?}, p99 {most:?}, longest {all:?}", lags.len());
    assert!(most < Duration::from_secs(1), "p99 {most:?}");
    for lag in replicator.lag() {
        assert_eq!(lag.conflicts, 0, "{lag:?}");
    }
    replication.abort();
}
