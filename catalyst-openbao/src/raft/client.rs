//! The client.

use std::sync::Arc;

use catalyst_core::Result;
use catalyst_core::http::{Method, Request};
use serde::Deserialize;

use super::autopilot::{self, StateWire};
use super::join::JoinedWire;
use super::peer::{self, ServerBody};
use super::status::{HaWire, LeaderWire};
use super::{
    AutopilotConfiguration, AutopilotState, AutopilotUpdate, HaNode, LeaderStatus, RaftJoin, RaftNodeId,
    RaftPeer,
};
use crate::api::Api;
use crate::operation::{Operation, Subject};
use crate::transport::Call;
use crate::wire::Ignored;

/// The Raft storage of a cluster; made by [`OpenBao::raft`](crate::OpenBao::raft). Cheap to clone.
///
/// ```no_run
/// # async fn example(bao: catalyst_openbao::OpenBao) -> catalyst_openbao::Result<()> {
/// let raft = bao.raft();
/// for peer in raft.peers().await? {
///     println!("{} votes: {}", peer.id, peer.voter);
/// }
/// let mut file = tokio::fs::File::create("bao.snapshot").await.unwrap();
/// let bytes = raft.save_snapshot(&mut file).await?;
/// println!("{bytes} bytes");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Raft {
    pub(super) api: Arc<Api>,
}

impl Raft {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }

    /// The members (`sys/storage/raft/configuration`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `raft_not_in_use` if the storage is another one.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn peers(&self) -> Result<Vec<RaftPeer>> {
        let path = ["sys/storage/raft/configuration"];
        let wire: peer::ConfigurationWire =
            self.api.at(Subject::Raft, "read Raft configuration", &path).read().await?;
        Ok(wire.config.servers)
    }

    /// Takes a member out of the cluster. Its node must be wiped before it may join again. One that is no member is a
    /// success, so that it is repeated after passing faults.
    ///
    /// # Errors
    /// Code `last_voter` if no other member votes.
    ///
    /// # Cancel safety
    /// It may or may not be out.
    pub async fn remove_peer(&self, node: &RaftNodeId) -> Result<()> {
        let path = ["sys/storage/raft/remove-peer"];
        self.api.at(Subject::Raft, "remove Raft peer", &path).write(&ServerBody { server_id: node }).await
    }

    /// Gives a member a vote. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_peer` if it is no member.
    ///
    /// # Cancel safety
    /// It may or may not have one.
    pub async fn promote(&self, node: &RaftNodeId) -> Result<()> {
        let path = ["sys/storage/raft/promote"];
        self.api.at(Subject::Raft, "promote Raft peer", &path).write(&ServerBody { server_id: node }).await
    }

    /// Takes the vote of a member. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_peer` if it is no member.
    ///
    /// # Cancel safety
    /// It may or may not have one.
    pub async fn demote(&self, node: &RaftNodeId) -> Result<()> {
        let path = ["sys/storage/raft/demote"];
        self.api.at(Subject::Raft, "demote Raft peer", &path).write(&ServerBody { server_id: node }).await
    }

    /// Has the node that this client speaks to join a cluster; needs no session. It is for a client of one address,
    /// that of the new node. Returns whether it joined; with [`RaftJoin::retry`] the answer comes before that. A node
    /// with a Shamir seal joins when it is unsealed. Repeated after passing faults: a member that joins again has
    /// joined.
    ///
    /// # Errors
    /// The codes of the crate; `join_refused` if the leader was not reached or did not take it in.
    ///
    /// # Cancel safety
    /// It may or may not join.
    pub async fn join(&self, join: &RaftJoin) -> Result<bool> {
        let wire: JoinedWire = self
            .bare("join Raft cluster", "sys/storage/raft/join", Some(&|request| request.json(&join.body())))
            .await?;
        Ok(wire.joined)
    }

    /// Makes the node that this client speaks to a cluster of its own, where Raft is used for high availability only
    /// and the storage is another one; needs no session. Not repeated once its outcome is unknown.
    ///
    /// # Errors
    /// Code `already_bootstrapped` if it is one already.
    ///
    /// # Cancel safety
    /// It may or may not be one.
    pub async fn bootstrap(&self) -> Result<()> {
        let path = ["sys/storage/raft/bootstrap"];
        let body = |request: Request| request.json(&serde_json::Map::new());
        let operation = Operation::Of(Subject::Raft, "bootstrap Raft cluster");
        let call = Call::new(operation, Method::Post, &path).body(&body).once();
        self.api.send_as(&call, None).await?.read::<Ignored>(&self.api.transport).map(drop)
    }

    /// How the leader sees the members. None if it does not know yet. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `raft_not_in_use` if the storage is another one.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn autopilot_state(&self) -> Result<Option<AutopilotState>> {
        let call = Call::new(
            Operation::Of(Subject::Raft, "read autopilot state"),
            Method::Get,
            &["sys/storage/raft/autopilot/state"],
        );
        let answer = self.api.send(&call).await?;
        Ok(answer.read::<StateWire>(&self.api.transport)?.data.map(Into::into))
    }

    /// What autopilot does. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `raft_not_in_use` if the storage is another one.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn autopilot_configuration(&self) -> Result<AutopilotConfiguration> {
        let path = ["sys/storage/raft/autopilot/configuration"];
        let wire: autopilot::ConfigurationWire =
            self.api.at(Subject::Raft, "read autopilot configuration", &path).read().await?;
        Ok(wire.into())
    }

    /// Changes what autopilot does. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` if the server refuses the values.
    ///
    /// # Cancel safety
    /// It may or may not be changed.
    pub async fn configure_autopilot(&self, update: &AutopilotUpdate) -> Result<()> {
        let path = ["sys/storage/raft/autopilot/configuration"];
        self.api.at(Subject::Raft, "configure autopilot", &path).write(update).await
    }

    /// Who leads (`sys/leader`), as the node that answers sees it; needs no session. Of a cluster the active node
    /// answers. Repeated after passing faults.
    ///
    /// # Errors
    /// The codes of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn leader(&self) -> Result<LeaderStatus> {
        let wire: LeaderWire = self.bare("read leader", "sys/leader", None).await?;
        Ok(wire.into())
    }

    /// The nodes that the active node has heard of (`sys/ha-status`). Repeated after passing faults.
    ///
    /// # Errors
    /// The codes of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn ha_status(&self) -> Result<Vec<HaNode>> {
        let path = ["sys/ha-status"];
        let wire: HaWire = self.api.at(Subject::Raft, "read HA status", &path).read().await?;
        Ok(wire.nodes.into_iter().map(Into::into).collect())
    }

    /// Has the active node give up the lead (`sys/step-down`), for an election. It may be elected again. Not
    /// repeated once its outcome is unknown: each one costs an election.
    ///
    /// # Errors
    /// The codes of the crate.
    ///
    /// # Cancel safety
    /// It may or may not step down.
    pub async fn step_down(&self) -> Result<()> {
        let path = ["sys/step-down"];
        self.api.at(Subject::Raft, "step down", &path).once().write(&serde_json::Map::new()).await
    }

    /// A call without a session whose answer comes without an envelope.
    async fn bare<T: for<'de> Deserialize<'de>>(
        &self,
        name: &'static str,
        path: &str,
        body: Option<crate::transport::Body<'_>>,
    ) -> Result<T> {
        let path = [path];
        let method = if body.is_some() { Method::Post } else { Method::Get };
        let call = Call::new(Operation::Of(Subject::Raft, name), method, &path);
        let call = match body {
            Some(body) => call.body(body),
            None => call,
        };
        self.api.send_as(&call, None).await?.bare(&self.api.transport)
    }
}
