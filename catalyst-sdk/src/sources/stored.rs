//! Something that lies in a store and that others replace: looked at from time to time, and followed.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalyst_core::{Error, Result, Secret};
use tokio::time::{Instant, sleep_until};

use crate::rotation::{Backing, Granted, Source, Term};

/// How the thing is read.
pub(crate) trait Look: Send + Sync + 'static {
    /// What readers get.
    type Value: Clone + Send + Sync + 'static;

    /// The name in spans and events.
    fn name(&self) -> &str;

    /// What lies there now.
    fn look(&self) -> impl Future<Output = Result<Seen<Self::Value>>> + Send;
}

/// What was found.
pub(crate) struct Seen<V> {
    /// What tells one from the next.
    pub(crate) material: Secret,
    pub(crate) value: V,
    /// Names it in events; not a secret.
    pub(crate) label: String,
}

/// The engine's view of it: a grant is lost when another lies in its place. While the store cannot be reached, the
/// last one serves.
pub(crate) struct StoredSource<L> {
    look: L,
    poll: Duration,
}

/// What was found, as the engine holds it. Opaque.
pub struct Stored<V> {
    material: Secret,
    value: V,
    replaced: AtomicBool,
    next_look: Mutex<Instant>,
}

impl<V> fmt::Debug for Stored<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored").field("replaced", &self.replaced).finish_non_exhaustive()
    }
}

/// It is read anew after this even if nothing seems to have changed.
const TERM: Duration = Duration::from_secs(86_400);

impl<L: Look> StoredSource<L> {
    /// Looks again every `poll`.
    pub(crate) fn new(look: L, poll: Duration) -> Self {
        Self { look, poll }
    }

    fn next_look(&self) -> Instant {
        // Spread, so that a hundred replicas do not ask together.
        Instant::now() + self.poll.mul_f64(0.9 + fastrand::f64() / 5.0)
    }
}

impl<L: Look> Source for StoredSource<L> {
    type Value = L::Value;
    type Grant = Arc<Stored<L::Value>>;

    fn name(&self) -> &str {
        self.look.name()
    }

    async fn issue(&self) -> Result<Granted<Self::Grant>> {
        let issued_at = Instant::now();
        let Seen { material, value, label } = self.look.look().await?;
        let next_look = Mutex::new(self.next_look());
        let grant = Arc::new(Stored { material, value, replaced: AtomicBool::new(false), next_look });
        Ok(Granted { grant, term: Term { issued_at, ttl: TERM, renewable: true }, label })
    }

    async fn prepare(
        &self,
        grant: &Self::Grant,
        _previous: Option<&L::Value>,
        _within: Duration,
    ) -> Result<L::Value> {
        Ok(grant.value.clone())
    }

    /// It is not the store's to end: while nothing else can be read, it goes on.
    async fn renew(&self, _grant: &Self::Grant) -> Result<Term> {
        Ok(Term { issued_at: Instant::now(), ttl: TERM, renewable: true })
    }

    async fn idle(&self, _value: &L::Value) {}

    fn end(&self, _value: &L::Value, _why: &Error) {}

    async fn revoke(&self, _grant: &Self::Grant) -> Result<()> {
        Ok(())
    }

    fn backing(&self, grant: &Self::Grant) -> Backing {
        if grant.replaced.load(Ordering::Acquire) { Backing::Lost } else { Backing::Independent }
    }

    async fn backing_changed(&self, grant: &Self::Grant, seen: Backing) {
        while self.backing(grant) == seen {
            if seen == Backing::Lost {
                return std::future::pending().await;
            }
            // Kept in the grant: the engine asks anew more often than we look.
            let next = *grant.next_look.lock().unwrap_or_else(PoisonError::into_inner);
            sleep_until(next).await;
            *grant.next_look.lock().unwrap_or_else(PoisonError::into_inner) = self.next_look();
            match self.look.look().await {
                Ok(found) => {
                    grant.replaced.fetch_or(found.material != grant.material, Ordering::AcqRel);
                }
                Err(error) => {
                    tracing::debug!(name = self.name(), %error, "it could not be looked at");
                }
            }
        }
    }
}
