//! The Raft storage. For a server of its own whose cluster it is the only member of, and a client that may do
//! everything there.

use std::io::Cursor;
use std::time::Duration;

use catalyst_core::{ErrorKind, Secret};
use tokio::time::sleep;

use super::system::mount_kv;
use super::{done, fresh, fresh_name, refused, until};
use crate::{
    AutopilotUpdate, Kv2, Mount, OpenBao, RaftJoin, RaftNodeId, Restore, SecretData, SecretPath, SecretStore,
    WriteMode,
};

/// How long a node that stepped down does not run for the lead again.
const COURTESY: Duration = Duration::from_secs(10);

/// All checks, one after the other.
pub async fn all(bao: &OpenBao) {
    the_member_leads_and_votes(bao).await;
    autopilot_takes_what_makes_sense(bao).await;
    who_is_no_member_is_told(bao).await;
    the_last_voter_stays(bao).await;
    a_member_does_not_begin_anew(bao).await;
    a_snapshot_brings_back_what_was(bao).await;
    a_snapshot_that_is_not_whole_is_refused(bao).await;
    the_lead_is_given_up(bao).await;
}

/// It is seen by Raft, by autopilot, by the API for high availability.
pub async fn the_member_leads_and_votes(bao: &OpenBao) {
    let raft = bao.raft();
    let peers = done(raft.peers().await, "list peers");
    let [peer] = &*peers else { panic!("one member, and not {peers:?}") };
    assert!(peer.leader && peer.voter);
    let leader = done(raft.leader().await, "ask who leads");
    assert!(leader.ha_enabled && leader.is_self && leader.active_since.is_some());
    assert!(leader.applied_index.is_some() && leader.applied_index <= leader.committed_index);
    let nodes = done(raft.ha_status().await, "ask for nodes");
    assert_eq!(nodes.iter().filter(|node| node.active).count(), 1);
    let told = || async { done(raft.autopilot_state().await, "read autopilot") };
    let state = until("autopilot knows the member", told).await;
    assert!(state.healthy && state.failure_tolerance == 0);
    assert_eq!((state.leader.as_ref(), &*state.voters), (Some(&peer.id), std::slice::from_ref(&peer.id)));
    let server = state.servers.get(&peer.id);
    assert!(server.is_some_and(|server| server.healthy && server.status == "leader"), "{state:?}");
}

/// What is not named stays; whoever throws members out must say how many stay.
pub async fn autopilot_takes_what_makes_sense(bao: &OpenBao) {
    let raft = bao.raft();
    let before = done(raft.autopilot_configuration().await, "read autopilot");
    let update =
        AutopilotUpdate::new().max_trailing_logs(777).last_contact_threshold(Duration::from_secs(11));
    done(raft.configure_autopilot(&update).await, "configure autopilot");
    let after = done(raft.autopilot_configuration().await, "read autopilot");
    assert_eq!((after.max_trailing_logs, after.last_contact_threshold), (777, Duration::from_secs(11)));
    assert_eq!(after.server_stabilization_time, before.server_stabilization_time);
    for nonsense in [
        AutopilotUpdate::new().cleanup_dead_servers(true, 2),
        AutopilotUpdate::new()
            .cleanup_dead_servers(true, 3)
            .dead_server_last_contact_threshold(Duration::from_secs(5)),
    ] {
        refused(raft.configure_autopilot(&nonsense).await, ErrorKind::InvalidRequest, "invalid_request");
    }
    assert_eq!(done(raft.autopilot_configuration().await, "read autopilot"), after);
}

/// To remove one who is not there is a success.
pub async fn who_is_no_member_is_told(bao: &OpenBao) {
    let (raft, nobody) = (bao.raft(), fresh_name::<RaftNodeId>("node"));
    refused(raft.promote(&nobody).await, ErrorKind::NotFound, "unknown_peer");
    refused(raft.demote(&nobody).await, ErrorKind::NotFound, "unknown_peer");
    done(raft.remove_peer(&nobody).await, "remove nobody");
}

/// It cannot be removed, and its vote cannot be taken.
pub async fn the_last_voter_stays(bao: &OpenBao) {
    let raft = bao.raft();
    let peers = done(raft.peers().await, "list peers");
    let [peer] = &*peers else { panic!("one member, and not {peers:?}") };
    refused(raft.remove_peer(&peer.id).await, ErrorKind::Conflict, "last_voter");
    done(raft.demote(&peer.id).await, "demote");
    assert!(done(raft.peers().await, "list peers")[0].voter);
    done(raft.promote(&peer.id).await, "promote");
}

/// It has joined already, wherever it is sent.
pub async fn a_member_does_not_begin_anew(bao: &OpenBao) {
    let nowhere = done("http://127.0.0.1:1".parse().map_err(invalid), "an address");
    assert!(done(bao.raft().join(&RaftJoin::new(nowhere)).await, "join again"));
    refused(bao.raft().bootstrap().await, ErrorKind::Conflict, "already_bootstrapped");
}

fn invalid(error: url::ParseError) -> catalyst_core::Error {
    catalyst_core::Error::new(ErrorKind::Config, "read address").with_source(error)
}

/// With its secrets, its tokens and what autopilot was told.
pub async fn a_snapshot_brings_back_what_was(bao: &OpenBao) {
    let (raft, kv, path) = (bao.raft(), store(bao).await, secret());
    write(&kv, &path, "before").await;
    let snapshot = saved(bao).await;
    write(&kv, &path, "after").await;
    done(
        raft.configure_autopilot(&AutopilotUpdate::new().max_trailing_logs(999)).await,
        "configure autopilot",
    );
    let restored = raft.restore_snapshot(Cursor::new(snapshot), Restore::OwnOnly).await;
    done(restored, "restore");
    until("what was is back", || async {
        let found = kv.read(&path, None).await.ok()?;
        found.data.get("k").map(Secret::expose).filter(|value| *value == "before").map(drop)
    })
    .await;
    let autopilot =
        || async { raft.autopilot_configuration().await.ok().filter(|now| now.max_trailing_logs != 999) };
    until("so is what autopilot was told", autopilot).await;
}

/// And changes nothing.
pub async fn a_snapshot_that_is_not_whole_is_refused(bao: &OpenBao) {
    let (raft, kv, path) = (bao.raft(), store(bao).await, secret());
    let snapshot = saved(bao).await;
    write(&kv, &path, "after").await;
    let half = snapshot[..snapshot.len() / 2].to_vec();
    let mut changed = snapshot.clone();
    for byte in changed.iter_mut().skip(snapshot.len() / 2).take(64) {
        *byte ^= 0x55;
    }
    for broken in [half, changed, b"this is a text, and no snapshot at all".to_vec(), Vec::new()] {
        for which in [Restore::OwnOnly, Restore::Any] {
            let error = raft.restore_snapshot(Cursor::new(broken.clone()), which).await;
            refused(error, ErrorKind::InvalidRequest, "snapshot_damaged");
        }
    }
    let kept = done(kv.read(&path, None).await, "read");
    assert_eq!(kept.data.get("k").map(Secret::expose), Some("after"));
}

/// And taken again, by the only one who can; the server first waits for others to take it.
pub async fn the_lead_is_given_up(bao: &OpenBao) {
    let raft = bao.raft();
    let leads = || async { raft.leader().await.ok().filter(|leader| leader.is_self) };
    done(raft.step_down().await, "step down");
    if leads().await.is_none() {
        sleep(COURTESY).await;
    }
    until("somebody leads again", leads).await;
}

/// `stranger` is a client of another such server. By force it becomes what `own` was, down to the shares that unseal
/// it: it is sealed afterwards, and the check ends there.
pub async fn a_snapshot_of_another_cluster_is_taken_by_force_only(own: &OpenBao, stranger: &OpenBao) {
    let snapshot = saved(own).await;
    let raft = stranger.raft();
    let refusal = raft.restore_snapshot(Cursor::new(snapshot.clone()), Restore::OwnOnly).await;
    refused(refusal, ErrorKind::Conflict, "snapshot_of_another_cluster");
    done(raft.peers().await, "list peers");
    done(raft.restore_snapshot(Cursor::new(snapshot), Restore::Any).await, "restore by force");
    let sealed = || async { raft.peers().await.err().filter(|error| error.code() == Some("sealed")) };
    until("the keys of the other cluster are asked for", sealed).await;
}

async fn store(bao: &OpenBao) -> Kv2 {
    let mount = fresh_name::<Mount>("kv");
    mount_kv(bao, &mount).await;
    bao.kv(mount)
}

fn secret() -> SecretPath {
    done(fresh("kept").parse(), "a path for the contract")
}

async fn write(kv: &Kv2, path: &SecretPath, value: &str) {
    done(kv.write(path, &SecretData::from([("k", value)]), WriteMode::Overwrite).await, "write");
}

async fn saved(bao: &OpenBao) -> Vec<u8> {
    let mut snapshot = Vec::new();
    let size = done(bao.raft().save_snapshot(&mut snapshot).await, "save a snapshot");
    assert_eq!(usize::try_from(size).ok(), Some(snapshot.len()));
    snapshot
}
