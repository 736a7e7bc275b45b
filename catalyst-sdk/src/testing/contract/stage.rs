//! What the checks are pointed at.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::Result;

use crate::rotation::{Events, Generation};

/// A rotating pool or client, as an application uses it. Clones are the same one.
#[async_trait]
pub trait Subject: Clone + Debug + Send + Sync + 'static {
    /// What can be taken out and kept: a connection, a transaction, a pinned client.
    type Held: Held;

    /// One short call, such as counting rows. The driver's error becomes one of ours, with its kind where that is
    /// known, for the checks tell a refused login from everything else.
    async fn call(&self) -> Result<()>;

    /// One call that takes some 300 ms, where the server can be asked for that.
    async fn long_call(&self) -> Result<()> {
        self.call().await
    }

    /// Takes a connection out and keeps it.
    async fn hold(&self) -> Result<Self::Held>;

    /// Which generation is in use.
    fn generation(&self) -> Generation;

    /// What happens from here on.
    fn events(&self) -> Events;

    /// Drains it and gives everything back, within `limit`.
    async fn shutdown(&self, limit: Duration) -> Result<()>;
}

/// Something that was taken out, and keeps its generation.
#[async_trait]
pub trait Held: Debug + Send {
    /// Which one.
    fn generation(&self) -> Generation;

    /// One short call on it. At the end of its credential it fails with the error that says so.
    async fn call(&mut self) -> Result<()>;
}

/// How long a credential lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// Without a renewal; whole seconds.
    pub ttl: Duration,
    /// With renewals; whole seconds.
    pub max_ttl: Duration,
}

impl Life {
    /// This many seconds, and with renewals up to that many.
    pub fn seconds(ttl: u64, max_ttl: u64) -> Self {
        Self { ttl: Duration::from_secs(ttl), max_ttl: Duration::from_secs(max_ttl) }
    }
}

/// The server, and what makes its credentials.
#[async_trait]
pub trait Stage: Send + Sync {
    /// What is opened here.
    type Subject: Subject;

    /// Whether a lease can be extended and runs out. Where not, as with credentials that lie in a store, the check of
    /// the maximum is left out by [`all`](super::all).
    const LEASES: bool = true;
    /// How many subjects' calls in flight one connection of the server serves: without a pool, the check of the full
    /// one is left out by [`all`](super::all).
    const POOLS: bool = true;

    /// Opens one with at most `connections` connections, whose credentials live for `life` where they are leases.
    async fn open(&self, connections: usize, life: Life) -> Result<Self::Subject>;

    /// The same with a credential that the server refuses, within seconds.
    async fn open_refused(&self) -> Result<Self::Subject>;

    /// Brings the next credential about, where time alone does not.
    async fn turn_over(&self) {}

    /// The credentials that the server would accept and that belong to subjects of this stage.
    async fn credentials(&self) -> Vec<String>;

    /// Ends the credentials behind our back, and their sessions.
    async fn end_credentials(&self);

    /// Restarts the server, in good order; returns when it accepts calls again.
    async fn restart(&self);
}
