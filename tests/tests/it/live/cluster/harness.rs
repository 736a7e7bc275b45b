//! The cluster of the tests does what the other tests rely on.

use std::time::Duration;

use catalyst_tests::servers::{ClusterSeal, OpenBaoCluster, poll};
use serde_json::json;

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_node_cut_off_from_the_others_loses_the_lead_and_a_killed_one_comes_back_unsealed() {
    let mut cluster = OpenBaoCluster::start().await.unwrap();
    let first = cluster.wait_active().await.unwrap();
    cluster.isolate(first);
    let second = poll::until("wait for another leader", Duration::from_secs(30), async || {
        Ok(cluster.active().await?.filter(|active| *active != first))
    })
    .await
    .unwrap();
    cluster.mend(first);
    cluster.wait_serving(first).await.unwrap();

    cluster.kill9(second).await.unwrap();
    let third = cluster.wait_active().await.unwrap();
    assert_ne!(third, second);
    cluster.start_node(second).unwrap();
    cluster.wait_serving(second).await.unwrap();
    cluster.wait_voters(3).await.unwrap();
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn with_shares_a_sealed_node_stays_sealed_until_it_gets_them() {
    let mut cluster = OpenBaoCluster::start_with(ClusterSeal::Shamir).await.unwrap();
    let active = cluster.wait_active().await.unwrap();
    let standby = (active + 1) % OpenBaoCluster::NODES;
    cluster.seal(standby).await.unwrap();
    let status = cluster.api(standby).unwrap().read("sys/seal-status").await.unwrap();
    assert_eq!((&status["sealed"], &status["t"], &status["n"]), (&json!(true), &json!(3), &json!(5)));
    cluster.unseal(standby).await.unwrap();
    cluster.wait_serving(standby).await.unwrap();
    cluster.rolling_restart().await.unwrap();
    cluster.wait_voters(3).await.unwrap();
}
