//! Three real nodes of OpenBao, and the cables between them.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::http::Method;
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result, Secret, SecretBytes};
use serde_json::{Value, json};

use super::api::Api;
use super::certificates::server_certificate;
use super::folder::Folder;
use super::links::{End, Links, gatekeeper};
use super::openbao_node::{Node, Plan, Ports};
use super::process::Process;
use super::proxy::TcpProxy;
use super::{install, poll};

const OPERATION: &str = "run an OpenBao cluster";
const LIMIT: Duration = Duration::from_secs(60);
const SHARES: usize = 5;
const THRESHOLD: usize = 3;

/// What opens the nodes of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterSeal {
    /// A key in a file: a node that is started again serves by itself.
    Static,
    /// Shares that somebody has to give: a node that is started again stays sealed until
    /// [`OpenBaoCluster::unseal`].
    Shamir,
}

/// Three nodes with TLS and Raft on loopback, numbered from 0; they end when this is dropped.
///
/// Before each node, on its API and on its cluster port, is a proxy of the test's own. Clients and the other nodes
/// know only the proxies, so that every link can be cut: it then stays open and nothing passes.
#[derive(Debug)]
pub struct OpenBaoCluster {
    nodes: Vec<Node>,
    links: Arc<Links>,
    seal: ClusterSeal,
    authority: String,
    root_token: Secret,
    keys: Vec<Secret>,
    // Last, so that the processes have ended when it is removed.
    _folder: Folder,
}

impl OpenBaoCluster {
    /// How many nodes there are.
    pub const NODES: usize = 3;

    /// Starts three nodes with a static seal, and waits until all of them vote. Takes some 5 s.
    ///
    /// # Errors
    /// If OpenBao cannot be installed, or the cluster does not come up within a minute.
    ///
    /// # Cancel safety
    /// Nodes that were started end.
    pub async fn start() -> Result<Self> {
        Self::start_with(ClusterSeal::Static).await
    }

    /// The same with a seal of choice.
    ///
    /// # Errors
    /// As [`OpenBaoCluster::start`].
    ///
    /// # Cancel safety
    /// As [`OpenBaoCluster::start`].
    pub async fn start_with(seal: ClusterSeal) -> Result<Self> {
        let mut cluster = Self::prepare(seal, true).await?;
        cluster.found().await?;
        for node in 1..Self::NODES {
            cluster.start_node(node)?;
        }
        if seal == ClusterSeal::Shamir {
            for node in 1..Self::NODES {
                cluster.wait_listening(node).await?;
                cluster.unseal(node).await?;
            }
        }
        cluster.wait_voters(Self::NODES).await?;
        Ok(cluster)
    }

    /// Starts three nodes with a static seal, of which the first one is a cluster of its own; the others were never
    /// initialised, and wait to be told what to join.
    ///
    /// # Errors
    /// As [`OpenBaoCluster::start`].
    ///
    /// # Cancel safety
    /// As [`OpenBaoCluster::start`].
    pub async fn start_apart() -> Result<Self> {
        let mut cluster = Self::prepare(ClusterSeal::Static, false).await?;
        cluster.found().await?;
        for node in 1..Self::NODES {
            cluster.start_node(node)?;
            cluster.wait_listening(node).await?;
        }
        Ok(cluster)
    }

    /// Starts the first node, and makes it a cluster.
    async fn found(&mut self) -> Result<()> {
        self.start_node(0)?;
        self.wait_listening(0).await?;
        self.initialize().await
    }

    async fn prepare(seal: ClusterSeal, joins: bool) -> Result<Self> {
        let binary = install::openbao().await?;
        let folder = Folder::in_memory("openbao-cluster")?;
        let tls = server_certificate()?;
        let ports = (0..Self::NODES).map(|_| Ports::free()).collect::<Result<Vec<_>>>()?;
        let random: Vec<u8> = (0..32).map(|_| fastrand::u8(..)).collect();
        let key = (seal == ClusterSeal::Static).then(|| SecretBytes::new(random));
        let links = Arc::new(Links::default());
        let mut nodes = Vec::new();
        for (number, own) in ports.iter().enumerate() {
            let proxies = [
                TcpProxy::start(own.api_proxy, own.api, gatekeeper(&links, number)).await?,
                TcpProxy::start(own.cluster_proxy, own.cluster, gatekeeper(&links, number)).await?,
            ];
            let (tls, binary, static_key) = (&tls, &*binary, key.as_ref());
            let plan = Plan { folder: &folder, number, ports: &ports, tls, static_key, binary, joins };
            nodes.push(Node::prepare(&plan, proxies)?);
        }
        let (authority, root_token) = (tls.authority, Secret::new(""));
        Ok(Self { nodes, links, seal, authority, root_token, keys: Vec::new(), _folder: folder })
    }

    /// Where clients find the nodes: the proxies before their APIs.
    pub fn addresses(&self) -> Vec<String> {
        self.nodes.iter().map(|node| at(node.ports.api_proxy)).collect()
    }

    /// Where a node listens itself, past the proxy.
    pub fn direct_address(&self, node: usize) -> String {
        at(self.nodes[node].ports.api)
    }

    /// The authority of the nodes' certificates, in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.authority
    }

    /// TLS settings that trust the nodes.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the authority cannot be read, which is a bug.
    pub fn tls(&self) -> Result<TlsConfig> {
        TlsConfig::new().ca_pem(self.authority.as_bytes())
    }

    /// The token that may do everything.
    pub fn root_token(&self) -> &Secret {
        &self.root_token
    }

    /// The shares that the initialisation gave: of the seal, or of the recovery key where the seal is static.
    pub fn shares(&self) -> &[Secret] {
        &self.keys
    }

    /// Calls one node with the root token, past the proxy.
    ///
    /// # Errors
    /// As [`OpenBaoCluster::tls`].
    pub fn api(&self, node: usize) -> Result<Api> {
        Ok(Api::new(&self.direct_address(node), self.tls()?)?.with_token(self.root_token.clone()))
    }

    /// The node that says of itself that it is active, if one does at this moment.
    ///
    /// # Errors
    /// As [`OpenBaoCluster::tls`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn active(&self) -> Result<Option<usize>> {
        for node in 0..Self::NODES {
            if self.is_running(node) && self.health(node).await? == Some(200) {
                return Ok(Some(node));
            }
        }
        Ok(None)
    }

    /// Waits for an active node.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] if there is none within a minute.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn wait_active(&self) -> Result<usize> {
        poll::until("wait for an active node", LIMIT, async || self.active().await).await
    }

    /// Waits until `node` serves, as the active node or as a standby.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] if it does not within a minute.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn wait_serving(&self, node: usize) -> Result<()> {
        poll::until("wait for a node to serve", LIMIT, async || {
            Ok(matches!(self.health(node).await?, Some(200 | 429)).then_some(()))
        })
        .await
    }

    /// Waits until the active node counts so many voters.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] if it does not within a minute.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn wait_voters(&self, voters: usize) -> Result<()> {
        poll::until("wait for voters", LIMIT, async || {
            let Some(active) = self.active().await? else { return Ok(None) };
            let Ok(raft) = self.api(active)?.read("sys/storage/raft/configuration").await else {
                return Ok(None);
            };
            let servers = raft["config"]["servers"].as_array().cloned().unwrap_or_default();
            let voting = servers.iter().filter(|server| server["voter"] == true).count();
            Ok((voting == voters).then_some(()))
        })
        .await
    }

    /// How often a node took the lead, by the logs of the nodes.
    ///
    /// # Errors
    /// If a log cannot be read.
    pub fn elections(&self) -> Result<usize> {
        let mut elections = 0;
        for node in &self.nodes {
            elections += node.log()?.matches("acquired lock, enabling active operation").count();
        }
        Ok(elections)
    }

    /// `kill -9` of a node.
    ///
    /// # Errors
    /// If it does not run, or does not end.
    ///
    /// # Cancel safety
    /// The signal was sent.
    pub async fn kill9(&mut self, node: usize) -> Result<()> {
        self.process(node)?.kill().await
    }

    /// Ends a node in good order.
    ///
    /// # Errors
    /// As [`OpenBaoCluster::kill9`].
    ///
    /// # Cancel safety
    /// As [`OpenBaoCluster::kill9`].
    pub async fn stop(&mut self, node: usize) -> Result<()> {
        self.process(node)?.end().await
    }

    /// Starts a node that was ended. It is not waited for.
    ///
    /// # Errors
    /// If the program does not start.
    pub fn start_node(&mut self, node: usize) -> Result<()> {
        let pid = self.nodes[node].start()?;
        self.links.runs_as(node, pid);
        Ok(())
    }

    /// Stops a node in its tracks (SIGSTOP): connections stay open and nothing is answered.
    ///
    /// # Errors
    /// If it does not run, or does not stand still within 10 s.
    ///
    /// # Cancel safety
    /// It may be frozen; [`Self::thaw`] undoes it.
    pub async fn freeze(&mut self, node: usize) -> Result<()> {
        self.process(node)?.freeze().await
    }

    /// Lets a frozen node go on.
    ///
    /// # Errors
    /// If it does not run.
    pub fn thaw(&mut self, node: usize) -> Result<()> {
        self.process(node)?.thaw()
    }

    /// Restarts the nodes one after the other, the active one last, each when the one before serves again.
    ///
    /// # Errors
    /// If a node does not end, start or serve.
    ///
    /// # Cancel safety
    /// A node may be down.
    pub async fn rolling_restart(&mut self) -> Result<()> {
        let active = self.wait_active().await?;
        for offset in 1..=Self::NODES {
            let node = (active + offset) % Self::NODES;
            self.stop(node).await?;
            self.start_node(node)?;
            if self.seal == ClusterSeal::Shamir {
                self.wait_listening(node).await?;
                self.unseal(node).await?;
            }
            self.wait_serving(node).await?;
            self.wait_active().await?;
        }
        Ok(())
    }

    /// Seals a node. With a static seal it stays sealed until it is started again.
    ///
    /// # Errors
    /// If it refuses.
    ///
    /// # Cancel safety
    /// It may or may not be sealed.
    pub async fn seal(&self, node: usize) -> Result<()> {
        let answer = self.api(node)?.send(Method::Put, "sys/seal", Some(&json!({}))).await?;
        if answer.is_success() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Other, OPERATION).with_status(answer.status()))
    }

    /// Gives a node its shares.
    ///
    /// # Errors
    /// If it refuses them.
    ///
    /// # Cancel safety
    /// Calling it again goes on where it stopped.
    pub async fn unseal(&self, node: usize) -> Result<()> {
        let api = self.api(node)?;
        for key in self.keys.iter().take(THRESHOLD) {
            // A node that is still joining does not take shares yet.
            poll::until("unseal a node", LIMIT, async || {
                Ok(api.write("sys/unseal", &json!({ "key": key.expose() })).await.ok())
            })
            .await?;
        }
        Ok(())
    }

    /// Cuts a node off from the other nodes; clients still reach it. [`OpenBaoCluster::mend`] undoes it.
    pub fn isolate(&self, node: usize) {
        self.set_links(node, false);
    }

    /// Cuts the clients off from a node; the other nodes still reach it. [`OpenBaoCluster::mend`] undoes it.
    pub fn hide_from_clients(&self, node: usize) {
        self.links.set(End::Client, node, false);
    }

    /// Mends all links of a node.
    pub fn mend(&self, node: usize) {
        self.set_links(node, true);
        self.links.set(End::Client, node, true);
    }

    fn set_links(&self, node: usize, open: bool) {
        for other in (0..Self::NODES).filter(|other| *other != node) {
            self.links.set(End::Node(other), node, open);
            self.links.set(End::Node(node), other, open);
        }
    }

    fn process(&mut self, node: usize) -> Result<&mut Process> {
        let gone = || Error::new(ErrorKind::Closed, OPERATION).with_help("the node was never started");
        self.nodes[node].process.as_mut().ok_or_else(gone)
    }

    fn is_running(&self, node: usize) -> bool {
        self.nodes[node].process.is_some()
    }

    /// The status of its health; none if it does not answer within a second.
    async fn health(&self, node: usize) -> Result<Option<u16>> {
        let api = self.api(node)?;
        let asked = api.send(Method::Get, "sys/health", None);
        let answer = tokio::time::timeout(Duration::from_secs(1), asked).await;
        Ok(answer.ok().and_then(|answer| Some(answer.ok()?.status())))
    }

    async fn wait_listening(&self, node: usize) -> Result<()> {
        poll::until("wait for a node to listen", LIMIT, async || {
            Ok(self.health(node).await?.is_some().then_some(()))
        })
        .await
    }

    async fn initialize(&mut self) -> Result<()> {
        let body = match self.seal {
            ClusterSeal::Static => json!({ "recovery_shares": SHARES, "recovery_threshold": THRESHOLD }),
            ClusterSeal::Shamir => json!({ "secret_shares": SHARES, "secret_threshold": THRESHOLD }),
        };
        let made = self.api(0)?.write("sys/init", &body).await?;
        let list = match self.seal {
            ClusterSeal::Static => "recovery_keys_base64",
            ClusterSeal::Shamir => "keys_base64",
        };
        let text = |value: &Value| value.as_str().map(Secret::new);
        let bad = || Error::new(ErrorKind::Decode, OPERATION).with_help("sys/init gave no keys or no token");
        self.keys = made[list].as_array().ok_or_else(bad)?.iter().filter_map(text).collect();
        self.root_token = text(&made["root_token"]).ok_or_else(bad)?;
        if self.seal == ClusterSeal::Shamir {
            self.unseal(0).await?;
        }
        self.wait_active().await?;
        // A joiner votes only after this time without trouble; the default is 10 s.
        let autopilot = json!({ "server_stabilization_time": "1s" });
        self.api(0)?.write("sys/storage/raft/autopilot/configuration", &autopilot).await.map(drop)
    }
}

fn at(port: u16) -> String {
    format!("https://{}:{port}", Ipv4Addr::LOCALHOST)
}
