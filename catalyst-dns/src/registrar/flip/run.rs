//! One flip under way: calls with their limits, and what was seen.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use catalyst_core::{Backoff, Error, ErrorKind, Jitter, Result, RetryAdvice};
use tokio::time::{Instant, sleep, timeout};

use super::flipper::Parts;
use super::view::{self, ServerView};
use super::{DsState, FlipEvent, FlipPhase, FlipRecord, Standing, Step, StepTime};
use crate::DomainName;
use crate::query::NameServer;
use crate::registrar::cause::Cause;
use crate::registrar::{NameServers, TaskId, TaskState};

pub(crate) struct Run<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) record: FlipRecord,
    pub(crate) parents: Vec<NameServer>,
    /// The parent's servers that were silent before anything was changed; nobody waits for them.
    pub(crate) silent: BTreeSet<DomainName>,
    pub(crate) views: Vec<ServerView>,
    pub(crate) at_registrar: Option<NameServers>,
    pub(crate) ds: DsState,
    pub(crate) steps: Vec<StepTime>,
    /// Why it does not come to the new set: the first reason.
    cause: Option<Error>,
    /// Why the old set could not be written back: the last reason.
    pub(crate) restore_error: Option<Error>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(parts: &'a Parts, record: FlipRecord, parents: Vec<NameServer>) -> Self {
        Self {
            parts,
            record,
            parents,
            silent: BTreeSet::new(),
            views: Vec::new(),
            at_registrar: None,
            ds: DsState::Untouched,
            steps: Vec::new(),
            cause: None,
            restore_error: None,
        }
    }

    pub(crate) fn tell(&self, event: &FlipEvent) {
        tracing::debug!(domain = self.record.domain.as_str(), ?event, "flip");
        (self.parts.hear)(&self.record.domain, event);
    }

    /// Keeps the first reason.
    pub(crate) fn blame(&mut self, why: impl FnOnce() -> Error) {
        if self.cause.is_none() {
            let (registrar, domain) = (self.parts.registrar.name(), self.record.domain.as_str());
            self.cause = Some(why().with_service(registrar).with_target(domain));
        }
    }

    pub(crate) fn cause(&self) -> Error {
        self.cause.clone().unwrap_or_else(|| {
            Error::new(ErrorKind::Other, "flip name servers").with_target(self.record.domain.as_str())
        })
    }

    pub(crate) fn took(&mut self, step: Step, since: Instant) {
        self.steps.push(StepTime { step, elapsed: since.elapsed() });
    }

    /// Saves the phase; a journal that fails stops nothing that is under way, for the phase before it leads back too.
    pub(crate) async fn enter(&mut self, phase: FlipPhase) {
        self.record = self.record.at(phase);
        if let Err(error) = self.parts.journal.save(&self.record).await {
            self.tell(&FlipEvent::JournalFailed(error));
        }
    }

    /// One look at the registrar.
    pub(crate) async fn look_at_registrar(&mut self) -> Standing {
        let registrar = &self.parts.registrar;
        match self.call("read name servers", registrar.nameservers(&self.record.domain)).await {
            Ok(servers) => {
                let standing = Standing::of(&servers, &self.record.before, &self.record.after);
                if self.at_registrar.as_ref() != Some(&servers) {
                    self.tell(&FlipEvent::ReadBack(servers.clone()));
                }
                self.at_registrar = Some(servers);
                standing
            }
            Err(_unread) => {
                self.at_registrar = None;
                Standing::Unknown
            }
        }
    }

    /// One look at the parent's servers, and whether all that can be heard were heard.
    pub(crate) async fn look_at_parent(&mut self) -> (Standing, bool) {
        let known = view::standing(&self.views, &self.record.before, &self.record.after).0;
        self.views = view::parent_views(&*self.parts.dns, &self.parents, self.record.domain.name()).await;
        let (standing, unheard) = view::standing(&self.views, &self.record.before, &self.record.after);
        if standing != known {
            self.tell(&FlipEvent::ParentServes(standing));
        }
        (standing, unheard.is_subset(&self.silent))
    }

    /// Follows a task to its end.
    ///
    /// # Errors
    /// `task_failed`, in the registrar's words; [`ErrorKind::Timeout`] if it does not end in its time.
    pub(crate) async fn follow(&self, task: &TaskId) -> Result<()> {
        let mut pace = self.pace(self.parts.policy.task);
        loop {
            let asked = self.parts.registrar.task(&self.record.domain, task);
            let advice = match self.call("follow a task", asked).await {
                Ok(TaskState::Done) => return Ok(()),
                Ok(TaskState::Failed(said)) => return Err(task_failed(&said)),
                Ok(TaskState::Pending) => RetryAdvice::Backoff,
                Err(error) if error.retry() == RetryAdvice::Never => return Err(lost(error)),
                Err(error) => error.retry(),
            };
            if !pace.pause(advice).await {
                return Err(lost(
                    Error::new(ErrorKind::Timeout, "follow a task")
                        .with_help("the registrar's task has not ended in its time"),
                ));
            }
        }
    }

    /// One call of the registrar, within its limit.
    pub(crate) async fn call<T>(
        &self,
        operation: &'static str,
        answer: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let limit = self.parts.policy.call;
        match timeout(limit, answer).await {
            Ok(result) => result,
            Err(_elapsed) => Err(Error::new(ErrorKind::Timeout, operation)
                .with_code(Cause::Unavailable.code())
                .with_help(format!("no answer of the registrar within {limit:.1?}"))
                .with_outcome_unknown()),
        }
    }

    pub(crate) fn pace(&self, limit: Duration) -> Pace {
        Pace {
            deadline: Instant::now() + limit,
            looks: 0,
            backoff: self.parts.policy.poll,
            jitter: self.parts.policy.jitter,
        }
    }
}

fn task_failed(said: &str) -> Error {
    Cause::TaskFailed.error("follow a task").with_server_message(said)
}

/// The task may still go on.
fn lost(error: Error) -> Error {
    error.with_outcome_unknown()
}

/// Whether a write that failed had certainly no effect.
pub(crate) fn certain(error: &Error) -> bool {
    let before_any_effect = matches!(
        error.kind(),
        ErrorKind::Config
            | ErrorKind::Unauthenticated
            | ErrorKind::PermissionDenied
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::InvalidRequest
            | ErrorKind::RateLimited
            | ErrorKind::Connect
            | ErrorKind::Tls
    );
    before_any_effect && !error.outcome_unknown()
}

/// Pauses between looks, until a deadline.
pub(crate) struct Pace {
    deadline: Instant,
    looks: u32,
    backoff: Backoff,
    jitter: Jitter,
}

impl Pace {
    /// Pauses before the next look; `false` if there is no time for one. The last look is at the deadline.
    pub(crate) async fn pause(&mut self, advice: RetryAdvice) -> bool {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        self.looks = self.looks.saturating_add(1);
        let pause = self.backoff.delay(self.looks, self.jitter.draw());
        let pause = if let RetryAdvice::After(asked) = advice { pause.max(asked) } else { pause };
        // Even without a pause in the policy, a look follows a look only after some time.
        sleep(pause.max(Duration::from_millis(1)).min(left)).await;
        true
    }
}
