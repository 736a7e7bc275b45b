//! Several nodes of one cluster: they share all that is stored, and each stands as it stands.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{Faults, Model, Operation, Refusal, ServerState};

/// What is a node's own.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) server: Mutex<ServerState>,
    pub(super) faults: Faults,
    pub(super) calls: Mutex<BTreeMap<Operation, u64>>,
    reachable: AtomicBool,
    /// By how many writes it is behind.
    lag: AtomicU64,
    forwarded: AtomicU64,
}

/// What a node does with a request, before it is looked at.
pub(crate) enum Admission {
    /// It answers.
    Here,
    /// It refuses, or redirects.
    Refused(Refusal),
}

impl Model {
    /// Another node of the cluster that this server is: it shares all that is stored, and has faults, calls and a
    /// [state](Model::set_server_state) of its own.
    ///
    /// ```
    /// use catalyst_openbao::mock::{Model, ServerState};
    ///
    /// let cluster = Model::new();
    /// let leader = cluster.node(ServerState::Active);
    /// let standby = cluster.node(ServerState::Standby { active_address: Some("http://leader.test".into()) });
    /// leader.put_secret("secret", "a", [("k", "v")]);
    /// standby.seal();
    /// assert_eq!(leader.server_state(), ServerState::Active);
    /// ```
    #[must_use]
    pub fn node(&self, state: ServerState) -> Self {
        let node = Node {
            server: Mutex::new(state),
            faults: Faults::default(),
            calls: Mutex::default(),
            reachable: AtomicBool::new(true),
            lag: AtomicU64::new(0),
            forwarded: AtomicU64::new(0),
        };
        let mut of_cluster = self.clone();
        of_cluster.node = Some(Arc::new(node));
        of_cluster
    }

    /// Whether connections to this node are accepted; only a server in memory can refuse them.
    pub fn set_reachable(&self, reachable: bool) {
        if let Some(node) = &self.node {
            node.reachable.store(reachable, Ordering::SeqCst);
        }
    }

    /// By how many writes the storage of this standby is behind. What it answers is up to date all the same; but it
    /// lets the active node answer, or refuses, when it is asked for a state that it has not got.
    pub fn set_lag(&self, writes: u64) {
        if let Some(node) = &self.node {
            node.lag.store(writes, Ordering::SeqCst);
        }
    }

    /// How many requests this standby had the active node answer.
    pub fn forwarded(&self) -> u64 {
        self.node.as_ref().map_or(0, |node| node.forwarded.load(Ordering::SeqCst))
    }

    /// Makes it a cluster of another name.
    pub fn set_cluster_id(&self, id: &str) {
        self.with(|state| id.clone_into(&mut state.cluster_id));
    }

    pub(crate) fn is_reachable(&self) -> bool {
        self.node.as_ref().is_none_or(|node| node.reachable.load(Ordering::SeqCst))
    }

    /// What a standby that serves reads does with a request.
    pub(crate) fn admit_at_node(
        &self,
        path: &str,
        writes: bool,
        header: &dyn Fn(&str) -> Option<String>,
    ) -> Admission {
        let Some(node) = &self.node else { return Admission::Here };
        let ServerState::ReadStandby { active_address } = self.server_state() else {
            return Admission::Here;
        };
        let wanted = header("x-vault-index").and_then(|index| number(&index));
        let behind = wanted.is_some_and(|wanted| wanted > self.applied(node));
        if writes && header("x-vault-no-request-forwarding").is_some() {
            return Admission::Refused(match active_address {
                Some(address) => Refusal::redirect(format!("{address}/v1/{path}")),
                None => Refusal::no_active_node(),
            });
        }
        if !writes && behind && header("x-vault-inconsistent").as_deref() != Some("forward-active-node") {
            return Admission::Refused(Refusal::new(429, &[]));
        }
        if writes || behind {
            node.forwarded.fetch_add(1, Ordering::SeqCst);
        }
        Admission::Here
    }

    /// The value of `X-Vault-Index`, after a request that `wrote` or did not. None where there are no nodes.
    pub(crate) fn index_header(&self, wrote: bool) -> Option<String> {
        let node = self.node.as_ref()?;
        let cluster = self.with(|state| {
            state.index += u64::from(wrote);
            state.cluster_id.clone()
        });
        let value = if wrote { self.with(|state| state.index) } else { self.applied(node) };
        Some(STANDARD.encode(json!({ "cluster": cluster, "value": value.to_string() }).to_string()))
    }

    fn applied(&self, node: &Node) -> u64 {
        let index = self.with(|state| state.index);
        match *node.server.lock().unwrap_or_else(PoisonError::into_inner) {
            ServerState::ReadStandby { .. } => index.saturating_sub(node.lag.load(Ordering::SeqCst)),
            _ => index,
        }
    }
}

fn number(index: &str) -> Option<u64> {
    let json: serde_json::Value = serde_json::from_slice(&STANDARD.decode(index).ok()?).ok()?;
    json["value"].as_str()?.parse().ok()
}
