//! The steps themselves.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use catalyst_core::{Clock, Error, ErrorKind, Result, RetryAdvice, Secret};

use super::WithoutOverlap;
use super::dates::{later, whole};
use super::plan::{self, Demand, Situation};
use super::record::{self, Lock, Outcome, Phase, Reason, Record};
use super::{NextStep, Policy, RecordStore, RotationEvent, RotationEventKind, RotationObserver, Version};
use crate::{ClientId, ClientSecrets, SecretPair};

const ROTATE: &str = "rotate client secret";

pub(super) struct Worker {
    pub(super) client: ClientId,
    pub(super) secrets: Arc<dyn ClientSecrets>,
    pub(super) store: Arc<dyn RecordStore>,
    pub(super) policy: Policy,
    pub(super) clock: Clock,
    pub(super) holder: String,
    pub(super) observer: Option<RotationObserver>,
}

/// What this worker knows beyond the record.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// A regeneration without an answer may take effect until then.
    quiet_until: Option<SystemTime>,
}

/// A step that was made.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) next: NextStep,
    /// Whether what was asked for is under way or done.
    pub(super) met: bool,
}

impl Done {
    const GO_ON: Self = Self { next: NextStep::Now, met: false };
}

/// Why a step came to nothing.
enum Stop {
    /// Somebody else wrote the record.
    Outrun,
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

type Stepped<T> = Result<T, Stop>;

impl Worker {
    /// One step; a failure is reported too.
    pub(super) async fn step(&self, demand: Demand, memory: &mut Memory) -> Result<Done> {
        let loaded = self.within("load", self.store.load()).await;
        let number = loaded.as_ref().ok().and_then(Option::as_ref).map_or(0, |(record, _)| record.number);
        let made = match loaded {
            Ok(Some((record, version))) => self.go_on(record, version, demand, memory).await,
            Ok(None) => self.begin().await,
            Err(error) => Err(error.into()),
        };
        match made {
            Ok(done) => Ok(done),
            Err(Stop::Outrun) => {
                self.tell(number, RotationEventKind::Outrun);
                Ok(Done::GO_ON)
            }
            Err(Stop::Failed(error)) => {
                self.tell(number, RotationEventKind::Failed { error: error.clone() });
                Err(error)
            }
        }
    }

    /// Writes down what the realm has.
    async fn begin(&self) -> Stepped<Done> {
        let seen = self.seen().await?;
        let record = Record::adopting(&seen, self.clock.now(), &self.policy);
        self.save(&record, None).await?;
        self.tell(record.number, RotationEventKind::Recorded);
        Ok(Done::GO_ON)
    }

    async fn go_on(
        &self,
        mut record: Record,
        version: Version,
        demand: Demand,
        memory: &mut Memory,
    ) -> Stepped<Done> {
        let seen = self.seen().await?;
        let situation = Situation {
            client: &self.client,
            policy: &self.policy,
            now: self.clock.now(),
            holder: &self.holder,
            demand,
            quiet_until: memory.quiet_until,
        };
        match plan::next(&record, &seen, &situation) {
            plan::Step::Wait(until) => Ok(Done { next: NextStep::At(until), met: false }),
            plan::Step::StandBack(until) if demand == Demand::WhenDue => {
                Ok(Done { next: NextStep::At(until), met: false })
            }
            plan::Step::StandBack(until) => {
                let wait = until.duration_since(situation.now).unwrap_or_default();
                let error =
                    self.error(ErrorKind::Conflict, "rotation_locked").with_retry(RetryAdvice::After(wait));
                Err(error.with_help("somebody else is rotating it; ask again later").into())
            }
            plan::Step::Lock(phase, reason) => {
                self.lock(&mut record, version, phase, reason).await?;
                Ok(Done { met: demand != Demand::WhenDue && phase == Phase::Regenerating, ..Done::GO_ON })
            }
            plan::Step::Regenerate => self.regenerate(record, version, memory).await,
            plan::Step::Adopt => {
                memory.quiet_until = None;
                self.adopt(record, version, &seen).await
            }
            plan::Step::Verify => self.verify(record, version, &seen).await,
            plan::Step::End => self.end(record, version).await,
        }
    }

    async fn lock(&self, record: &mut Record, version: Version, phase: Phase, reason: Reason) -> Stepped<()> {
        let begins = record.phase != phase && phase == Phase::Regenerating;
        if begins {
            self.overlap(record, reason).await?;
        }
        let taken_over = record.lock.as_ref().is_some_and(|lock| lock.holder != self.holder);
        record.phase = phase;
        record.reason = reason;
        let ends_at = whole(later(self.clock.now(), self.policy.lock));
        record.lock = Some(Lock { holder: self.holder.clone(), ends_at });
        self.save(record, Some(version)).await?;
        self.tell(record.number, RotationEventKind::Locked { phase, reason, taken_over });
        Ok(())
    }

    /// Whether the old secret will work beside the new one; an error if it must and does not.
    async fn overlap(&self, record: &Record, reason: Reason) -> Result<bool> {
        let overlaps = self.within("ask for the overlap", self.secrets.overlaps(&self.client)).await?;
        if overlaps || reason == Reason::Leaked || self.policy.without_overlap == WithoutOverlap::CutOver {
            return Ok(overlaps);
        }
        self.tell(record.number, RotationEventKind::Unsupported);
        Err(self.error(ErrorKind::InvalidRequest, "rotation_unsupported").with_help(
            "the realm ends the old secret at once, so logins would fail: start Keycloak with the feature \
             client-secret-rotation and give the realm a client policy with the executor secret-rotation \
             (expiration 97 days, rotated 1 day) that covers this client; or declare a cut-over in a maintenance \
             window",
        ))
    }

    async fn regenerate(&self, record: Record, version: Version, memory: &mut Memory) -> Stepped<Done> {
        let overlaps = match self.overlap(&record, record.reason).await {
            Err(error) if error.code() == Some("rotation_unsupported") => {
                // The policy went away between the two. Nothing was made; nobody has to wait for us.
                let idle = Record { phase: Phase::Idle, lock: None, ..record };
                self.save(&idle, Some(version)).await?;
                return Err(error.into());
            }
            overlaps => overlaps?,
        };
        let lock_ends_at = record.lock.as_ref().map(|lock| lock.ends_at);
        if lock_ends_at.is_none_or(|end| end <= later(self.clock.now(), self.policy.call_limit())) {
            // Something above took its time. The next step renews the lock first.
            return Ok(Done::GO_ON);
        }
        // Set before the call, so that a dropped future counts as one without an answer.
        memory.quiet_until = lock_ends_at;
        let made = self.within("regenerate", self.secrets.regenerate(&self.client)).await;
        let secret = match made {
            Ok(secret) => secret,
            Err(error) if error.outcome_unknown() => {
                // Asked again at once; if nothing was made yet, it may still be on its way.
                self.tell(record.number, RotationEventKind::AnswerLost);
                return Ok(Done::GO_ON);
            }
            Err(error) => {
                memory.quiet_until = None;
                return Err(error.into());
            }
        };
        memory.quiet_until = None;
        self.tell(record.number, RotationEventKind::Regenerated);
        let now = self.clock.now();
        let seen = SecretPair {
            created_at: Some(now),
            rotated: overlaps.then(|| record.current.clone()),
            ..SecretPair::new(secret)
        };
        self.adopt(record, version, &seen).await
    }

    /// Writes down what the realm has: the outcome of our own regeneration, or of somebody else's.
    async fn adopt(&self, mut record: Record, version: Version, seen: &SecretPair) -> Stepped<Done> {
        let now = self.clock.now();
        let known = record.current.clone();
        let changed = known != seen.current;
        if record.phase != Phase::Regenerating || !changed {
            self.tell(record.number, RotationEventKind::DriftFound);
            record.reason = Reason::Drift;
        }
        record.previous = match record::working_rotated(seen, now) {
            Some(rotated) => Some(rotated.clone()),
            // Kept until it was seen to be refused, although the realm says that it ended it.
            None => changed.then_some(known).or(record.previous),
        };
        if changed {
            record.current = seen.current.clone();
            record.number = record.number.saturating_add(1);
            record.issued_at = whole(seen.created_at.unwrap_or(now));
            record.rotated_at = Some(whole(now));
        }
        record.expires_at = record::ends(seen, record.issued_at, &self.policy);
        let grace = if record.reason == Reason::Leaked { Duration::ZERO } else { self.policy.grace };
        record.grace_ends_at = Some(whole(later(now, grace)));
        record.phase = Phase::Verifying;
        record.lock = None;
        record.outcome = match record.reason {
            Reason::Drift => Some(Outcome::Adopted),
            _ if seen.rotated.is_none() => Some(Outcome::CutOver),
            _ => Some(Outcome::Rotated),
        };
        self.save(&record, Some(version)).await?;
        self.tell(record.number, RotationEventKind::Stored);
        Ok(Done::GO_ON)
    }

    async fn verify(&self, mut record: Record, version: Version, seen: &SecretPair) -> Stepped<Done> {
        if !self.accepts(&record.current).await? {
            return Err(self.error(ErrorKind::Unauthenticated, "new_secret_refused").with_help(
                "the realm refuses the secret that it made; the old one is kept. Is the client enabled, and does it \
                 authenticate with a secret?",
            ).into());
        }
        self.tell(record.number, RotationEventKind::Verified);
        record.expires_at = record::ends(seen, record.issued_at, &self.policy);
        if record.previous.is_none() {
            return self.finish(record, version).await;
        }
        record.phase = Phase::Grace;
        let until = record.grace_ends_at.unwrap_or_else(|| self.clock.now());
        self.save(&record, Some(version)).await?;
        self.tell(record.number, RotationEventKind::GraceBegun { until });
        Ok(Done::GO_ON)
    }

    async fn end(&self, record: Record, version: Version) -> Stepped<Done> {
        if self.within("end the old secret", self.secrets.end_rotated(&self.client)).await? {
            self.tell(record.number, RotationEventKind::OldEnded);
        }
        if let Some(previous) = &record.previous {
            if self.accepts(previous).await? {
                return Err(self
                    .error(ErrorKind::Other, "old_secret_accepted")
                    .with_retry(RetryAdvice::Backoff)
                    .with_help(
                        "the realm still accepts the secret that it was told to end; it is asked again",
                    )
                    .into());
            }
            self.tell(record.number, RotationEventKind::OldRefused);
        }
        self.finish(record, version).await
    }

    async fn finish(&self, record: Record, version: Version) -> Stepped<Done> {
        let outcome = record.outcome.unwrap_or(Outcome::Adopted);
        let idle = Record {
            previous: None,
            phase: Phase::Idle,
            lock: None,
            grace_ends_at: None,
            outcome: Some(outcome),
            ..record
        };
        self.save(&idle, Some(version)).await?;
        self.tell(idle.number, RotationEventKind::Finished { outcome });
        Ok(Done { met: true, ..Done::GO_ON })
    }

    async fn seen(&self) -> Result<SecretPair> {
        self.within("read the secrets", self.secrets.secrets(&self.client)).await
    }

    async fn accepts(&self, secret: &Secret) -> Result<bool> {
        self.within("try the secret", self.secrets.accepts(&self.client, secret)).await
    }

    async fn save(&self, record: &Record, expected: Option<Version>) -> Stepped<Version> {
        self.within("save", self.store.save(record, expected)).await.map_err(|error| match error.kind() {
            ErrorKind::Conflict => Stop::Outrun,
            _ => Stop::Failed(error),
        })
    }

    /// No call takes longer than the lock allows; one that was cut off may have taken effect.
    async fn within<T>(&self, what: &'static str, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let limit = self.policy.call_limit();
        tokio::time::timeout(limit, call).await.unwrap_or_else(|_elapsed| {
            let error = self.error(ErrorKind::Timeout, "rotation_timeout").with_outcome_unknown();
            Err(error.with_help(format!("no answer within {limit:?} ({what})")))
        })
    }

    fn error(&self, kind: ErrorKind, code: &'static str) -> Error {
        Error::new(kind, ROTATE).with_code(code).with_target(self.client.as_str())
    }

    fn tell(&self, number: u64, kind: RotationEventKind) {
        let (client, step) = (self.client.as_str(), kind.name());
        match &kind {
            RotationEventKind::Failed { error } => {
                tracing::warn!(client, number, step, %error, "client secret: step failed");
            }
            RotationEventKind::Unsupported
            | RotationEventKind::DriftFound
            | RotationEventKind::AnswerLost => {
                tracing::warn!(client, number, step, "client secret");
            }
            _ => tracing::info!(client, number, step, "client secret"),
        }
        if let Some(observer) = &self.observer {
            observer(&RotationEvent { client: self.client.clone(), number, at: self.clock.now(), kind });
        }
    }
}
