//! Carries the machine's stages out, from the write to the end.

use std::time::Duration;

use catalyst_core::{Error, ErrorKind, RetryAdvice};
use tokio::time::Instant;

use super::machine::{End, Seen, Stage, next};
use super::run::{Run, certain};
use super::view;
use super::{DsState, FlipEvent, FlipOutcome, FlipPhase, FlipReport, Rollback, Standing, Step};
use crate::registrar::{NsWrite, TaskId};

impl Run<'_> {
    /// From `stage` to the end.
    pub(crate) async fn drive(mut self, mut stage: Stage) -> FlipReport {
        // The stages never go back, so that this ends: the machine's test.
        loop {
            if let Stage::End(end) = stage {
                return self.end(end).await;
            }
            let start = Instant::now();
            let seen = Box::pin(self.carry_out(&stage)).await;
            self.took(step(&stage), start);
            stage = next(&stage, &seen);
        }
    }

    async fn carry_out(&mut self, stage: &Stage) -> Seen {
        let policy = &self.parts.policy;
        let (mut read_back, restore) = (policy.read_back, policy.restore);
        if self.parts.registrar.capabilities().nameservers == NsWrite::Task && self.record.task.is_none() {
            // A task that nobody can follow takes its time all the same.
            read_back = read_back.max(policy.task);
        }
        let parent = policy.parent_limit(&self.record.domain);
        match stage {
            Stage::Write => self.write().await,
            Stage::Follow(task) => self.follow_write(task).await,
            Stage::ReadBack => {
                let seen = self.registrar_until(Standing::After, read_back).await;
                self.mismatch(Standing::After, &seen, "read_back_mismatch", "the registrar tells");
                seen
            }
            Stage::Parent => {
                let seen = self.parent_until(Standing::After, parent).await;
                self.mismatch(Standing::After, &seen, "parent_mismatch", "the parent's servers serve");
                seen
            }
            Stage::ConfirmRegistrar => self.registrar_until(Standing::Before, read_back).await,
            Stage::ConfirmParent => self.parent_until(Standing::Before, restore).await,
            Stage::Restore => self.restore().await,
            Stage::RestoreFollow(task) => match self.follow(task).await {
                Ok(()) => Seen::TaskDone,
                Err(error) => {
                    self.restore_error = Some(error);
                    Seen::TaskFailed
                }
            },
            Stage::RestoreReadBack => self.registrar_until(Standing::Before, restore).await,
            Stage::RestoreParent => self.old_set_stays(parent).await,
            Stage::End(_) => Seen::TaskDone,
        }
    }

    async fn write(&mut self) -> Seen {
        self.tell(&FlipEvent::Writing(self.record.after.clone()));
        let written = self.parts.registrar.set_nameservers(&self.record.domain, &self.record.after);
        match self.call("set name servers", written).await {
            Ok(task) => {
                self.tell(&FlipEvent::Accepted(task.clone()));
                if task.is_some() {
                    self.record.task.clone_from(&task);
                    self.enter(FlipPhase::Writing).await;
                }
                Seen::Accepted(task)
            }
            Err(error) => {
                self.tell(&FlipEvent::WriteFailed(error.clone()));
                let seen = if certain(&error) { Seen::Refused } else { Seen::Doubtful };
                self.blame(|| error);
                seen
            }
        }
    }

    async fn follow_write(&mut self, task: &TaskId) -> Seen {
        let ended = self.follow(task).await;
        self.tell(&FlipEvent::TaskEnded(ended.clone()));
        match ended {
            Ok(()) => Seen::TaskDone,
            Err(error) => {
                let seen = if error.outcome_unknown() { Seen::TaskLate } else { Seen::TaskFailed };
                self.blame(|| error);
                seen
            }
        }
    }

    /// Writes the old set until the registrar takes it or tells it, or the time is over.
    async fn restore(&mut self) -> Seen {
        self.tell(&FlipEvent::RollingBack(self.cause()));
        self.enter(FlipPhase::Restoring).await;
        let mut pace = self.pace(self.parts.policy.restore);
        loop {
            let written = self.parts.registrar.set_nameservers(&self.record.domain, &self.record.before);
            let error = match self.call("write the old name servers back", written).await {
                Ok(task) => {
                    self.restore_error = None;
                    return Seen::Accepted(task);
                }
                Err(error) => error,
            };
            self.tell(&FlipEvent::WriteFailed(error.clone()));
            let (hopeless, advice) = (certain(&error) && error.retry() == RetryAdvice::Never, error.retry());
            self.restore_error = Some(error);
            if hopeless {
                return Seen::Refused;
            }
            // A write in doubt may have had its effect.
            if self.look_at_registrar().await == Standing::Before || !pace.pause(advice).await {
                return Seen::Doubtful;
            }
        }
    }

    async fn registrar_until(&mut self, wanted: Standing, limit: Duration) -> Seen {
        let mut pace = self.pace(limit);
        loop {
            let standing = self.look_at_registrar().await;
            if standing == wanted || !pace.pause(RetryAdvice::Backoff).await {
                return Seen::Shows(standing);
            }
        }
    }

    async fn parent_until(&mut self, wanted: Standing, limit: Duration) -> Seen {
        let mut pace = self.pace(limit);
        loop {
            let (standing, heard) = self.look_at_parent().await;
            if (standing == wanted && heard) || !pace.pause(RetryAdvice::Backoff).await {
                return Seen::Shows(standing);
            }
        }
    }

    /// The parent must serve the old set for some time without a break, and the registrar must go on to tell it. One
    /// look proves nothing: the parent may not have moved yet, and what was written first may still come to it.
    async fn old_set_stays(&mut self, limit: Duration) -> Seen {
        let (mut pace, mut since) = (self.pace(limit), None);
        loop {
            let (standing, heard) = self.look_at_parent().await;
            let told = self.look_at_registrar().await;
            let fine = standing == Standing::Before && heard && told == Standing::Before;
            since = if fine { since.or_else(|| Some(Instant::now())) } else { None };
            let stayed = since.is_some_and(|since| since.elapsed() >= self.parts.policy.settle);
            if stayed || !pace.pause(RetryAdvice::Backoff).await {
                // A write that was never taken is no way back, even if the registrar tells the old set at the moment.
                let written = told == Standing::Before && self.restore_error.is_none();
                return Seen::Shows(match (stayed, written) {
                    (true, _) => Standing::Before,
                    (false, true) => Standing::Unknown,
                    (false, false) => Standing::Other,
                });
            }
        }
    }

    fn mismatch(&mut self, wanted: Standing, seen: &Seen, code: &'static str, who: &str) {
        let Seen::Shows(standing) = seen else { return };
        if *standing != wanted {
            let help = format!("{who} {standing} after all the time that it was given, not {wanted}");
            self.blame(|| {
                Error::new(ErrorKind::Conflict, "flip name servers").with_code(code).with_help(help)
            });
        }
    }

    /// Puts the DS back if that is right, looks once more where that is needed, and tells it all.
    pub(crate) async fn end(mut self, end: End) -> FlipReport {
        if end == End::RollbackFailed {
            self.look_at_parent().await;
        }
        // The old DS fits the old servers, and nobody else's.
        let old_is_there = self.at_registrar.as_ref() == Some(&self.record.before);
        if self.record.ds_changed && old_is_there && end != End::Flipped {
            Box::pin(self.put_ds_back()).await;
        }
        let ds_unfinished = match self.ds {
            DsState::RestoreFailed(_) => true,
            DsState::Changed(_) => end != End::Flipped,
            _ => false,
        };
        let unfinished =
            ds_unfinished || matches!(end, End::RollbackFailed | End::RolledBack { verified: false });
        if !unfinished && let Err(error) = self.parts.journal.remove(&self.record.domain).await {
            self.tell(&FlipEvent::JournalFailed(error));
        }
        let (outcome, rollback) = match end {
            End::Flipped => (FlipOutcome::Flipped, Rollback::NotNeeded),
            End::Kept => (FlipOutcome::NotFlipped(self.cause()), Rollback::NotNeeded),
            End::RolledBack { verified } => {
                (FlipOutcome::NotFlipped(self.cause()), Rollback::RolledBack { verified })
            }
            End::RollbackFailed => {
                let error = self.restore_error.clone().unwrap_or_else(|| {
                    Error::new(ErrorKind::Conflict, "write the old name servers back")
                        .with_code("read_back_mismatch")
                        .with_target(self.record.domain.as_str())
                        .with_help("the registrar took the old set and does not tell it")
                });
                (FlipOutcome::NotFlipped(self.cause()), Rollback::RollbackFailed { error })
            }
        };
        self.report(outcome, rollback)
    }

    pub(crate) fn report(self, outcome: FlipOutcome, rollback: Rollback) -> FlipReport {
        let (standing, _unheard) = view::standing(&self.views, &self.record.before, &self.record.after);
        FlipReport {
            domain: self.record.domain,
            registrar: self.parts.registrar.name(),
            before: self.record.before,
            after: self.record.after,
            outcome,
            rollback,
            standing,
            parents: self.views,
            at_registrar: self.at_registrar,
            ds_before: self.record.ds_before,
            ds: self.ds,
            steps: self.steps,
        }
    }
}

fn step(stage: &Stage) -> Step {
    match stage {
        Stage::Write => Step::Write,
        Stage::Follow(_) => Step::FollowTask,
        Stage::ReadBack | Stage::ConfirmRegistrar => Step::ReadBack,
        Stage::Parent | Stage::ConfirmParent => Step::AskParent,
        _ => Step::RollBack,
    }
}
