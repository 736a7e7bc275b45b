//! The one loop: ask the planner, wait or rotate, and see every old generation to its end.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result, RetryAdvice};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::attempt::{Attempts, Live};
use super::event::{EventKind, Outlet};
use super::health::{Health, State};
use super::life::Stamp;
use super::plan::{self, Situation, Step};
use super::retire::Retiring;
use super::rotating::{End, Rotating, Shared, Slot};
use super::source::{Backing, Source};
use super::{Policy, TICK};

/// Issues the first credential, prepares it, and keeps the value fresh from then on. Returns when the value can be
/// used.
///
/// # Errors
/// The error of the last attempt, when none succeeded within [`Policy::start_limit`] or trying again cannot help.
///
/// # Cancel safety
/// Safe: whatever had been issued by then is given back.
pub async fn start<S: Source>(source: S, policy: Policy) -> Result<Rotating<S::Value>> {
    let (ready, started) = oneshot::channel();
    let outlet = Arc::new(Outlet::new(source.name()));
    let attempts = Attempts::new(Arc::new(source), Arc::new(policy), outlet);
    // A task of its own, so that nothing is lost when the caller stops waiting.
    tokio::spawn(begin(attempts, ready));
    let stopped =
        |_closed| Error::new(ErrorKind::Closed, "start rotation").with_help("the runtime ended first");
    started.await.map_err(stopped)?
}

async fn begin<S: Source>(mut attempts: Attempts<S>, ready: oneshot::Sender<Result<Rotating<S::Value>>>) {
    let first = attempts.first(|| ready.is_closed()).await;
    match first {
        Ok(live) => Engine::new(attempts, live, ready).run().await,
        Err(error) => {
            attempts.abandon_pending().await;
            ready.send(Err(error)).ok();
        }
    }
}

struct Engine<S: Source> {
    attempts: Attempts<S>,
    source: Arc<S>,
    policy: Arc<Policy>,
    outlet: Arc<Outlet>,
    shared: Arc<Shared<S::Value>>,
    live: Live<S>,
    drained: CancellationToken,
    retiring: Retiring<S>,
    early: bool,
    last_early: Option<Stamp>,
}

impl<S: Source> Engine<S> {
    fn new(attempts: Attempts<S>, live: Live<S>, ready: oneshot::Sender<Result<Rotating<S::Value>>>) -> Self {
        let (source, policy) = (Arc::clone(&attempts.source), Arc::clone(&attempts.policy));
        let outlet = Arc::clone(&attempts.outlet);
        let (slot, drained) = Slot::new(Arc::clone(&live.value), live.generation, false);
        let health = Health {
            state: State::Fresh,
            generation: live.generation,
            expires_at: live.life.expires_at(&policy),
            failures: 0,
            last_error: None,
            draining: 0,
            possibly_orphaned: attempts.possibly_orphaned,
        };
        let shared = Arc::new(Shared::new(slot, health, Arc::clone(&outlet)));
        outlet.emit(live.generation, &live.label, EventKind::Rotated);
        // If the caller is gone the handle comes back and is dropped, which stops the loop at its first turn.
        ready.send(Ok(Rotating::new(Arc::clone(&shared)))).ok();
        let retiring = Retiring::new(Arc::clone(&source), Arc::clone(&policy), Arc::clone(&outlet));
        Self {
            attempts,
            source,
            policy,
            outlet,
            shared,
            live,
            drained,
            retiring,
            early: false,
            last_early: None,
        }
    }

    async fn run(mut self) {
        while !self.shared.stop.is_cancelled() {
            self.early |= self.shared.take_request(self.live.generation);
            let backing = self.source.backing(&self.live.grant);
            self.early |= backing.is_over();
            self.report_health(backing);
            match self.next(backing) {
                Step::Rotate => self.rotate().await,
                Step::Wait(pause) => self.wait(pause.min(TICK), backing).await,
            }
        }
        self.shut_down().await;
    }

    fn next(&self, backing: Backing) -> Step {
        let (policy, clock) = (&*self.policy, &self.policy.clock);
        let failure = self.attempts.last_failure.as_ref();
        let situation = Situation {
            age: self.live.life.age(policy),
            failures: self.attempts.failures,
            since_failure: failure.map_or(Duration::ZERO, |(when, _)| when.elapsed(clock)),
            draw: self.attempts.draw,
            asked_to_wait: failure.and_then(|(_, error)| match error.retry() {
                RetryAdvice::After(pause) => Some(pause),
                _ => None,
            }),
            early: self.early,
            since_early: self.last_early.map(|when| when.elapsed(clock)),
        };
        plan::next(policy, &self.live.life.schedule(policy, backing), &situation)
    }

    async fn wait(&mut self, pause: Duration, backing: Backing) {
        tokio::select! {
            biased;
            () = self.shared.stop.cancelled() => {}
            () = self.shared.requested.notified() => {}
            () = self.source.backing_changed(&self.live.grant, backing) => {}
            () = self.retiring.one_over() => {}
            () = sleep(pause) => {}
        }
    }

    /// Makes the successor and puts it in place, or keeps what there is.
    async fn rotate(&mut self) {
        if self.early {
            self.last_early = Some(Stamp::now(&self.policy.clock));
        }
        // Most of what is left belongs to those who still use the old one.
        let within = self.time_to_drain() / 3;
        let value = Arc::clone(&self.live.value);
        let made = {
            let mut attempt = pin!(self.attempts.make(Some((&*value, within))));
            // Never cancelled; but an attempt that takes long must not let the one in use run out meanwhile.
            loop {
                let pause = self.live.until_extension(&self.source, &self.policy);
                tokio::select! {
                    biased;
                    made = &mut attempt => break made,
                    () = sleep(pause) => self.live.extend(&self.source, &self.policy, &self.outlet).await,
                }
            }
        };
        if let Ok(next) = made {
            self.early = false;
            self.publish(next);
        } else if self.live.until_extension(&self.source, &self.policy).is_zero() {
            self.live.extend(&self.source, &self.policy, &self.outlet).await;
        }
    }

    /// How long the generation in use could drain if it were replaced now.
    fn time_to_drain(&self) -> Duration {
        let (policy, live) = (&*self.policy, &self.live);
        let schedule = live.life.schedule(policy, self.source.backing(&live.grant));
        schedule.hard_stop.saturating_sub(live.life.age(policy))
    }

    fn publish(&mut self, next: Live<S>) {
        let (slot, drained) = Slot::new(Arc::clone(&next.value), next.generation, false);
        let end = self.replace(slot);
        self.shared.generation.send_replace(next.generation);
        self.outlet.emit(next.generation, &next.label, EventKind::Rotated);
        let old = std::mem::replace(&mut self.live, next);
        let old_drained = std::mem::replace(&mut self.drained, drained);
        self.retiring.add(old, old_drained, end);
    }

    /// Puts `slot` in place. From here on no checkout returns the one before.
    fn replace(&self, slot: Slot<S::Value>) -> Arc<End> {
        let before = self.shared.current.swap(Arc::new(slot));
        before.superseded.cancel();
        // Our own reference ends here: the last reader's drop is the signal that the generation is drained.
        Arc::clone(&before.end)
    }

    fn report_health(&self, backing: Backing) {
        let (policy, attempts) = (&*self.policy, &self.attempts);
        // In this order: a lost credential's end is the age at which it is looked at.
        let end = self.live.life.schedule(policy, backing).end;
        let over = self.live.life.age(policy) >= end;
        let now = Health {
            state: match (over, attempts.failures) {
                (true, _) => State::Expired,
                (false, 0) => State::Fresh,
                (false, _) => State::Stale,
            },
            generation: self.live.generation,
            expires_at: self.live.life.expires_at(policy),
            failures: attempts.failures,
            last_error: attempts.last_failure.as_ref().map(|(_, error)| error.clone()),
            draining: self.retiring.len(),
            possibly_orphaned: attempts.possibly_orphaned,
        };
        self.shared.health.send_if_modified(|health| {
            let changed = !health.same_condition(&now);
            *health = now;
            changed
        });
    }

    /// Gives everything back, within the limit.
    async fn shut_down(mut self) {
        let limit = self.shared.stop_within.get().copied().unwrap_or(self.policy.shutdown_limit);
        let deadline = Instant::now() + limit;
        // What is handed out from here on says that it is closed; the real one can then drain.
        let (closed, _) = Slot::new(Arc::clone(&self.live.value), self.live.generation, true);
        let end = self.replace(closed);
        let (generation, label) = (self.live.generation, self.live.label.clone());
        self.retiring.add(self.live, self.drained, end);
        // A quarter is kept for giving back what is still in use then.
        self.retiring.hurry(deadline - limit / 4);
        let finish = async {
            self.attempts.abandon_pending().await;
            self.retiring.all_over().await
        };
        let left = match tokio::time::timeout_at(deadline, finish).await {
            Ok(0) => None,
            Ok(left) => Some(left),
            Err(_elapsed) => Some(self.retiring.len()),
        };
        let result = left.map_or(Ok(()), |left| {
            let help = format!("{left} credentials were not given back and end with their TTL");
            Err(Error::new(ErrorKind::Timeout, "shut down rotation").with_help(help))
        });
        self.shared.health.send_modify(|health| health.state = State::Stopped);
        self.outlet.emit(generation, &label, EventKind::Stopped);
        self.outlet.close();
        self.shared.done.send_replace(Some(result));
    }
}
