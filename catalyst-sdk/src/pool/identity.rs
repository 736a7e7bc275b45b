//! Pools without a password: each generation logs in by one SVID, and the next one comes with the next SVID.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result, RetryAdvice};
use catalyst_spiffe::WorkloadIdentity;
use tokio::time::Instant;

use super::Connector;
use super::driver::{Driver, PinnedIdentity, Proof};
use super::opener::Opener;
use super::source::warmth;
use crate::rotation::{Backing, Granted, Source, Term};

/// Follows an identity: its newest SVID is the grant, and nothing has to be given back.
#[derive(Debug)]
pub(super) struct IdentitySource<D> {
    identity: Arc<dyn WorkloadIdentity>,
    opener: Opener<D>,
    pace: Option<Duration>,
    name: String,
    /// The serial number of the newest SVID that a pool was opened with.
    newest: Mutex<Option<String>>,
}

impl<D: Driver> IdentitySource<D> {
    pub(super) fn new(
        identity: Arc<dyn WorkloadIdentity>,
        opener: Opener<D>,
        pace: Option<Duration>,
    ) -> Self {
        let name = identity.id().map_or_else(|_error| "identity".to_owned(), |id| id.to_string());
        Self { identity, opener, pace, name, newest: Mutex::default() }
    }

    fn newest(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: Driver> Source for IdentitySource<D> {
    type Value = D::Pool;
    type Grant = PinnedIdentity;

    fn name(&self) -> &str {
        &self.name
    }

    async fn issue(&self) -> Result<Granted<PinnedIdentity>> {
        let issued_at = Instant::now();
        let svid = self.identity.x509()?;
        if self.newest().as_deref() == Some(svid.serial()) {
            return Err(Error::new(ErrorKind::Unavailable, "follow identity")
                .with_target(self.name.clone())
                .with_code("svid_not_renewed")
                .with_help("a new pool is due, and the agent has not given a newer SVID yet")
                .with_retry(RetryAdvice::Backoff));
        }
        let ttl = svid.remaining(&self.identity.clock());
        let label = format!("SVID {}", svid.serial());
        let grant = PinnedIdentity::new(Arc::clone(&self.identity), svid);
        Ok(Granted { grant, term: Term { issued_at, ttl, renewable: false }, label })
    }

    async fn prepare(
        &self,
        grant: &PinnedIdentity,
        previous: Option<&D::Pool>,
        within: Duration,
    ) -> Result<D::Pool> {
        let warmth = warmth(previous.map_or(1, |pool| self.opener.size(pool)), within, self.pace);
        let opened = self.opener.open_as(Proof::Certificate(grant), warmth).await;
        let pool = opened.map_err(|error| error.with_target(self.name.clone()))?;
        *self.newest() = Some(grant.svid().serial().to_owned());
        Ok(pool)
    }

    /// An SVID cannot be extended.
    async fn renew(&self, grant: &PinnedIdentity) -> Result<Term> {
        let ttl = grant.svid().remaining(&self.identity.clock());
        Ok(Term { issued_at: Instant::now(), ttl, renewable: false })
    }

    async fn idle(&self, pool: &D::Pool) {
        self.opener.close(pool).await;
    }

    fn end(&self, pool: &D::Pool, why: &Error) {
        self.opener.end(pool, why);
    }

    async fn revoke(&self, _grant: &PinnedIdentity) -> Result<()> {
        Ok(())
    }

    fn backing(&self, grant: &PinnedIdentity) -> Backing {
        match self.identity.x509() {
            Ok(newest) if newest.serial() == grant.svid().serial() => Backing::Independent,
            Ok(_newer) => Backing::Replaced,
            // Withdrawn or expired: nobody may go on as us.
            Err(_gone) => Backing::Lost,
        }
    }

    async fn backing_changed(&self, grant: &PinnedIdentity, seen: Backing) {
        let mut updates = self.identity.updates();
        // Subscribed first, so a change between the look and the wait is not missed.
        while self.backing(grant) == seen {
            if updates.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }
}
