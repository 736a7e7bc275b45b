//! What arrives, and how soon.

use std::time::Duration;

use catalyst_openbao::testing::{change_at_random, contract, image};
use catalyst_openbao::{MetadataUpdate, SecretStore, WriteMode};
use tokio::time::sleep;

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
