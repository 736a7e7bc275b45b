//! Whether a rotating value can be trusted, for a readiness probe.

use catalyst_core::Error;
use tokio::time::Instant;

use super::Generation;

/// The condition of a rotation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// In one word.
    pub state: State,
    /// The generation in use.
    pub generation: Generation,
    /// When the credential in use ends if nothing happens.
    pub expires_at: Instant,
    /// How many attempts to replace it have failed in a row.
    pub failures: u32,
    /// Why the last one failed.
    pub last_error: Option<Error>,
    /// How many old generations are still in use or not yet given back.
    pub draining: usize,
    /// How many credentials may have been made without our learning of it: requests that were sent and never
    /// answered. Each ends with its TTL.
    pub possibly_orphaned: u64,
}

/// The condition in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// All is well.
    Fresh,
    /// The credential works, and replacing it has failed so far.
    Stale,
    /// The credential has ended or was lost, and there is no other yet.
    Expired,
    /// The rotation was shut down.
    Stopped,
}

impl Health {
    /// Whether nothing but the clock differs.
    pub(super) fn same_condition(&self, other: &Self) -> bool {
        self.state == other.state
            && self.generation == other.generation
            && self.failures == other.failures
            && self.draining == other.draining
    }

    /// Whether the value can be used.
    pub fn is_usable(&self) -> bool {
        matches!(self.state, State::Fresh | State::Stale)
    }
}
