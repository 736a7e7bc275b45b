//! What refusals of the Raft storage mean beyond their status.

use catalyst_core::ErrorKind;

use super::meaning::Meaning;

pub(super) fn meaning(status: u16, said: &str) -> Option<Meaning> {
    let (kind, code, help) = if said.contains("raft storage is not in use")
        || said.contains("raft backend not in use")
        || status == 404
    {
        (ErrorKind::InvalidRequest, "raft_not_in_use", "the server keeps its storage elsewhere than in Raft")
    } else if said.contains("not found in raft configuration") {
        (ErrorKind::NotFound, "unknown_peer", "the cluster has no such member; list the peers")
    } else if said.contains("need at least one voter") {
        (
            ErrorKind::Conflict,
            "last_voter",
            "the cluster would be left without a voter; let another member vote first",
        )
    } else if said.contains("cluster already has state") {
        (ErrorKind::Conflict, "already_bootstrapped", "the node is a cluster already, or a member of one")
    } else if said.contains("could not verify hash file") {
        let help = "the snapshot is of a cluster with another seal; to replace this cluster by that one, restore with \
                    Restore::Any and hold its unseal keys";
        (ErrorKind::Conflict, "snapshot_of_another_cluster", help)
    } else if said.contains("failed to read snapshot file") || said.contains("failed to decompress snapshot")
    {
        let help = "the snapshot is cut short or changed; nothing was restored";
        (ErrorKind::InvalidRequest, "snapshot_damaged", help)
    } else if said.contains("failed to join raft cluster")
        || said.contains("failed to send answer to raft leader")
    {
        let help =
            "the leader was not reached, or did not take the node in; check its address and its authority";
        (ErrorKind::Unavailable, "join_refused", help)
    } else {
        return None;
    };
    Some(Meaning::new(kind, code, help))
}

#[cfg(test)]
mod tests {
    use crate::operation::{Operation, Subject};
    use crate::refusal::{Remains, refusal};
    use crate::tests::support::recorded;

    #[test]
    fn recorded_refusals_have_their_codes() {
        for (file, code) in [
            ("raft-demote-unknown-error", "unknown_peer"),
            ("raft-promote-unknown-error", "unknown_peer"),
            ("raft-bootstrap-again", "already_bootstrapped"),
            ("raft-bootstrap-other-storage-error", "raft_not_in_use"),
            ("raft-remove-last-voter-error", "last_voter"),
            ("raft-restore-other-keys-error", "snapshot_of_another_cluster"),
            ("raft-restore-no-gzip-error", "snapshot_damaged"),
            ("raft-restore-empty-error", "snapshot_damaged"),
            ("raft-autopilot-silence-error", "invalid_request"),
            ("raft-join-unreachable-error", "join_refused"),
            ("raft-restore-other-cluster-error", "snapshot_of_another_cluster"),
            ("raft-restore-garbage-error", "snapshot_damaged"),
            ("raft-restore-force-garbage-error", "snapshot_damaged"),
            ("raft-restore-truncated-error", "snapshot_damaged"),
            ("raft-restore-damaged-error", "snapshot_damaged"),
            ("raft-autopilot-min-quorum-error", "invalid_request"),
            ("raft-remove-peer-no-id-error", "invalid_request"),
            ("raft-join-bad", "invalid_request"),
        ] {
            let (status, body) = recorded(file);
            let said: Vec<String> = serde_json::from_value(body["errors"].clone()).unwrap();
            let error = refusal(Operation::Of(Subject::Raft, "test"), status, &said, Remains::Nothing);
            assert_eq!(error.code(), Some(code), "{file}");
            assert!(!error.outcome_unknown() && error.help().is_some(), "{file}");
        }
    }
}
