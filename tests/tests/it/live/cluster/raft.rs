//! The Raft storage: members, who leads, snapshots.

use std::time::Duration;

use catalyst_openbao::testing::contract;
use catalyst_openbao::{AutopilotUpdate, Login, OpenBao, RaftNodeId, ReadFrom};
use catalyst_tests::servers::{ClusterSeal, OpenBaoCluster, OpenBaoServer};

use super::super::workload::{builder, code};
use super::stage::Stage;

fn as_root(stage: &Stage) -> OpenBao {
    let login = Login::token(stage.cluster.root_token().clone());
    stage.builder().login(login).read_from(ReadFrom::Active).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn members_are_listed_removed_and_join_again_and_the_lead_is_given_up() {
    let mut stage = Stage::start(ClusterSeal::Static).await;
    let bao = as_root(&stage);
    let raft = bao.raft();
    let leader = stage.cluster.wait_active().await.unwrap();
    let peers = raft.peers().await.unwrap();
    assert!(peers.len() == 3 && peers.iter().all(|peer| peer.voter));
    let lead: Vec<_> = peers.iter().filter(|peer| peer.leader).map(|peer| peer.id.as_str()).collect();
    assert_eq!(lead, [format!("n{leader}")]);
    let status = raft.leader().await.unwrap();
    assert!(status.is_self && status.active_since.is_some() && status.committed_index.is_some());
    assert_eq!(status.leader_address.as_deref(), Some(stage.cluster.addresses()[leader].as_str()));
    assert_eq!(raft.ha_status().await.unwrap().iter().filter(|node| node.active).count(), 1);

    raft.configure_autopilot(&AutopilotUpdate::new().max_trailing_logs(777)).await.unwrap();
    let configuration = raft.autopilot_configuration().await.unwrap();
    assert_eq!(configuration.max_trailing_logs, 777);
    assert_eq!(configuration.server_stabilization_time, Duration::from_secs(1));
    let members = raft.autopilot_state().await.unwrap().unwrap();
    assert_eq!(members.servers.len(), 3);
    let nobody: RaftNodeId = "nobody".parse().unwrap();
    assert_eq!(code(&raft.promote(&nobody).await.unwrap_err()), "unknown_peer");

    let gone = (leader + 1) % OpenBaoCluster::NODES;
    stage.cluster.stop(gone).await.unwrap();
    raft.remove_peer(&format!("n{gone}").parse().unwrap()).await.unwrap();
    assert_eq!(raft.peers().await.unwrap().len(), 2);

    raft.step_down().await.unwrap();
    let after = bao.cluster().unwrap().wait_active(Duration::from_secs(20)).await.unwrap();
    println!("after a step-down {after} leads");
    assert_eq!(raft.peers().await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_server_with_raft_storage_keeps_the_contract() {
    let (own, other) = tokio::try_join!(OpenBaoServer::start(), OpenBaoServer::start()).unwrap();
    let [bao, stranger] =
        [&own, &other].map(|one| builder(one).login(Login::token(one.root_token().clone())).build().unwrap());
    contract::raft::all(&bao).await;
    contract::raft::a_snapshot_of_another_cluster_is_taken_by_force_only(&bao, &stranger).await;

    let development = OpenBaoServer::start_dev().await.unwrap();
    let memory = builder(&development).login(Login::token(development.root_token().clone())).build().unwrap();
    assert_eq!(code(&memory.raft().peers().await.unwrap_err()), "raft_not_in_use");
    assert_eq!(code(&memory.raft().bootstrap().await.unwrap_err()), "raft_not_in_use");
}
