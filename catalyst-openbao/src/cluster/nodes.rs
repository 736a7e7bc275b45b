//! What the clones of a client know of their nodes.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalyst_core::http::Response;
use catalyst_core::{Error, ErrorKind, Result, RetryAdvice};
use tokio::time::Instant;
use url::Url;

use super::ReadFrom;
use super::index::Index;
use super::plan::{Plan, Role};
use crate::operation::Operation;
use crate::refusal::SERVICE;
use crate::{Health, HealthStatus};

/// How long reads go to the active node after a write whose answer holds no index.
const PIN: Duration = Duration::from_secs(10);

/// A node that said that it is active is believed for so long, against others that say the same.
const FRESH: Duration = Duration::from_secs(1);

/// The nodes of one cluster.
#[derive(Debug)]
pub(crate) struct Nodes {
    /// The addresses up to and with `/v1/`.
    bases: Vec<Url>,
    pub(super) read_from: ReadFrom,
    timeout: Duration,
    plan: Mutex<Plan>,
    known: Mutex<Known>,
    /// Held by the one call that looks for the active node, for all that wait for it.
    pub(super) search: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    /// The identifier of the cluster, once all nodes that answered agreed on it.
    cluster: Option<String>,
    index: Option<Index>,
    seen: Vec<Option<Seen>>,
}

/// What a node said of itself.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) health: Option<Health>,
    pub(super) at: Instant,
}

impl Nodes {
    pub(crate) fn new(bases: Vec<Url>, read_from: ReadFrom, timeout: Duration) -> Self {
        let (plan, seen) = (Plan::new(bases.len()), vec![None; bases.len()]);
        let known = Mutex::new(Known { seen, ..Known::default() });
        Self {
            bases,
            read_from,
            timeout,
            plan: Mutex::new(plan),
            known,
            search: tokio::sync::Mutex::default(),
        }
    }

    /// How long a try may take at most.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) fn count(&self) -> usize {
        self.bases.len()
    }

    pub(crate) fn base(&self, node: usize) -> &Url {
        &self.bases[node]
    }

    /// As logs and errors name it.
    pub(super) fn name(&self, node: usize) -> String {
        self.bases[node].origin().ascii_serialization()
    }

    /// The node at this address, if it is one of them.
    pub(super) fn at(&self, goal: &Url) -> Option<usize> {
        self.bases.iter().position(|base| base.origin() == goal.origin())
    }

    pub(super) fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn cluster_id(&self) -> Option<String> {
        self.known().cluster.clone()
    }

    /// What a node said of itself last.
    pub(super) fn seen(&self, node: usize) -> Option<Seen> {
        self.known().seen[node].clone()
    }

    /// Takes in what a node said of itself, or that it said nothing.
    pub(super) fn saw(&self, node: usize, health: Option<Health>) {
        let now = Instant::now();
        let role = health.as_ref().map(|health| self.role_of(node, health)).map(|role| {
            let doubtful = role == Role::Active && self.plan().another_leads(node, FRESH, now);
            if doubtful { Role::Unknown } else { role }
        });
        let became_active = role == Some(Role::Active) && self.plan().role(node) != Role::Active;
        match role {
            Some(role) => {
                let mut plan = self.plan();
                plan.found(node, role);
                plan.heard(node, now);
            }
            None => self.plan().failed(node, now),
        }
        if became_active {
            tracing::info!(node = %self.name(node), "this node is active");
        }
        self.known().seen[node] = Some(Seen { health, at: now });
    }

    fn role_of(&self, node: usize, health: &Health) -> Role {
        let ours = self.cluster_id();
        if let (Some(ours), Some(theirs)) = (&ours, &health.cluster_id)
            && ours != theirs
        {
            if self.plan().role(node) != Role::Foreign {
                let node = self.name(node);
                tracing::error!(%node, ours, theirs, "this node belongs to another cluster and is not asked any more");
            }
            return Role::Foreign;
        }
        match health.status {
            HealthStatus::Active => Role::Active,
            HealthStatus::Standby | HealthStatus::PerformanceStandby => Role::Standby,
            HealthStatus::DrSecondary | HealthStatus::NotInitialized | HealthStatus::Sealed => Role::Idle,
        }
    }

    /// Settles which cluster this is, by what the nodes said.
    pub(super) fn identify(&self) -> Result<()> {
        let mut known = self.known();
        if known.cluster.is_some() {
            return Ok(());
        }
        let id = |seen: &Option<Seen>| seen.as_ref()?.health.as_ref()?.cluster_id.clone();
        let ids: Vec<Option<String>> = known.seen.iter().map(id).collect();
        let Some(first) = ids.iter().flatten().next() else { return Ok(()) };
        if ids.iter().flatten().all(|id| id == first) {
            known.cluster = Some(first.clone());
            return Ok(());
        }
        let shown = |(node, id): (usize, &Option<String>)| {
            Some(format!("{} is of {}", self.name(node), id.as_deref()?))
        };
        let shown: Vec<String> = ids.iter().enumerate().filter_map(shown).collect();
        let help =
            format!("the addresses lead to different clusters: {}; list nodes of one", shown.join(", "));
        Err(Error::new(ErrorKind::Config, Operation::Health.name())
            .with_service(SERVICE)
            .with_code("cluster_mismatch")
            .with_retry(RetryAdvice::Never)
            .with_help(help))
    }

    /// What is sent along with a call, so that no node answers from an older state than we know.
    pub(super) fn index(&self) -> Option<String> {
        self.known().index.as_ref().map(|index| index.header().to_owned())
    }

    /// Takes in how far the storage of the node that answered had got. False if it is of another cluster.
    pub(super) fn took(&self, response: &Response, wrote: bool) -> bool {
        let index = response.header("x-vault-index");
        let mut known = self.known();
        if index.is_some() && index == known.index.as_ref().map(Index::header) {
            return true;
        }
        let Some(index) = index.and_then(Index::read) else {
            drop(known);
            if wrote {
                self.plan().pin(Instant::now() + PIN);
            }
            return true;
        };
        if known.cluster.as_deref().is_some_and(|ours| ours != index.cluster()) {
            return false;
        }
        if known.index.as_ref().is_none_or(|old| index.is_later_than(old)) {
            known.index = Some(index);
        }
        true
    }

    /// There is no active node, and the deadline is over.
    pub(super) fn none_active(&self, operation: Operation) -> Error {
        let state = |node: usize| {
            let said = match self.seen(node).map(|seen| seen.health.map(|health| health.status)) {
                Some(Some(HealthStatus::Sealed)) => "sealed",
                Some(Some(HealthStatus::NotInitialized)) => "not initialised",
                Some(Some(status)) if status.serves() => "no leader known to it",
                Some(Some(_)) => "not serving",
                Some(None) => "no answer",
                None => "not asked",
            };
            format!("{}: {said}", self.name(node))
        };
        let states: Vec<String> = (0..self.count()).map(state).collect();
        Error::new(ErrorKind::Unavailable, operation.name())
            .with_service(SERVICE)
            .with_code("no_active_node")
            .with_help(format!(
                "no node of the cluster was active within the deadline ({})",
                states.join("; ")
            ))
    }
}
