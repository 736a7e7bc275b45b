//! Something that lies in a store and that others replace: looked at from time to time, and followed.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalyst_core::{Error, Result, Secret};
use tokio::sync::Notify;
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

/// The engine's view of it: a grant is replaced when another lies in its place. While the store cannot be reached, the
/// last one serves.
pub(crate) struct StoredSource<L> {
    look: L,
    poll: Duration,
    nudge: Nudge,
}

/// Has something that is followed looked at now: for whoever hears of a change before the next look is due. Cheap to
/// clone.
#[derive(Clone, Debug, Default)]
pub struct Nudge(Arc<Notify>);

impl Nudge {
    /// Looks now, or as soon as the look that is under way is over. Many at once are one.
    pub fn look_now(&self) {
        self.0.notify_one();
    }
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
        Self { look, poll, nudge: Nudge::default() }
    }

    /// Looks again every `poll`, at least every second.
    pub(crate) fn poll(mut self, poll: Duration) -> Self {
        self.poll = poll.max(Duration::from_secs(1));
        self
    }

    pub(crate) fn nudge(&self) -> Nudge {
        self.nudge.clone()
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
        if grant.replaced.load(Ordering::Acquire) { Backing::Replaced } else { Backing::Independent }
    }

    fn issues_anew(&self) -> bool {
        true
    }

    async fn backing_changed(&self, grant: &Self::Grant, seen: Backing) {
        if seen.is_over() {
            return std::future::pending().await;
        }
        while self.backing(grant) == seen {
            // Kept in the grant: the engine asks anew more often than we look, and may cancel a look.
            let next = *grant.next_look.lock().unwrap_or_else(PoisonError::into_inner);
            tokio::select! {
                () = sleep_until(next) => {}
                () = self.nudge.0.notified() => {
                    *grant.next_look.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
                }
            }
            let found = self.look.look().await;
            *grant.next_look.lock().unwrap_or_else(PoisonError::into_inner) = self.next_look();
            match found {
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

/// Makes a public type that wraps a [`StoredSource`] a [`Source`] of the value `$value`.
macro_rules! stored_source {
    ($source:ident, $value:ty) => {
        impl Source for $source {
            type Value = $value;
            type Grant = Arc<Stored<$value>>;

            fn name(&self) -> &str {
                self.0.name()
            }

            async fn issue(&self) -> Result<Granted<Self::Grant>> {
                self.0.issue().await
            }

            async fn prepare(
                &self,
                grant: &Self::Grant,
                previous: Option<&$value>,
                within: Duration,
            ) -> Result<$value> {
                self.0.prepare(grant, previous, within).await
            }

            async fn renew(&self, grant: &Self::Grant) -> Result<Term> {
                self.0.renew(grant).await
            }

            async fn idle(&self, value: &$value) {
                self.0.idle(value).await;
            }

            fn end(&self, value: &$value, why: &Error) {
                self.0.end(value, why);
            }

            async fn revoke(&self, grant: &Self::Grant) -> Result<()> {
                self.0.revoke(grant).await
            }

            fn backing(&self, grant: &Self::Grant) -> Backing {
                self.0.backing(grant)
            }

            async fn backing_changed(&self, grant: &Self::Grant, seen: Backing) {
                self.0.backing_changed(grant, seen).await;
            }

            fn issues_anew(&self) -> bool {
                self.0.issues_anew()
            }
        }

        impl std::fmt::Debug for $source {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($source)).field(&self.0.name()).finish()
            }
        }
    };
}
pub(super) use stored_source;
