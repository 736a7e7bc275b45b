//! When a credential is replaced, and how patiently.

use std::time::Duration;

use catalyst_core::{Backoff, Clock, Jitter};

/// The rules of one rotation. The defaults fit a database credential with a lease of an hour: it is replaced
/// between minute 45 and minute 50, and its predecessor has at least ten minutes to drain.
///
/// ```
/// use std::time::Duration;
/// use catalyst_sdk::rotation::Policy;
///
/// let policy = Policy::default().rotate_before(Duration::from_secs(15 * 60)).max_ttl(Duration::from_secs(3600));
/// # let _ = policy;
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    pub(super) rotate_before: Option<Duration>,
    pub(super) spread: Option<Duration>,
    pub(super) drain_reserve: Option<Duration>,
    pub(super) drain_limit: Option<Duration>,
    pub(super) max_draining: usize,
    pub(super) max_ttl: Option<Duration>,
    pub(super) retry: Backoff,
    pub(super) early_spacing: Duration,
    pub(super) start_limit: Duration,
    pub(super) shutdown_limit: Duration,
    pub(super) jitter: Jitter,
    pub(super) clock: Clock,
}

impl Policy {
    /// How long before its end a credential is replaced. Default: ten minutes or a sixth of the TTL, whichever is
    /// longer; never more than half of the TTL.
    #[must_use]
    pub fn rotate_before(mut self, lead: Duration) -> Self {
        self.rotate_before = Some(lead);
        self
    }

    /// The same, unless it was set already.
    pub(crate) fn rotate_before_if_unset(mut self, lead: Duration) -> Self {
        self.rotate_before.get_or_insert(lead);
        self
    }

    /// The span over which replicas spread; it only ever makes a rotation earlier. Default: a twelfth of the TTL,
    /// at most five minutes.
    #[must_use]
    pub fn spread(mut self, span: Duration) -> Self {
        self.spread = Some(span);
        self
    }

    /// How long before its end an old credential is taken from whoever still uses it, so that nobody meets the
    /// server's own end of it. Default: a tenth of the TTL, at most 30 s.
    #[must_use]
    pub fn drain_reserve(mut self, reserve: Duration) -> Self {
        self.drain_reserve = Some(reserve);
        self
    }

    /// How long an old credential may be kept for those who still use it. Default: as long as its lease lives and
    /// can be renewed.
    #[must_use]
    pub fn drain_limit(mut self, limit: Duration) -> Self {
        self.drain_limit = Some(limit);
        self
    }

    /// The same, where nobody has said it.
    pub(crate) fn or_drain_limit(mut self, limit: Duration) -> Self {
        self.drain_limit.get_or_insert(limit);
        self
    }

    /// How many old generations may drain at once; beyond that the oldest is ended. Default: 3.
    #[must_use]
    pub fn max_draining(mut self, generations: usize) -> Self {
        self.max_draining = generations.max(1);
        self
    }

    /// Refuses a credential that lives longer than this, as a policy for its class may demand.
    #[must_use]
    pub fn max_ttl(mut self, limit: Duration) -> Self {
        self.max_ttl = Some(limit);
        self
    }

    /// The pauses after a failure. Default: full jitter from 1 s to 60 s, never under 250 ms, and never more than
    /// an eighth of what remains.
    #[must_use]
    pub fn retry(mut self, backoff: Backoff) -> Self {
        self.retry = backoff;
        self
    }

    /// The least time between two rotations that were asked for early. Default: 5 s.
    #[must_use]
    pub fn early_spacing(mut self, spacing: Duration) -> Self {
        self.early_spacing = spacing;
        self
    }

    /// How long the first credential may take. Default: 30 s.
    #[must_use]
    pub fn start_limit(mut self, limit: Duration) -> Self {
        self.start_limit = limit;
        self
    }

    /// How long draining and revoking may take when the last handle was dropped without a shutdown. Default: 5 s.
    #[must_use]
    pub fn shutdown_limit(mut self, limit: Duration) -> Self {
        self.shutdown_limit = limit;
        self
    }

    /// Where randomness comes from; for tests.
    #[must_use]
    pub fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// The wall clock that shows when the machine was asleep; for tests.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            rotate_before: None,
            spread: None,
            drain_reserve: None,
            drain_limit: None,
            max_draining: 3,
            max_ttl: None,
            retry: Backoff::new(Duration::from_secs(1), Duration::from_secs(60))
                .floor(Duration::from_millis(250)),
            early_spacing: Duration::from_secs(5),
            start_limit: Duration::from_secs(30),
            shutdown_limit: Duration::from_secs(5),
            jitter: Jitter::Random,
            clock: Clock::system(),
        }
    }
}
