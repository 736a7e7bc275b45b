//! Autopilot: who is healthy, who may vote, who is thrown out.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::RaftNodeId;
use crate::wire::{MaybeTime, Span};

/// How the cluster stands, as its leader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AutopilotState {
    /// Whether all members are healthy.
    pub healthy: bool,
    /// How many voters may fail before there is no majority.
    pub failure_tolerance: u64,
    /// Who leads.
    pub leader: Option<RaftNodeId>,
    /// Who has a vote.
    pub voters: Vec<RaftNodeId>,
    /// All members.
    pub servers: BTreeMap<RaftNodeId, AutopilotServer>,
}

/// How one member stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AutopilotServer {
    /// Where the others reach it.
    pub address: String,
    /// Whether it answers and keeps up.
    pub healthy: bool,
    /// `alive`, `failed` or `left`.
    pub node_status: String,
    /// `leader`, `voter` or `non-voter`.
    pub status: String,
    /// Its version.
    pub version: String,
    /// For how long the leader has not heard of it; none if it was never heard of.
    pub last_contact: Option<Duration>,
    /// The newest entry of its log.
    pub last_index: u64,
    /// Since when it has been as healthy as it is, by the server's clock.
    pub stable_since: Option<SystemTime>,
}

/// What autopilot does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AutopilotConfiguration {
    /// Whether dead members are removed by themselves.
    pub cleanup_dead_servers: bool,
    /// How long a member may be silent and count as healthy.
    pub last_contact_threshold: Duration,
    /// How long a member may be silent before it is removed.
    pub dead_server_last_contact_threshold: Duration,
    /// How many entries a member may be behind and count as healthy.
    pub max_trailing_logs: u64,
    /// With fewer members none is removed.
    pub min_quorum: u64,
    /// How long a new member must be healthy before it votes.
    pub server_stabilization_time: Duration,
}

/// What is to be changed of an [`AutopilotConfiguration`]; the rest stays. Durations are in whole seconds.
///
/// ```
/// use std::time::Duration;
/// use catalyst_openbao::AutopilotUpdate;
///
/// let update = AutopilotUpdate::new().cleanup_dead_servers(true, 3).max_trailing_logs(500);
/// # let _ = update;
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[must_use = "it changes nothing until it is given to Raft::configure_autopilot"]
pub struct AutopilotUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    cleanup_dead_servers: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_contact_threshold: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_server_last_contact_threshold: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_trailing_logs: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_quorum: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_stabilization_time: Option<String>,
}

impl AutopilotUpdate {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether dead members are removed by themselves, while at least `min_quorum` remain. The server wants 3 at
    /// least.
    pub fn cleanup_dead_servers(mut self, cleanup: bool, min_quorum: u64) -> Self {
        (self.cleanup_dead_servers, self.min_quorum) = (Some(cleanup), Some(min_quorum));
        self
    }

    /// How long a member may be silent and count as healthy.
    pub fn last_contact_threshold(mut self, limit: Duration) -> Self {
        self.last_contact_threshold = Some(seconds(limit));
        self
    }

    /// How long a member may be silent before it is removed; a minute at least.
    pub fn dead_server_last_contact_threshold(mut self, limit: Duration) -> Self {
        self.dead_server_last_contact_threshold = Some(seconds(limit));
        self
    }

    /// How many entries a member may be behind and count as healthy.
    pub fn max_trailing_logs(mut self, entries: u64) -> Self {
        self.max_trailing_logs = Some(entries);
        self
    }

    /// How long a new member must be healthy before it votes.
    pub fn server_stabilization_time(mut self, time: Duration) -> Self {
        self.server_stabilization_time = Some(seconds(time));
        self
    }
}

fn seconds(span: Duration) -> String {
    format!("{}s", span.as_secs())
}

#[derive(Deserialize)]
pub(super) struct StateWire {
    #[serde(default)]
    healthy: bool,
    #[serde(default)]
    failure_tolerance: u64,
    #[serde(default)]
    leader: String,
    #[serde(default)]
    voters: Option<Vec<RaftNodeId>>,
    #[serde(default)]
    servers: BTreeMap<RaftNodeId, ServerWire>,
}

#[derive(Deserialize)]
struct ServerWire {
    #[serde(default)]
    address: String,
    #[serde(default)]
    healthy: bool,
    #[serde(default)]
    node_status: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    last_contact: String,
    #[serde(default)]
    last_index: u64,
    #[serde(default)]
    stable_since: MaybeTime,
}

impl From<StateWire> for AutopilotState {
    fn from(wire: StateWire) -> Self {
        Self {
            healthy: wire.healthy,
            failure_tolerance: wire.failure_tolerance,
            leader: wire.leader.parse().ok(),
            voters: wire.voters.unwrap_or_default(),
            servers: wire.servers.into_iter().map(|(id, server)| (id, server.into())).collect(),
        }
    }
}

impl From<ServerWire> for AutopilotServer {
    fn from(wire: ServerWire) -> Self {
        Self {
            address: wire.address,
            healthy: wire.healthy,
            node_status: wire.node_status,
            status: wire.status,
            version: wire.version,
            last_contact: Span::read(&wire.last_contact).map(|span| span.0),
            last_index: wire.last_index,
            stable_since: wire.stable_since.0,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ConfigurationWire {
    #[serde(default)]
    cleanup_dead_servers: bool,
    last_contact_threshold: Span,
    dead_server_last_contact_threshold: Span,
    #[serde(default)]
    max_trailing_logs: u64,
    #[serde(default)]
    min_quorum: u64,
    server_stabilization_time: Span,
}

impl From<ConfigurationWire> for AutopilotConfiguration {
    fn from(wire: ConfigurationWire) -> Self {
        Self {
            cleanup_dead_servers: wire.cleanup_dead_servers,
            last_contact_threshold: wire.last_contact_threshold.0,
            dead_server_last_contact_threshold: wire.dead_server_last_contact_threshold.0,
            max_trailing_logs: wire.max_trailing_logs,
            min_quorum: wire.min_quorum,
            server_stabilization_time: wire.server_stabilization_time.0,
        }
    }
}
