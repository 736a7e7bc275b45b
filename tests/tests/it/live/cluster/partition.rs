//! Nodes that are cut off: from the others, and from the clients; under load.

use std::time::Duration;

use catalyst_tests::servers::{ClusterSeal, OpenBaoCluster, poll};

use super::load::Load;
use super::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_leader_cut_off_from_the_others_is_left_and_so_is_a_node_that_clients_do_not_reach() {
    let stage = Stage::start(ClusterSeal::Static).await;
    let load = Load::start(&stage);
    load.goes_on(200).await;
    let leader = stage.cluster.wait_active().await.unwrap();
    stage.cluster.isolate(leader);
    poll::until("wait for another leader", Duration::from_secs(30), async || {
        Ok(stage.cluster.active().await?.filter(|active| *active != leader))
    })
    .await
    .unwrap();
    load.goes_on(200).await;
    stage.cluster.mend(leader);
    stage.cluster.wait_serving(leader).await.unwrap();

    let leader = stage.cluster.wait_active().await.unwrap();
    let standby = (leader + 1) % OpenBaoCluster::NODES;
    stage.cluster.hide_from_clients(standby);
    load.goes_on(200).await;
    stage.cluster.mend(standby);
    load.goes_on(200).await;
    println!("{}", load.assert_sound(&stage).await);
}
