//! What drives the rotation of one client's secret.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use catalyst_core::{Clock, Result};
use tokio::sync::Mutex;

use super::plan::Demand;
use super::work::{Done, Memory, Worker};
use super::{Phase, Policy, RecordStore, RotationObserver};
use crate::{ClientId, ClientSecrets};

/// Rotates the secret of one client. Does what can be done now, and says when to come back; it never sleeps.
///
/// Any number of these may exist for one client, in any number of processes: the record's lock lets one work.
///
/// ```no_run
/// use std::sync::Arc;
/// use catalyst_keycloak::rotation::{NextStep, Policy, RecordStore, SecretRotation};
/// use catalyst_keycloak::{ClientId, ClientSecrets};
///
/// # async fn example(secrets: Arc<dyn ClientSecrets>, store: Arc<dyn RecordStore>) -> catalyst_keycloak::Result<()> {
/// let client: ClientId = "wordpress".parse()?;
/// let rotation = SecretRotation::new(client, secrets, store, Policy::default());
/// let NextStep::At(when) = rotation.advance().await? else { return Ok(()) };
/// println!("nothing to do before {when:?}");
/// # Ok(())
/// # }
/// ```
pub struct SecretRotation {
    pub(super) worker: Worker,
    /// One step at a time, for the lock cannot tell our own tasks apart.
    memory: Mutex<Memory>,
}

/// When there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NextStep {
    /// At once.
    Now,
    /// Not before this moment.
    At(SystemTime),
}

/// How the secret of a client stands, for a dashboard. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RotationStatus {
    /// How many secrets the client has had.
    pub number: u64,
    /// When the current one was made.
    pub issued_at: SystemTime,
    /// When it ends.
    pub expires_at: SystemTime,
    /// When it is to be replaced.
    pub due_at: SystemTime,
    /// What is under way.
    pub phase: Phase,
    /// Until when the previous secret is kept, if it is.
    pub grace_ends_at: Option<SystemTime>,
}

/// No rotation takes so many steps; what does is a fault.
const MOST_STEPS: u32 = 32;

impl SecretRotation {
    /// Rotates the secret of `client`, by `policy`.
    pub fn new(
        client: ClientId,
        secrets: Arc<dyn ClientSecrets>,
        store: Arc<dyn RecordStore>,
        policy: Policy,
    ) -> Self {
        // Never the same after a restart: what an earlier life of ours began may still be on its way.
        let holder = format!("{:032x}", fastrand::u128(..));
        let clock = Clock::system();
        let worker = Worker { client, secrets, store, policy, clock, holder, observer: None };
        Self { worker, memory: Mutex::default() }
    }

    /// Tells `observer` of every step.
    #[must_use]
    pub fn observer(mut self, observer: RotationObserver) -> Self {
        self.worker.observer = Some(observer);
        self
    }

    /// The wall clock; for tests.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.worker.clock = clock;
        self
    }

    /// Whose secret it is.
    pub fn client(&self) -> &ClientId {
        &self.worker.client
    }

    /// Does everything that can be done now: begins a rotation that is due, goes on with one that was begun, by
    /// whomever, and brings a record that differs from the realm in line with it.
    ///
    /// # Errors
    /// Those of the realm and of the store; what was done so far stands, and the next call goes on from there. Codes
    /// of its own: `rotation_unsupported` if the realm keeps no old secret valid; `new_secret_refused` and
    /// `old_secret_accepted` if the realm does not do what it said; `rotation_timeout` for a call without an answer.
    ///
    /// # Cancel safety
    /// Safe at every point: the next call, here or elsewhere, finds out how far it came. It may have to wait for the
    /// lock's end.
    pub async fn advance(&self) -> Result<NextStep> {
        self.drive(Demand::WhenDue).await
    }

    /// Replaces the secret now, due or not; the old one gets its grace. If a rotation is under way, goes on with it.
    ///
    /// # Errors
    /// As [`advance`](Self::advance), and `rotation_locked` while somebody else is at it.
    ///
    /// # Cancel safety
    /// As [`advance`](Self::advance).
    pub async fn rotate_now(&self) -> Result<NextStep> {
        self.drive(Demand::Now).await
    }

    /// Replaces a secret that others know, and ends it at once: no grace, and no overlap is asked for. Applications
    /// that have not fetched the new one are refused until they do.
    ///
    /// # Errors
    /// As [`rotate_now`](Self::rotate_now), but for `rotation_unsupported`. Call it again until it succeeds.
    ///
    /// # Cancel safety
    /// As [`advance`](Self::advance).
    pub async fn replace_leaked(&self) -> Result<NextStep> {
        self.drive(Demand::Leaked).await
    }

    /// One step of [`advance`](Self::advance), for those who pace the work themselves.
    ///
    /// # Errors
    /// As [`advance`](Self::advance).
    ///
    /// # Cancel safety
    /// As [`advance`](Self::advance).
    pub async fn step(&self) -> Result<NextStep> {
        let mut memory = self.memory.lock().await;
        Ok(self.worker.step(Demand::WhenDue, &mut memory).await?.next)
    }

    /// How the secret stands, by its record; `None` if there is none yet.
    ///
    /// # Errors
    /// Those of the store.
    ///
    /// # Cancel safety
    /// Safe; it reads.
    pub async fn status(&self) -> Result<Option<RotationStatus>> {
        let Some((record, _)) = self.worker.store.load().await? else { return Ok(None) };
        let Worker { policy, client, .. } = &self.worker;
        Ok(Some(RotationStatus {
            number: record.number,
            issued_at: record.issued_at,
            expires_at: record.expires_at,
            due_at: policy.due_at(client, record.issued_at, Some(record.expires_at)),
            phase: record.phase,
            grace_ends_at: record.grace_ends_at,
        }))
    }

    async fn drive(&self, mut demand: Demand) -> Result<NextStep> {
        let mut memory = self.memory.lock().await;
        for _ in 0..MOST_STEPS {
            let Done { next, met } = self.worker.step(demand, &mut memory).await?;
            if met {
                demand = Demand::WhenDue;
            }
            if let NextStep::At(_) = next {
                return Ok(next);
            }
        }
        Ok(NextStep::Now)
    }
}

impl fmt::Debug for SecretRotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretRotation").field("client", &self.worker.client).finish_non_exhaustive()
    }
}
