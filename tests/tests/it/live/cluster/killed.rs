//! `kill -9` of the leader, under load.

use std::time::Duration;

use catalyst_tests::servers::ClusterSeal;
use tokio::time::Instant;

use super::load::Load;
use super::prober;
use super::stage::Stage;

/// How much later than the servers themselves the client may be.
const ALLOWANCE: Duration = Duration::from_millis(100);
/// What a dead node had answered is with its callers by then, and nobody else leads so soon.
const ECHO: Duration = Duration::from_millis(200);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn after_a_kill_of_the_leader_the_first_write_is_as_fast_as_the_election() {
    let mut stage = Stage::start(ClusterSeal::Static).await;
    let load = Load::start(&stage);
    load.goes_on(200).await;
    let leader = stage.cluster.wait_active().await.unwrap();
    stage.cluster.kill9(leader).await.unwrap();
    let killed = Instant::now();
    let (servers, client) = tokio::join!(
        prober::recovery(&stage.cluster, killed, leader),
        load.first_success_after(killed + ECHO)
    );
    let (failover, client) = (servers.first_write - killed, client - killed);
    let slowest = servers.slowest;
    println!("first write after a kill: servers {failover:?}, client {client:?}; slowest write {slowest:?}");
    // It asks who leads, and writes: each may take as long as the slowest of the writes past it.
    assert!(client <= failover + ALLOWANCE + slowest * 2, "{failover:?}, {client:?}, {slowest:?}");
    load.goes_on(200).await;
    stage.cluster.start_node(leader).unwrap();
    stage.cluster.wait_serving(leader).await.unwrap();
    load.goes_on(200).await;
    println!("{}", load.assert_sound(&stage).await);
}
