//! Nodes that freeze or seal, under load.

use catalyst_openbao::NodeStanding;
use catalyst_tests::servers::{ClusterSeal, OpenBaoCluster};
use tokio::time::Instant;

use super::load::Load;
use super::prober;
use super::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_frozen_leader_does_not_use_up_the_deadline() {
    let mut stage = Stage::start(ClusterSeal::Static).await;
    let load = Load::start(&stage);
    load.goes_on(200).await;
    let leader = stage.cluster.wait_active().await.unwrap();
    stage.cluster.freeze(leader).await.unwrap();
    let frozen = Instant::now();
    let (servers, client) =
        tokio::join!(prober::recovery(&stage.cluster, frozen, leader), load.first_write_after(frozen));
    let servers = servers.first_write - frozen;
    println!("first write after a freeze: servers {servers:?}, client {:?}", client - frozen);
    load.goes_on(200).await;
    stage.cluster.thaw(leader).unwrap();
    stage.cluster.wait_serving(leader).await.unwrap();
    load.goes_on(200).await;
    println!("{}", load.assert_sound(&stage).await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn sealed_nodes_are_passed_over_also_the_leader() {
    let stage = Stage::start(ClusterSeal::Shamir).await;
    let load = Load::start(&stage);
    load.goes_on(200).await;
    for also_the_leader in [false, true] {
        let leader = stage.cluster.wait_active().await.unwrap();
        let node = if also_the_leader { leader } else { (leader + 1) % OpenBaoCluster::NODES };
        stage.cluster.seal(node).await.unwrap();
        load.goes_on(200).await;
        let bao = stage.client(catalyst_openbao::ReadFrom::Active);
        let nodes = bao.cluster().unwrap().ask().await.unwrap();
        assert_eq!(nodes[node].standing, NodeStanding::Idle, "{nodes:?}");
        stage.cluster.unseal(node).await.unwrap();
        stage.cluster.wait_serving(node).await.unwrap();
    }
    load.goes_on(200).await;
    println!("{}", load.assert_sound(&stage).await);
}
