//! One read over several regions: in their order, with a second one when the first is slow, and the others when it fails.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use catalyst_core::{Error, ErrorKind, Result};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, sleep_until, timeout};

use super::errors;
use super::shared::Shared;
use super::view::{Candidate, order};
use crate::Kv2;

/// An answer on its way.
pub(super) type Answer<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// What is read, in one region.
type Read<'a, T> = &'a (dyn Fn(Kv2) -> Answer<T> + Send + Sync);

impl Shared {
    /// The regions to ask, in their order. Secondaries that lack what was written at `own` are left out.
    pub(super) fn readers(&self, own: Option<Instant>) -> Vec<usize> {
        let now = Instant::now();
        let primary = self.primary();
        let views: Vec<_> = (0..self.regions.len()).map(|index| self.view(index).clone()).collect();
        let candidates: Vec<_> = views
            .iter()
            .enumerate()
            .map(|(index, view)| Candidate {
                index,
                view,
                is_primary: index == primary,
                is_local: self.settings.local == Some(index),
                lacks_own_write: index != primary && own.is_some_and(|own| !view.has(own)),
            })
            .collect();
        order(&candidates, self.settings.staleness, now)
    }

    /// Asks `readers` until one answers.
    pub(super) async fn read_from<T: Send + 'static>(
        self: &Arc<Self>,
        operation: &'static str,
        readers: &[usize],
        read: Read<'_, T>,
    ) -> Result<T> {
        self.hedges.read();
        let mut waiting = readers.iter().copied();
        let Some(first) = waiting.next() else { return Err(errors::stale(operation)) };
        let hedge_at = Instant::now() + self.view(first).hedge_after();
        let mut running = FuturesUnordered::new();
        running.push(self.ask(first, read));
        let mut may_hedge = true;
        loop {
            tokio::select! {
                biased;
                Some(answer) = running.next() => match answer {
                    Err(error) if elsewhere(&error) => match waiting.next() {
                        Some(next) => running.push(self.ask(next, read)),
                        None if running.is_empty() => return Err(error),
                        None => {}
                    },
                    settled => return settled,
                },
                () = sleep_until(hedge_at), if may_hedge => {
                    may_hedge = false;
                    if waiting.len() > 0
                        && self.hedges.spend()
                        && let Some(next) = waiting.next()
                    {
                        running.push(self.ask(next, read));
                    }
                }
            }
        }
    }

    fn ask<T: Send + 'static>(self: &Arc<Self>, index: usize, read: Read<'_, T>) -> Answer<T> {
        let kv = self.regions[index].bao.kv(self.settings.mount.clone());
        let answer = read(kv);
        let shared = Arc::clone(self);
        Box::pin(async move {
            let begun = Instant::now();
            let limit = shared.settings.read_limit;
            let answer = timeout(limit, answer).await.unwrap_or_else(|_elapsed| {
                Err(Error::new(ErrorKind::Timeout, "read in region")
                    .with_service(crate::refusal::SERVICE)
                    .with_help("the region did not answer in time"))
            });
            let mut view = shared.view(index);
            match &answer {
                Err(error) if elsewhere(error) => view.failed(Instant::now()),
                _ => view.answered(begun.elapsed()),
            }
            drop(view);
            answer
        })
    }
}

/// Whether another region may do better: what the region answered is no answer about the secret.
pub(super) fn elsewhere(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::NotFound => error.code() == Some("unknown_mount"),
        ErrorKind::PermissionDenied
        | ErrorKind::Conflict
        | ErrorKind::InvalidRequest
        | ErrorKind::Config
        | ErrorKind::Expired => false,
        _ => true,
    }
}
