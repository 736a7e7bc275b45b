//! Making the next generation.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result, RetryAdvice};
use tokio::time::{Instant, sleep, timeout};

use super::Policy;
use super::event::{EventKind, Generation, Outlet};
use super::life::{Life, Stamp};
use super::plan;
use super::source::{Granted, Source};

/// The generation in use.
pub(super) struct Live<S: Source> {
    pub(super) generation: Generation,
    pub(super) label: String,
    pub(super) grant: S::Grant,
    pub(super) value: Arc<S::Value>,
    pub(super) life: Life,
    /// When an extension was last tried.
    extended: Option<Instant>,
}

/// The least time between two tries to extend a credential.
const EXTENSION_SPACING: Duration = Duration::from_millis(500);

/// The last resort while there is no successor: more time for the one in use.
impl<S: Source> Live<S> {
    /// How long until it should be extended; for ever if it cannot be.
    pub(super) fn until_extension(&self, source: &S, policy: &Policy) -> Duration {
        if !self.life.renewable {
            return Duration::MAX;
        }
        let schedule = self.life.schedule(policy, source.backing(&self.grant));
        let due = plan::extend_at(&schedule).saturating_sub(self.life.age(policy));
        // A try that failed is not repeated at once.
        let spaced =
            self.extended.map_or(Duration::ZERO, |last| EXTENSION_SPACING.saturating_sub(last.elapsed()));
        due.max(spaced)
    }

    pub(super) async fn extend(&mut self, source: &S, policy: &Policy, outlet: &Outlet) {
        self.extended = Some(Instant::now());
        let kind = match source.renew(&self.grant).await {
            Ok(term) => {
                let ttl = term.ttl;
                let clipped = self.life.extend(term, policy);
                EventKind::Renewed { ttl, clipped }
            }
            Err(error) => {
                self.life.renewable &= error.retry() != RetryAdvice::Never;
                EventKind::Failed { error }
            }
        };
        outlet.emit(self.generation, &self.label, kind);
    }
}

/// Issue, then prepare. A credential that could not be prepared is kept for the next
/// attempt, so that a database that is down does not collect users.
pub(super) struct Attempts<S: Source> {
    pub(super) source: Arc<S>,
    pub(super) policy: Arc<Policy>,
    pub(super) outlet: Arc<Outlet>,
    generation: Generation,
    pending: Option<(Granted<S::Grant>, Life)>,
    /// In a row.
    pub(super) failures: u32,
    pub(super) last_failure: Option<(Stamp, Error)>,
    /// For the pause after the last failure.
    pub(super) draw: f64,
    pub(super) possibly_orphaned: u64,
}

impl<S: Source> Attempts<S> {
    pub(super) fn new(source: Arc<S>, policy: Arc<Policy>, outlet: Arc<Outlet>) -> Self {
        Self {
            source,
            policy,
            outlet,
            generation: 0,
            pending: None,
            failures: 0,
            last_failure: None,
            draw: 0.0,
            possibly_orphaned: 0,
        }
    }

    /// The first generation, within the start limit; gives up early when everybody is `gone`.
    pub(super) async fn first(&mut self, gone: impl Fn() -> bool) -> Result<Live<S>> {
        let start = Instant::now();
        loop {
            let error = match self.make(None).await {
                Ok(live) => return Ok(live),
                Err(error) => error,
            };
            let pause = match error.retry() {
                RetryAdvice::Never => return Err(error),
                RetryAdvice::After(pause) => pause,
                _ => self.policy.retry.delay(self.failures, self.draw),
            };
            if gone() || start.elapsed() + pause >= self.policy.start_limit {
                return Err(error.with_attempts(self.failures, start.elapsed()));
            }
            sleep(pause).await;
        }
    }

    /// One attempt, given the value in use and how long preparing may take. A failure is counted and reported.
    pub(super) async fn make(&mut self, previous: Option<(&S::Value, Duration)>) -> Result<Live<S>> {
        let result = self.try_make(previous).await;
        match &result {
            Ok(_) => {
                if std::mem::take(&mut self.failures) > 0 {
                    self.outlet.emit(self.generation, "", EventKind::Recovered);
                }
                self.last_failure = None;
            }
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                self.draw = self.policy.jitter.draw();
                self.last_failure = Some((Stamp::now(&self.policy.clock), error.clone()));
                self.possibly_orphaned += u64::from(error.outcome_unknown());
                self.outlet.emit(self.generation, "", EventKind::Failed { error: error.clone() });
            }
        }
        result
    }

    async fn try_make(&mut self, previous: Option<(&S::Value, Duration)>) -> Result<Live<S>> {
        let (granted, life) = self.obtain().await?;
        let (previous, within) =
            previous.map_or((None, self.policy.start_limit), |(value, left)| (Some(value), left));
        let prepare = self.source.prepare(&granted.grant, previous, within);
        let prepared = timeout(self.policy.start_limit, prepare).await.unwrap_or_else(|_elapsed| {
            let help =
                format!("the new credential could not be put to use within {:?}", self.policy.start_limit);
            Err(Error::new(ErrorKind::Timeout, "prepare credential").with_help(help))
        });
        match prepared {
            Ok(value) => {
                self.generation += 1;
                let Granted { grant, label, .. } = granted;
                Ok(Live {
                    generation: self.generation,
                    label,
                    grant,
                    value: Arc::new(value),
                    life,
                    extended: None,
                })
            }
            Err(error) => {
                self.pending = Some((granted, life));
                Err(error)
            }
        }
    }

    /// The pending credential if it is still young, or a new one.
    async fn obtain(&mut self) -> Result<(Granted<S::Grant>, Life)> {
        if let Some((granted, life)) = self.pending.take() {
            let over = self.source.issues_anew() || self.source.backing(&granted.grant).is_over();
            if !over && life.age(&self.policy) < granted.term.ttl / 4 {
                return Ok((granted, life));
            }
            self.revoke(&granted).await;
        }
        let granted = self.source.issue().await?;
        self.outlet.emit(self.generation + 1, &granted.label, EventKind::Issued { ttl: granted.term.ttl });
        if let Err(error) = self.check(&granted) {
            self.revoke(&granted).await;
            return Err(error);
        }
        let life = Life::new(granted.term, &self.policy);
        Ok((granted, life))
    }

    fn check(&self, granted: &Granted<S::Grant>) -> Result<()> {
        let ttl = granted.term.ttl;
        let bad = |help: String| Err(Error::new(ErrorKind::Config, "issue credential").with_help(help));
        if ttl.is_zero() {
            return bad("the server gave a credential that ends at once; set a TTL on its role".to_owned());
        }
        match self.policy.max_ttl {
            Some(limit) if ttl > limit => bad(format!(
                "the credential lives for {ttl:?}, longer than the {limit:?} allowed; lower the role's TTL"
            )),
            _ => Ok(()),
        }
    }

    /// Gives back what nobody ever used.
    async fn revoke(&self, granted: &Granted<S::Grant>) {
        let kind = match self.source.revoke(&granted.grant).await {
            Ok(()) => EventKind::Revoked,
            Err(error) => EventKind::Failed { error },
        };
        self.outlet.emit(self.generation + 1, &granted.label, kind);
    }

    pub(super) async fn abandon_pending(&mut self) {
        if let Some((granted, _)) = self.pending.take() {
            self.revoke(&granted).await;
        }
    }
}
