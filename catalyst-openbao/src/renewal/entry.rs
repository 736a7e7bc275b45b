//! One lease that is kept.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::token::Term;
use crate::upkeep::{self, Failures};
use crate::{Lease, LeaseId, LeaseTerm, Session, SessionState, Standing};

/// A second is lost to the server's rounding.
const ROUNDING: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: LeaseId,
    pub(super) session: Session,
    /// What it was granted at first; a renewal that gives less was clipped by its maximum.
    granted: Duration,
    life: Mutex<Life>,
    pub(super) changed: Notify,
}

#[derive(Clone, Copy, Debug)]
struct Life {
    term: Term,
    failures: Failures,
    standing: Standing,
}

impl Entry {
    pub(super) fn new<T>(lease: &Lease<T>) -> Self {
        let LeaseTerm { ttl, renewable } = lease.term;
        let term = Term { issued_at: lease.issued_at, ttl: Some(ttl), renewable };
        let standing = if renewable { Standing::Lasting } else { Standing::Ending };
        Self {
            id: lease.id.clone(),
            session: lease.session.clone(),
            granted: ttl,
            life: Mutex::new(Life { term, failures: Failures::default(), standing }),
            changed: Notify::new(),
        }
    }

    /// When it is to be renewed; none if it is not, or not any more.
    pub(super) fn due(&self, jitter: f64) -> Option<Instant> {
        let life = *self.life();
        match life.standing {
            Standing::Lasting => upkeep::due(&life.term, life.failures, jitter),
            Standing::Ending | Standing::Lost => None,
        }
    }

    /// How it stands: as its last renewal left it, and never better than the session that owns it.
    pub(super) fn state(&self, now: Instant) -> SessionState {
        let life = *self.life();
        let session = self.session.state();
        let end = life.term.expires_at();
        let expires_at = match (end, session.expires_at) {
            // A session that lasts is prolonged before its end.
            (Some(end), Some(other)) if session.standing != Standing::Lasting => Some(end.min(other)),
            (end, _) => end,
        };
        let over = expires_at.is_some_and(|end| end <= now);
        let standing = match (life.standing, session.standing) {
            (Standing::Lost, _) | (_, Standing::Lost) => Standing::Lost,
            _ if over => Standing::Lost,
            (Standing::Ending, _) | (_, Standing::Ending) => Standing::Ending,
            (standing, _) => standing,
        };
        SessionState { expires_at, standing }
    }

    /// How long a renewal that begins now may take, so that several more fit in before the end.
    pub(super) fn patience(&self, now: Instant) -> Duration {
        let end = self.life().term.expires_at().unwrap_or(now);
        (end.saturating_duration_since(now) / 4).clamp(Duration::from_secs(1), Duration::from_secs(10))
    }

    /// Takes over what a renewal that was asked for at `asked` gave.
    pub(super) fn renewed(&self, asked: Instant, outcome: Result<LeaseTerm>) -> Outcome {
        let (outcome, changes) = {
            let mut life = self.life();
            let before = life.standing;
            let outcome = life.take(asked, self.granted, outcome);
            (outcome, life.standing != before)
        };
        if changes {
            self.changed.notify_waiters();
        }
        outcome
    }

    fn life(&self) -> std::sync::MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came of a renewal.
#[derive(Debug)]
pub(super) enum Outcome {
    Renewed,
    /// It is tried again.
    Failed(Error),
    /// It will not be: the server refuses for good, or the lease is gone.
    Over(Error),
}

impl Life {
    fn take(&mut self, asked: Instant, granted: Duration, outcome: Result<LeaseTerm>) -> Outcome {
        let error = match outcome {
            Ok(LeaseTerm { ttl, renewable }) => {
                let clipped = ttl + ROUNDING < granted;
                self.term = Term { issued_at: asked, ttl: Some(ttl), renewable: renewable && !clipped };
                self.failures = Failures::default();
                self.standing = if self.term.renewable { Standing::Lasting } else { Standing::Ending };
                return Outcome::Renewed;
            }
            Err(error) => error,
        };
        let now = Instant::now();
        if error.code() == Some("lease_not_found") || self.term.expires_at().is_some_and(|end| end <= now) {
            self.standing = Standing::Lost;
            return Outcome::Over(error);
        }
        if matches!(error.kind(), ErrorKind::InvalidRequest | ErrorKind::PermissionDenied) {
            // Past its maximum, not renewable, or not ours to renew: it lives to its end.
            self.standing = Standing::Ending;
            return Outcome::Over(error);
        }
        self.failures = self.failures.one_more(now);
        Outcome::Failed(error)
    }
}
