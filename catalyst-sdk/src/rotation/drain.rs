//! The end of a generation: wait for its users, keep its lease for them, take it away at the deadline, give it back.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, RetryAdvice};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::event::{EventKind, Generation, Outlet};
use super::life::{Life, Stamp};
use super::plan::{self, DrainStep};
use super::rotating::End;
use super::source::Source;
use super::{Policy, TICK};

/// How long those whose credential was taken away have to notice it before the server ends it too.
const NOTICE: Duration = Duration::from_millis(500);

/// A generation that is no longer handed out.
pub(super) struct Old<S: Source> {
    pub(super) source: Arc<S>,
    pub(super) policy: Arc<Policy>,
    pub(super) outlet: Arc<Outlet>,
    pub(super) generation: Generation,
    pub(super) label: String,
    pub(super) grant: S::Grant,
    pub(super) value: Arc<S::Value>,
    pub(super) life: Life,
    /// Cancelled when the last reader let go.
    pub(super) drained: CancellationToken,
    pub(super) end: Arc<End>,
    /// Cancelled when too many generations drain at once.
    pub(super) force: CancellationToken,
    /// Set at shutdown: everything must be over by then.
    pub(super) hurry: watch::Receiver<Option<Instant>>,
}

/// Why the waiting was over.
enum Over {
    Idle,
    Deadline,
    Crowded,
    Shutdown,
}

impl<S: Source> Old<S> {
    /// Runs the generation to its end; true if its grant was given back.
    pub(super) async fn drain(mut self) -> bool {
        let (source, value) = (Arc::clone(&self.source), Arc::clone(&self.value));
        let drained = self.drained.clone();
        let mut idle = pin!(async move {
            drained.cancelled().await;
            source.idle(&value).await;
        });
        let over = self.wait(idle.as_mut()).await;
        match self.reason(&over) {
            None => self.emit(EventKind::Drained),
            Some(why) => {
                self.end.reach(why.clone());
                self.source.end(&self.value, &why);
                self.emit(EventKind::Ended { error: why });
                // Those who heed the end let go at once; the others meet the server's.
                let notice = NOTICE.min(self.time_left());
                timeout(notice, idle).await.ok();
            }
        }
        self.give_back().await
    }

    async fn wait(&mut self, mut idle: std::pin::Pin<&mut (impl Future<Output = ()> + Send)>) -> Over {
        let started = Stamp::now(&self.policy.clock);
        loop {
            let schedule = self.life.schedule(&self.policy, self.source.backing(&self.grant));
            let (age, waited) = (self.life.age(&self.policy), started.elapsed(&self.policy.clock));
            let hurry = *self.hurry.borrow_and_update();
            if hurry.is_some_and(|end| end <= Instant::now()) {
                return Over::Shutdown;
            }
            let step = match plan::drain(&self.policy, &schedule, age, waited, self.life.renewable) {
                // At shutdown nothing is extended any more.
                DrainStep::Renew if hurry.is_some() => DrainStep::Wait(TICK),
                step => step,
            };
            match step {
                DrainStep::End => return Over::Deadline,
                DrainStep::Renew => self.renew().await,
                DrainStep::Wait(pause) => {
                    let left = hurry.map_or(TICK, |end| end.saturating_duration_since(Instant::now()));
                    tokio::select! {
                        biased;
                        () = idle.as_mut() => return Over::Idle,
                        () = self.force.cancelled() => return Over::Crowded,
                        () = changed(&mut self.hurry) => {}
                        () = sleep(pause.min(left).min(TICK)) => {}
                    }
                }
            }
        }
    }

    async fn renew(&mut self) {
        match self.source.renew(&self.grant).await {
            Ok(term) => {
                let ttl = term.ttl;
                let clipped = self.life.extend(term, &self.policy);
                self.emit(EventKind::Renewed { ttl, clipped });
            }
            Err(error) => {
                // Gone, or refused for good: then it ends when its term says. Otherwise the next turn tries again.
                let lasting = error.retry() == RetryAdvice::Never;
                self.emit(EventKind::Failed { error });
                self.life.renewable &= !lasting;
                sleep((self.time_left() / 8).clamp(Duration::from_millis(50), Duration::from_millis(500)))
                    .await;
            }
        }
    }

    fn reason(&self, over: &Over) -> Option<Error> {
        let help = match over {
            Over::Idle => return None,
            Over::Deadline => {
                "the credential of this connection has reached the end of its lease, which cannot be extended \
                 further; keep transactions shorter than the lease's maximum TTL"
            }
            Over::Crowded => {
                "too many old generations were still in use; keep transactions shorter than a rotation"
            }
            Over::Shutdown => "the rotation was shut down while this was in use",
        };
        let kind = if matches!(over, Over::Shutdown) { ErrorKind::Closed } else { ErrorKind::Expired };
        Some(Error::new(kind, "use credential").with_target(self.label.clone()).with_help(help))
    }

    /// Tries until the grant is back, its term is over, or the shutdown's time is.
    async fn give_back(&self) -> bool {
        for failures in 1.. {
            match self.source.revoke(&self.grant).await {
                Ok(()) => {
                    self.emit(EventKind::Revoked);
                    return true;
                }
                Err(error) => {
                    let hopeless = error.retry() == RetryAdvice::Never;
                    self.emit(EventKind::Failed { error });
                    let pause = self.policy.retry.delay(failures, self.policy.jitter.draw());
                    if hopeless || pause >= self.time_left() {
                        return false;
                    }
                    sleep(pause).await;
                }
            }
        }
        false
    }

    /// Until the server ends the grant by itself, or the shutdown is over.
    fn time_left(&self) -> Duration {
        let own = self.life.left(&self.policy);
        let hurry = *self.hurry.borrow();
        hurry.map_or(own, |end| own.min(end.saturating_duration_since(Instant::now()).max(NOTICE)))
    }

    fn emit(&self, kind: EventKind) {
        self.outlet.emit(self.generation, &self.label, kind);
    }
}

async fn changed(hurry: &mut watch::Receiver<Option<Instant>>) {
    // The engine holds the sender until every drain is over.
    if hurry.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
