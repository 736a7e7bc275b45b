//! The members of the cluster.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use catalyst_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// The longest identifier, in bytes.
const MAX_BYTES: usize = 255;

/// The identifier of a node, as `node_id` of its configuration sets it. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct RaftNodeId(Arc<str>);

impl RaftNodeId {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RaftNodeId {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::Config`] if it is empty, longer than 255 bytes, or holds control characters.
    fn from_str(text: &str) -> Result<Self> {
        if text.is_empty() || text.len() > MAX_BYTES || text.chars().any(char::is_control) {
            return Err(Error::new(ErrorKind::Config, "read node identifier").with_help(
                "expected 1 to 255 bytes without control characters, as in the node's configuration",
            ));
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for RaftNodeId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<RaftNodeId> for String {
    fn from(id: RaftNodeId) -> Self {
        id.0.as_ref().to_owned()
    }
}

impl fmt::Display for RaftNodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A member of the cluster, as Raft knows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct RaftPeer {
    /// Its identifier.
    #[serde(rename = "node_id")]
    pub id: RaftNodeId,
    /// Where the others reach it: its cluster address, without a scheme.
    pub address: String,
    /// Whether it leads.
    pub leader: bool,
    /// Whether it has a vote. A new member gets one when it has been stable for a while.
    pub voter: bool,
}

#[derive(Deserialize)]
pub(super) struct ConfigurationWire {
    pub(super) config: ServersWire,
}

#[derive(Deserialize)]
pub(super) struct ServersWire {
    pub(super) servers: Vec<RaftPeer>,
}

#[derive(Serialize)]
pub(super) struct ServerBody<'a> {
    pub(super) server_id: &'a RaftNodeId,
}
