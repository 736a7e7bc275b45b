//! The cluster behind Raft storage.

mod autopilot;
mod client;
mod join;
mod peer;
mod snapshot;
mod status;

pub use autopilot::{AutopilotConfiguration, AutopilotServer, AutopilotState, AutopilotUpdate};
pub use client::Raft;
pub use join::RaftJoin;
pub use peer::{RaftNodeId, RaftPeer};
pub use snapshot::Restore;
pub use status::{HaNode, LeaderStatus};
