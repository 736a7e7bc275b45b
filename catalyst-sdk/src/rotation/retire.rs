//! The old generations: each drains in a task of its own, so that a slow one never holds up a rotation.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Policy;
use super::attempt::Live;
use super::drain::Old;
use super::event::{Generation, Outlet};
use super::rotating::End;
use super::source::Source;

pub(super) struct Retiring<S: Source> {
    source: Arc<S>,
    policy: Arc<Policy>,
    outlet: Arc<Outlet>,
    tasks: JoinSet<(Generation, bool)>,
    /// Oldest first; cancelling the token ends it at once.
    crowd: VecDeque<(Generation, CancellationToken)>,
    hurry: watch::Sender<Option<Instant>>,
    /// How many could not be given back.
    left_behind: usize,
}

impl<S: Source> Retiring<S> {
    pub(super) fn new(source: Arc<S>, policy: Arc<Policy>, outlet: Arc<Outlet>) -> Self {
        let hurry = watch::Sender::new(None);
        Self { source, policy, outlet, tasks: JoinSet::new(), crowd: VecDeque::new(), hurry, left_behind: 0 }
    }

    /// Starts the draining of a generation that is no longer handed out. If that makes too many, the oldest ends.
    pub(super) fn add(&mut self, old: Live<S>, drained: CancellationToken, end: Arc<End>) {
        let force = CancellationToken::new();
        self.crowd.push_back((old.generation, force.clone()));
        let excess = self.crowd.len().saturating_sub(self.policy.max_draining);
        for (_, oldest) in self.crowd.iter().take(excess) {
            oldest.cancel();
        }
        let generation = old.generation;
        let old = Old {
            source: Arc::clone(&self.source),
            policy: Arc::clone(&self.policy),
            outlet: Arc::clone(&self.outlet),
            generation,
            label: old.label,
            grant: old.grant,
            value: old.value,
            life: old.life,
            drained,
            end,
            force,
            hurry: self.hurry.subscribe(),
        };
        self.tasks.spawn(async move { (generation, old.drain().await) });
    }

    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Everything must be over by then; what is not given back from here on is counted.
    pub(super) fn hurry(&mut self, end: Instant) {
        self.left_behind = 0;
        self.hurry.send_replace(Some(end));
    }

    /// Waits for one to be over; for ever if there is none. May be cancelled.
    pub(super) async fn one_over(&mut self) {
        match self.tasks.join_next().await {
            Some(over) => self.count(over.ok()),
            None => std::future::pending().await,
        }
    }

    /// Waits for all to be over and returns how many were left to their TTL.
    pub(super) async fn all_over(&mut self) -> usize {
        while let Some(over) = self.tasks.join_next().await {
            self.count(over.ok());
        }
        self.left_behind
    }

    fn count(&mut self, over: Option<(Generation, bool)>) {
        if let Some((generation, _)) = over {
            self.crowd.retain(|(other, _)| *other != generation);
        }
        let given_back = over.is_some_and(|(_, given_back)| given_back);
        self.left_behind += usize::from(!given_back);
    }
}
