//! The trait that everything else is written against, and what it tells about itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{Clock, Error, ErrorKind, Result};
use tokio::sync::watch;

use crate::{BundleSet, JwtIdentity, SpiffeId, X509Identity};

/// Who this process is, as of now.
///
/// Implemented by [`WorkloadApi`](crate::WorkloadApi) and, for tests, by `mock::MockIdentity`. The readers return
/// the newest state without waiting, and fail closed: once the identity is withdrawn, expired or the source is
/// stopped, they return an error and never the last good value.
#[async_trait]
pub trait WorkloadIdentity: fmt::Debug + Send + Sync + 'static {
    /// The SPIFFE ID of the identity in use.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when it was withdrawn, [`ErrorKind::Closed`] after shutdown.
    fn id(&self) -> Result<SpiffeId>;

    /// The newest X.509-SVID. One atomic load; never waits.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when it was withdrawn (code `withdrawn`) or has expired (code `expired`),
    /// [`ErrorKind::Closed`] after shutdown.
    fn x509(&self) -> Result<Arc<X509Identity>>;

    /// The newest trust bundles, of the same update as the SVID. Never waits.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when the identity was withdrawn, [`ErrorKind::Closed`] after shutdown.
    fn bundles(&self) -> Result<Arc<BundleSet>>;

    /// A JWT-SVID for exactly these audiences; their order does not matter. Cached by identity and audiences,
    /// fetched once for all who ask, refreshed at half of its life.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for an empty, oversized or missing audience, [`ErrorKind::Identity`] when there is no
    /// identity (any more), [`ErrorKind::Connect`], [`ErrorKind::Unavailable`] or [`ErrorKind::Timeout`] when the
    /// agent cannot be asked; those were retried.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the cache as it was; the next caller fetches.
    async fn jwt(&self, audience: &[&str]) -> Result<Arc<JwtIdentity>>;

    /// Tells of every change from now on: rotation, new bundles, withdrawal, the end of the source.
    fn updates(&self) -> Updates;

    /// How it stands, for readiness checks.
    fn health(&self) -> IdentityHealth;

    /// The wall clock that validity is judged by.
    fn clock(&self) -> Clock {
        Clock::system()
    }
}

/// The revisions of an identity, for one subscriber. Missed revisions are skipped, never queued. A revision is not
/// always a new SVID: new bundles and a withdrawal are revisions too, so compare
/// [`serial`](X509Identity::serial) numbers to see a rotation.
#[derive(Clone, Debug)]
pub struct Updates(watch::Receiver<u64>);

impl Updates {
    pub(crate) fn new(receiver: watch::Receiver<u64>) -> Self {
        Self(receiver)
    }

    /// The newest revision; it grows with each change.
    pub fn revision(&self) -> u64 {
        *self.0.borrow()
    }

    /// Waits for a revision that this subscriber has not seen, and returns it.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`] when the source has ended and no further change can come.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn changed(&mut self) -> Result<u64> {
        match self.0.changed().await {
            Ok(()) => Ok(*self.0.borrow_and_update()),
            Err(_ended) => Err(Error::new(ErrorKind::Closed, "wait for an identity update")
                .with_help("the identity source was shut down")),
        }
    }
}

/// How an identity stands at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IdentityHealth {
    /// The verdict.
    pub state: IdentityState,
    /// What is left of the X.509-SVID's life; zero when there is none.
    pub remaining: Duration,
    /// The revision that this is about.
    pub revision: u64,
    /// Failures in a row since the last accepted update.
    pub failures: u32,
    /// The newest of them; none after an accepted update.
    pub last_error: Option<Error>,
}

/// The verdict of [`IdentityHealth`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdentityState {
    /// Usable and being kept fresh.
    Healthy,
    /// Usable, but the agent does not answer or has not renewed it in time.
    Degraded,
    /// The agent said that this process has no identity (any more).
    Withdrawn,
    /// The SVID's life has ended and no new one came.
    Expired,
    /// Shut down.
    Stopped,
}

impl IdentityHealth {
    /// Whether the process can prove who it is: healthy or degraded.
    pub fn is_ready(&self) -> bool {
        matches!(self.state, IdentityState::Healthy | IdentityState::Degraded)
    }
}

impl fmt::Display for IdentityHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.state {
            IdentityState::Healthy => "healthy",
            IdentityState::Degraded => "degraded",
            IdentityState::Withdrawn => "withdrawn",
            IdentityState::Expired => "expired",
            IdentityState::Stopped => "stopped",
        };
        write!(f, "{word}, {}s left", self.remaining.as_secs())?;
        if let Some(error) = &self.last_error {
            write!(f, ", {} failures, last: {error}", self.failures)?;
        }
        Ok(())
    }
}
