//! The Raft storage: members, who leads, snapshots.

use std::io::Cursor;
use std::time::Duration;

use catalyst_core::ErrorKind;
use catalyst_openbao::{
    AutopilotUpdate, Login, OpenBao, RaftNodeId, ReadFrom, Restore, SecretData, SecretPath, SecretStore,
    WriteMode,
};
use catalyst_tests::servers::{ClusterSeal, OpenBaoCluster, OpenBaoServer, poll, setup};

use super::super::workload::{builder, code, mount};
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
async fn a_snapshot_brings_back_what_was_and_one_of_another_cluster_only_by_force() {
    let (own, other) = tokio::try_join!(OpenBaoServer::start(), OpenBaoServer::start()).unwrap();
    let bao = builder(&own).login(Login::token(own.root_token().clone())).build().unwrap();
    setup::kv(&own.api().unwrap(), "secret").await.unwrap();
    let (kv, path): (_, SecretPath) = (bao.kv(mount("secret")), "kept".parse().unwrap());
    let data = |value: &str| SecretData::from_iter([("k", value)]);
    kv.write(&path, &data("before"), WriteMode::Overwrite).await.unwrap();
    let mut snapshot = Vec::new();
    let size = bao.raft().save_snapshot(&mut snapshot).await.unwrap();
    assert_eq!(size, snapshot.len() as u64);
    kv.write(&path, &data("after"), WriteMode::Overwrite).await.unwrap();

    let mut cut = snapshot.clone();
    cut.truncate(snapshot.len() / 2);
    let error = bao.raft().restore_snapshot(Cursor::new(cut), Restore::OwnOnly).await.unwrap_err();
    assert_eq!(code(&error), "snapshot_damaged", "{error}");
    assert_eq!(kv.read(&path, None).await.unwrap().data.get("k").unwrap().expose(), "after");

    bao.raft().restore_snapshot(Cursor::new(snapshot.clone()), Restore::OwnOnly).await.unwrap();
    poll::until("wait for what was", Duration::from_secs(20), async || {
        let read = kv.read(&path, None).await.ok();
        Ok(read.filter(|read| read.data.get("k").unwrap().expose() == "before"))
    })
    .await
    .unwrap();

    let stranger = builder(&other).login(Login::token(other.root_token().clone())).build().unwrap();
    let error =
        stranger.raft().restore_snapshot(Cursor::new(snapshot.clone()), Restore::OwnOnly).await.unwrap_err();
    assert_eq!((error.kind(), code(&error)), (ErrorKind::Conflict, "snapshot_of_another_cluster"), "{error}");
    stranger.raft().restore_snapshot(Cursor::new(snapshot), Restore::Any).await.unwrap();

    let development = OpenBaoServer::start_dev().await.unwrap();
    let memory = builder(&development).login(Login::token(development.root_token().clone())).build().unwrap();
    assert_eq!(code(&memory.raft().peers().await.unwrap_err()), "raft_not_in_use");
}
