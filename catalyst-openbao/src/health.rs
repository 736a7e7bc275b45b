//! Health of the server: what a load balancer would ask.

use catalyst_core::Result;
use catalyst_core::http::{Method, Response};
use serde::Deserialize;

use crate::OpenBao;
use crate::operation::Operation;
use crate::transport::Call;

/// What the node that answered says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Whether, and how, it serves.
    pub status: HealthStatus,
    /// Its version, such as `2.7.2`.
    pub version: String,
    /// The name of its cluster, where it is known: not while it is sealed.
    pub cluster_name: Option<String>,
    /// The identifier of its cluster, where it is known.
    pub cluster_id: Option<String>,
}

/// Whether, and how, a node serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HealthStatus {
    /// It serves (200).
    Active,
    /// It forwards to the active node, and may answer reads itself (429).
    Standby,
    /// It serves reads of a replicated cluster (473; Vault).
    PerformanceStandby,
    /// It waits to take over a replicated cluster (472; Vault).
    DrSecondary,
    /// It was never initialised (501).
    NotInitialized,
    /// It is sealed (503).
    Sealed,
}

impl HealthStatus {
    /// Whether it answers requests, if only by forwarding them.
    pub fn serves(self) -> bool {
        matches!(self, Self::Active | Self::Standby | Self::PerformanceStandby)
    }
}

impl OpenBao {
    /// Asks for the server's health, without a session. Tried once, for the answer is about now. A node that does
    /// not serve is an answer too, and not an error. Of a cluster whichever node answers first is heard;
    /// [`Cluster::ask`](crate::Cluster::ask) asks all.
    ///
    /// # Errors
    /// No connection, no answer in time, or one that is not OpenBao's.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn health(&self) -> Result<Health> {
        let call = Call::new(Operation::Health, Method::Get, &["sys/health"]);
        let response = self.api.transport.raw(&call).await?;
        // A quota, or a proxy that is out of servers, answers with the same statuses and another body.
        Health::read(&response).ok_or_else(|| self.api.transport.refused(&call, &response))
    }
}

impl Health {
    /// None if the answer is none to `sys/health`.
    pub(crate) fn read(response: &Response) -> Option<Self> {
        let status = match response.status() {
            200 => HealthStatus::Active,
            429 => HealthStatus::Standby,
            472 => HealthStatus::DrSecondary,
            473 => HealthStatus::PerformanceStandby,
            501 => HealthStatus::NotInitialized,
            503 => HealthStatus::Sealed,
            _ => return None,
        };
        let HealthWire { version, cluster_name, cluster_id, .. } =
            serde_json::from_slice(response.body()).ok()?;
        Some(Self { status, version, cluster_name, cluster_id })
    }
}

#[derive(Deserialize)]
struct HealthWire {
    #[allow(dead_code, reason = "its presence tells the answer from any other JSON")]
    sealed: bool,
    #[serde(default)]
    version: String,
    cluster_name: Option<String>,
    cluster_id: Option<String>,
}
