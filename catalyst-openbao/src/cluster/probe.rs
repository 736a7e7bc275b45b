//! Asks nodes how they stand.

use std::time::Duration;

use catalyst_core::Result;
use catalyst_core::http::Method;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::nodes::Nodes;
use super::plan::Role;
use super::race::{self, Boxed};
use crate::Health;
use crate::operation::Operation;
use crate::transport::{Call, Routing, Transport};

/// How long a node may take to say how it stands.
const LIMIT: Duration = Duration::from_secs(1);
/// How long the first call waits for all nodes to say of which cluster they are.
const INTRODUCTION: Duration = Duration::from_millis(500);
/// The pause between two questions to one node, while there is no active node.
const PAUSE: Duration = Duration::from_millis(20);
/// The same, once an election takes longer than they do.
const LONG_PAUSE: Duration = Duration::from_millis(250);
const ELECTION: Duration = Duration::from_secs(15);

/// Asks one node, and keeps what it says. None if it says nothing.
pub(super) async fn ask(transport: &Transport, nodes: &Nodes, node: usize) -> Option<Health> {
    let call = Call::new(Operation::Health, Method::Get, &["sys/health"]).timeout(LIMIT);
    let response =
        transport.send_at(transport.wire(), nodes.base(node), &call, None, Routing::default()).await;
    let health = response.ok().and_then(|response| Health::read(&response));
    nodes.saw(node, health.clone());
    health
}

/// Asks all nodes at once, for at most `limit`.
pub(super) async fn ask_all(transport: &Transport, nodes: &Nodes, limit: Duration) {
    let ask = |node| -> Boxed<'_, ()> { Box::pin(async move { drop(ask(transport, nodes, node).await) }) };
    // Those that are silent are known to be silent.
    let _elapsed = timeout(limit, race::all((0..nodes.count()).map(ask).collect())).await;
}

/// The active node; waits for one until `deadline`. One call looks for it, and all others wait for that one.
pub(crate) async fn find_active(
    transport: &Transport,
    nodes: &Nodes,
    operation: Operation,
    deadline: Instant,
) -> Result<usize> {
    if let Some(node) = nodes.plan().active(Instant::now()) {
        return Ok(node);
    }
    let late = || nodes.none_active(operation);
    let _one_at_a_time = timeout_at(deadline, nodes.search.lock()).await.map_err(|_elapsed| late())?;
    if nodes.cluster_id().is_none() {
        ask_all(transport, nodes, INTRODUCTION).await;
        nodes.identify()?;
    }
    if let Some(node) = nodes.plan().active(Instant::now()) {
        return Ok(node);
    }
    let watch = |node| -> Boxed<'_, usize> { Box::pin(becomes_active(transport, nodes, node, PAUSE)) };
    let all = race::first((0..nodes.count()).map(watch).collect());
    let found = timeout_at(deadline, all).await.map_err(|_elapsed| late())?;
    nodes.identify()?;
    Ok(found)
}

/// Waits until another node than `node` is active, once `patience` is over.
pub(super) async fn another_is_active(transport: &Transport, nodes: &Nodes, node: usize, patience: Duration) {
    sleep(patience).await;
    nodes.plan().doubt(node);
    let pause = PAUSE.max(patience / 5);
    let others = (0..nodes.count()).filter(|other| *other != node);
    let watch = |other| -> Boxed<'_, usize> { Box::pin(becomes_active(transport, nodes, other, pause)) };
    let mut watched: Vec<Boxed<'_, usize>> = others.map(watch).collect();
    if !patience.is_zero() {
        // One that is slow, and leads all the same, says so before others are believed.
        drop(timeout(pause, ask(transport, nodes, node)).await);
        watched.push(Box::pin(goes_on(transport, nodes, node, pause)));
    }
    let active = race::first(watched).await;
    tracing::warn!(silent = %nodes.name(node), active = %nodes.name(active), "the lead changed under a call");
}

/// Lets a node that is slow say that it still leads, again and again.
async fn goes_on(transport: &Transport, nodes: &Nodes, node: usize, pause: Duration) -> usize {
    loop {
        drop(ask(transport, nodes, node).await);
        sleep(pause).await;
    }
}

/// Asks one node again and again until it is active.
async fn becomes_active(transport: &Transport, nodes: &Nodes, node: usize, pause: Duration) -> usize {
    let start = Instant::now();
    loop {
        drop(ask(transport, nodes, node).await);
        if nodes.plan().role(node) == Role::Active {
            return node;
        }
        sleep(if start.elapsed() < ELECTION { pause } else { LONG_PAUSE }).await;
    }
}
