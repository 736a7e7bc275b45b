//! Whether a node is sealed, and how far unsealing it has come.

use catalyst_core::Result;
use catalyst_core::http::Method;
use serde::Deserialize;

use super::Operator;
use super::client::call;

/// What a node says of its seal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SealStatus {
    /// What unseals it.
    pub seal: SealType,
    /// Whether the server was ever initialised.
    pub initialized: bool,
    /// Whether the node is sealed.
    pub sealed: bool,
    /// How many shares are needed: of the unseal key, or of the recovery key where the node unseals itself.
    pub threshold: u32,
    /// How many shares there are.
    pub shares: u32,
    /// How many were given so far.
    pub progress: u32,
    /// Whether the seal is being changed for another.
    pub migrating: bool,
    /// Its version, such as `2.7.2`.
    pub version: String,
    /// The identifier of its cluster, where it is known: not while it is sealed.
    pub cluster_id: Option<String>,
    /// Where it stores: `raft`, `inmem`, `postgresql`.
    pub storage: String,
}

/// What unseals a node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealType {
    /// Shares that people give it.
    Shamir,
    /// A key in its configuration.
    Static,
    /// Something else that keeps its key, by the server's name for it: `transit`, `awskms`.
    Other(String),
}

impl SealType {
    /// Whether it unseals itself.
    pub fn is_automatic(&self) -> bool {
        *self != Self::Shamir
    }
}

impl Operator {
    /// What the node says of its seal (`GET sys/seal-status`), without a session. Repeated after passing faults; a
    /// sealed node is an answer, and not an error.
    ///
    /// # Errors
    /// No connection, no answer in time, or one that is not OpenBao's.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn seal_status(&self) -> Result<SealStatus> {
        let call = call("read seal status", Method::Get, &["sys/seal-status"]);
        Ok(self.anonymous::<SealWire>(call).await?.into())
    }
}

#[derive(Deserialize)]
pub(super) struct SealWire {
    #[serde(rename = "type")]
    kind: String,
    initialized: bool,
    sealed: bool,
    #[serde(default)]
    t: u32,
    #[serde(default)]
    n: u32,
    #[serde(default)]
    progress: u32,
    #[serde(default)]
    migration: bool,
    #[serde(default)]
    version: String,
    cluster_id: Option<String>,
    #[serde(default)]
    storage_type: String,
}

impl From<SealWire> for SealStatus {
    fn from(wire: SealWire) -> Self {
        let seal = match wire.kind.as_str() {
            "shamir" => SealType::Shamir,
            "static" => SealType::Static,
            _ => SealType::Other(wire.kind),
        };
        Self {
            seal,
            initialized: wire.initialized,
            sealed: wire.sealed,
            threshold: wire.t,
            shares: wire.n,
            progress: wire.progress,
            migrating: wire.migration,
            version: wire.version,
            cluster_id: wire.cluster_id,
            storage: wire.storage_type,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::support::recorded;

    fn read(file: &str) -> SealStatus {
        serde_json::from_value::<SealWire>(recorded(file).1).unwrap().into()
    }

    #[test]
    fn recorded_states_are_told_apart() {
        let fresh = read("op-seal-status-uninit");
        assert_eq!((fresh.seal, fresh.initialized, fresh.sealed), (SealType::Shamir, false, true));
        let first = read("op-unseal-1");
        assert_eq!((first.progress, first.threshold, first.shares, first.sealed), (1, 3, 5, true));
        assert_eq!(read("op-unseal-reset").progress, 0);
        let open = read("op-unseal-done");
        assert!(!open.sealed && open.cluster_id.is_some() && open.storage == "raft");
        let fixed = read("op-static-seal-status");
        assert!(fixed.seal == SealType::Static && fixed.seal.is_automatic() && !fixed.sealed);
    }
}
