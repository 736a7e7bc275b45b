//! The Raft storage, on recorded answers.

use std::time::Duration;

use catalyst_core::ErrorKind;
use serde_json::json;
use wiremock::ResponseTemplate;

use super::support::{Stub, answer};
use crate::{AutopilotUpdate, RaftJoin, RaftNodeId, Restore, Secret};

fn node(id: &str) -> RaftNodeId {
    id.parse().unwrap()
}

#[tokio::test]
async fn members_and_their_votes_are_read() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/sys/storage/raft/configuration", answer("raft-configuration")).await;
    let peers = stub.client().raft().peers().await.unwrap();
    let shown: Vec<_> =
        peers.iter().map(|peer| (peer.id.as_str(), peer.address.as_str(), peer.leader, peer.voter)).collect();
    assert_eq!(
        shown,
        [
            ("n1", "127.0.0.1:28401", false, true),
            ("n2", "127.0.0.1:28411", true, true),
            ("n3", "127.0.0.1:28421", false, true),
        ]
    );
}

#[tokio::test]
async fn autopilot_is_read_and_only_what_changes_is_written() {
    let stub = Stub::start().await;
    let at = "/v1/sys/storage/raft/autopilot/configuration";
    stub.on("GET", "/v1/sys/storage/raft/autopilot/state", answer("raft-autopilot-state")).await;
    stub.on("GET", at, answer("raft-autopilot-configuration")).await;
    stub.on("POST", at, answer("raft-autopilot-configure")).await;
    let raft = stub.client().raft();

    let state = raft.autopilot_state().await.unwrap().unwrap();
    assert!(state.healthy && state.failure_tolerance == 1 && state.leader == Some(node("n2")));
    assert_eq!(state.voters, [node("n2"), node("n1"), node("n3")]);
    let standby = &state.servers[&node("n1")];
    assert!(standby.healthy && standby.status == "voter" && standby.stable_since.is_some());
    assert!(standby.last_contact.unwrap() > Duration::from_secs(1));

    let configuration = raft.autopilot_configuration().await.unwrap();
    assert_eq!(configuration.dead_server_last_contact_threshold, Duration::from_secs(86_400));
    assert_eq!((configuration.max_trailing_logs, configuration.cleanup_dead_servers), (1000, false));

    let update = AutopilotUpdate::new().max_trailing_logs(5).last_contact_threshold(Duration::from_secs(3));
    raft.configure_autopilot(&update).await.unwrap();
    assert_eq!(stub.last_body().await, json!({ "max_trailing_logs": 5, "last_contact_threshold": "3s" }));
}

#[tokio::test]
async fn who_leads_is_told_by_any_node_without_a_session() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/sys/leader", answer("raft-leader-standby")).await;
    let leader = stub.client().raft().leader().await.unwrap();
    assert!(leader.ha_enabled && !leader.is_self && leader.active_since.is_none());
    assert_eq!(leader.leader_address.as_deref(), Some("https://127.0.0.1:28410"));
    assert_eq!((leader.committed_index, leader.applied_index), (Some(1053), Some(1053)));
    assert_eq!(stub.logins(), 0);

    let stub = Stub::start().await;
    stub.on("GET", "/v1/sys/leader", answer("raft-leader-active")).await;
    assert!(stub.client().raft().leader().await.unwrap().active_since.is_some());
    let stub = Stub::start().await;
    stub.on("GET", "/v1/sys/leader", answer("sys-leader")).await;
    let alone = stub.client().raft().leader().await.unwrap();
    assert_eq!((alone.ha_enabled, alone.leader_address, alone.committed_index), (false, None, None));
}

#[tokio::test]
async fn the_active_node_tells_of_all_nodes() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/sys/ha-status", answer("raft-ha-status")).await;
    let nodes = stub.client().raft().ha_status().await.unwrap();
    let active: Vec<_> =
        nodes.iter().filter(|node| node.active).map(|node| node.api_address.as_str()).collect();
    assert_eq!((nodes.len(), active), (3, vec!["https://127.0.0.1:28410"]));
    assert!(nodes.iter().all(|node| node.active != node.last_echo.is_some()));
}

#[tokio::test]
async fn a_join_shows_its_key_to_the_server_and_to_nobody_else() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/sys/storage/raft/join", answer("raft-join-again")).await;
    let leader = "https://n1.test:8200".parse().unwrap();
    let join = RaftJoin::new(leader)
        .authority("CA")
        .client_certificate("CERT", Secret::new("canary-key"))
        .retry(true);
    assert!(!format!("{join:?}").contains("canary"));
    assert!(stub.client().raft().join(&join).await.unwrap());
    assert_eq!(
        stub.last_body().await,
        json!({
            "leader_api_addr": "https://n1.test:8200",
            "leader_ca_cert": "CA",
            "leader_client_cert": "CERT",
            "leader_client_key": "canary-key",
            "retry": true,
            "non_voter": false,
        })
    );
}

#[tokio::test]
async fn a_member_that_is_none_is_refused_and_not_tried_again() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/sys/storage/raft/demote", answer("raft-demote-unknown-error")).await;
    stub.on("POST", "/v1/sys/storage/raft/remove-peer", answer("raft-remove-peer-unknown")).await;
    let raft = stub.client().raft();
    let error = raft.demote(&node("nosuch")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("unknown_peer")));
    assert_eq!(stub.count("/v1/sys/storage/raft/demote").await, 1);
    raft.remove_peer(&node("nosuch")).await.unwrap();
    for bad in ["", "a\nb", &"x".repeat(256)] {
        assert!(bad.parse::<RaftNodeId>().is_err());
    }
}

#[tokio::test]
async fn a_snapshot_is_written_as_it_comes_and_what_is_none_is_refused() {
    let stub = Stub::start().await;
    let body: Vec<u8> = [0x1f, 0x8b].into_iter().chain((0..=255).cycle().take(500_000)).collect();
    let at = "/v1/sys/storage/raft/snapshot";
    stub.on("GET", at, ResponseTemplate::new(200).set_body_bytes(body.clone())).await;
    // More than an answer may have.
    let bao = stub.builder().max_body(1000).build().unwrap();
    let mut saved = Vec::new();
    assert_eq!(bao.raft().save_snapshot(&mut saved).await.unwrap(), 500_002);
    assert!(saved == body);

    let page = Stub::start().await;
    page.on("GET", at, ResponseTemplate::new(200).set_body_string("<html>welcome</html>")).await;
    let error = page.client().raft().save_snapshot(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.code(), Some("unreadable_answer"));
    let error = Stub::start().await.client().raft().save_snapshot(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.status(), Some(404));
}

#[tokio::test]
async fn a_snapshot_of_another_cluster_is_restored_only_if_that_is_meant() {
    let stub = Stub::start().await;
    let error = answer("raft-restore-other-cluster-error");
    stub.on("POST", "/v1/sys/storage/raft/snapshot", error).await;
    stub.on("POST", "/v1/sys/storage/raft/snapshot-force", answer("raft-restore")).await;
    let raft = stub.client().raft();
    let snapshot = || std::io::Cursor::new(vec![7; 200_000]);
    let error = raft.restore_snapshot(snapshot(), Restore::OwnOnly).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("snapshot_of_another_cluster")));
    raft.restore_snapshot(snapshot(), Restore::Any).await.unwrap();
    let sent = stub.server.received_requests().await.unwrap();
    assert!(sent.last().unwrap().body == vec![7; 200_000]);
}
