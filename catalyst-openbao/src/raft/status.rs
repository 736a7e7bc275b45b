//! Who leads.

use std::time::SystemTime;

use serde::Deserialize;

use crate::wire::MaybeTime;

/// Who leads, as the node that answered sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaderStatus {
    /// Whether there can be more than one node.
    pub ha_enabled: bool,
    /// Whether the node that answered leads.
    pub is_self: bool,
    /// The address of the leader's API; none if none is known.
    pub leader_address: Option<String>,
    /// The leader's cluster address; none if none is known.
    pub leader_cluster_address: Option<String>,
    /// Since when the node that answered leads, by its clock.
    pub active_since: Option<SystemTime>,
    /// The newest entry of the log that a majority has; none where the storage is not Raft.
    pub committed_index: Option<u64>,
    /// The newest entry that the node that answered has carried out.
    pub applied_index: Option<u64>,
}

/// A node, as the active node knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HaNode {
    /// The name of its host.
    pub hostname: String,
    /// The address of its API.
    pub api_address: String,
    /// Its cluster address.
    pub cluster_address: String,
    /// Whether it is the active node.
    pub active: bool,
    /// When the active node heard of it last, by its clock; none of the active node itself.
    pub last_echo: Option<SystemTime>,
    /// Its version.
    pub version: String,
}

#[derive(Deserialize)]
pub(super) struct LeaderWire {
    ha_enabled: bool,
    #[serde(default)]
    is_self: bool,
    #[serde(default)]
    leader_address: String,
    #[serde(default)]
    leader_cluster_address: String,
    #[serde(default)]
    active_time: MaybeTime,
    raft_committed_index: Option<u64>,
    raft_applied_index: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct HaWire {
    pub(super) nodes: Vec<NodeWire>,
}

#[derive(Deserialize)]
pub(super) struct NodeWire {
    #[serde(default)]
    hostname: String,
    api_address: String,
    #[serde(default)]
    cluster_address: String,
    #[serde(default)]
    active_node: bool,
    #[serde(default)]
    last_echo: Option<MaybeTime>,
    #[serde(default)]
    version: String,
}

impl From<LeaderWire> for LeaderStatus {
    fn from(wire: LeaderWire) -> Self {
        let known = |address: String| Some(address).filter(|address| !address.is_empty());
        Self {
            ha_enabled: wire.ha_enabled,
            is_self: wire.is_self,
            leader_address: known(wire.leader_address),
            leader_cluster_address: known(wire.leader_cluster_address),
            active_since: wire.active_time.0,
            committed_index: wire.raft_committed_index,
            applied_index: wire.raft_applied_index,
        }
    }
}

impl From<NodeWire> for HaNode {
    fn from(wire: NodeWire) -> Self {
        Self {
            hostname: wire.hostname,
            api_address: wire.api_address,
            cluster_address: wire.cluster_address,
            active: wire.active_node,
            last_echo: wire.last_echo.and_then(|echo| echo.0),
            version: wire.version,
        }
    }
}
