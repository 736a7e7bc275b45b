//! The cluster, to be looked at.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use tokio::time::Instant;
use url::Url;

use super::nodes::Nodes;
use super::plan::Role;
use super::probe;
use crate::api::Api;
use crate::operation::Operation;
use crate::refusal::SERVICE;
use crate::{Health, OpenBao};

/// How long [`Cluster::ask`] waits for all nodes.
const ASK_LIMIT: Duration = Duration::from_secs(2);

/// The nodes that a client was set up with; made by [`OpenBao::cluster`]. Cheap to clone.
///
/// ```
/// use catalyst_openbao::{NodeStanding, OpenBao};
///
/// # fn example() -> catalyst_openbao::Result<()> {
/// let bao = OpenBao::builder_for(["https://a.bao:8200", "https://b.bao:8200", "https://c.bao:8200"])?.build()?;
/// if let Some(cluster) = bao.cluster() {
///     let silent = cluster.nodes().into_iter().filter(|node| node.standing == NodeStanding::Unknown).count();
///     println!("{silent} nodes are not heard of");
/// }
/// # Ok(())
/// # }
/// # example().unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Cluster {
    api: Arc<Api>,
}

/// What is known of one node.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClusterNode {
    /// Where it is, as it was configured.
    pub address: Url,
    /// What it is, as far as the client knows.
    pub standing: NodeStanding,
    /// Whether it failed just now, and is left alone for a moment.
    pub is_aside: bool,
    /// What it last said of itself; none if it was not asked, or did not answer.
    pub health: Option<Health>,
    /// When it was last asked for that.
    pub asked_at: Option<Instant>,
    /// How long its answers take: a moving average.
    pub latency: Option<Duration>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeStanding {
    /// Nothing is known of it, or it did not answer.
    Unknown,
    /// It is the active node.
    Active,
    /// It follows the active node, and serves reads.
    Standby,
    /// It answers, and serves nothing: sealed, or never set up.
    Idle,
    /// It belongs to another cluster, and is asked for nothing.
    Foreign,
}

impl OpenBao {
    /// The nodes of the cluster. None if the client was set up with one address.
    pub fn cluster(&self) -> Option<Cluster> {
        self.api.transport.nodes().map(|_| Cluster { api: Arc::clone(&self.api) })
    }
}

impl Cluster {
    /// What is known of the nodes, in the order of the configuration. Nothing is asked.
    pub fn nodes(&self) -> Vec<ClusterNode> {
        let Some(nodes) = self.api.transport.nodes() else { return Vec::new() };
        (0..nodes.count()).map(|node| shown(nodes, node)).collect()
    }

    /// The address of the active node, if one is known. Nothing is asked.
    pub fn active(&self) -> Option<Url> {
        self.nodes().into_iter().find(|node| node.standing == NodeStanding::Active).map(|node| node.address)
    }

    /// The identifier of the cluster, once a node told it.
    pub fn id(&self) -> Option<String> {
        self.api.transport.nodes()?.cluster_id()
    }

    /// Asks all nodes at once how they stand (`sys/health`), for at most 2 s, without a session. A node that does not
    /// answer is an answer too.
    ///
    /// # Errors
    /// Code `cluster_mismatch` if the nodes belong to different clusters.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn ask(&self) -> Result<Vec<ClusterNode>> {
        if let Some(nodes) = self.api.transport.nodes() {
            probe::ask_all(&self.api.transport, nodes, ASK_LIMIT).await;
            nodes.identify()?;
        }
        Ok(self.nodes())
    }

    /// Waits until a node is active, for at most `limit`, and returns its address.
    ///
    /// # Errors
    /// Code `no_active_node` if there is none in time, `cluster_mismatch` as [`Cluster::ask`].
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn wait_active(&self, limit: Duration) -> Result<Url> {
        let nodes = self.api.transport.nodes().ok_or_else(no_cluster)?;
        let deadline = Instant::now() + limit;
        let found = probe::find_active(&self.api.transport, nodes, Operation::Health, deadline).await?;
        Ok(shown(nodes, found).address)
    }
}

fn no_cluster() -> Error {
    Error::new(ErrorKind::Config, Operation::Health.name())
        .with_service(SERVICE)
        .with_help("the client was set up with one address, and not with those of a cluster")
}

fn shown(nodes: &Nodes, node: usize) -> ClusterNode {
    let mut address = nodes.base(node).clone();
    let path = address.path().trim_end_matches("v1/").to_owned();
    address.set_path(&path);
    let seen = nodes.seen(node);
    let plan = nodes.plan();
    let standing = match plan.role(node) {
        Role::Unknown => NodeStanding::Unknown,
        Role::Active => NodeStanding::Active,
        Role::Standby => NodeStanding::Standby,
        Role::Idle => NodeStanding::Idle,
        Role::Foreign => NodeStanding::Foreign,
    };
    ClusterNode {
        address,
        standing,
        is_aside: plan.is_aside(node, Instant::now()),
        asked_at: seen.as_ref().map(|seen| seen.at),
        health: seen.and_then(|seen| seen.health),
        latency: plan.latency(node),
    }
}
