//! What the rotation needs of a driver's pool.

use std::future::Future;
use std::time::Duration;

use catalyst_core::{Error, Result};
use catalyst_openbao::Credentials;

/// Opens pools of one driver. Implement it to rotate a pool that the SDK does not know.
pub trait Connector: Send + Sync + 'static {
    /// The driver's pool; cheap to clone, clones being the same pool.
    type Pool: Send + Sync + 'static;

    /// Opens a pool that logs in with `credentials`, with as many connections as `warmth` says, at its pace.
    ///
    /// # Errors
    /// Why it could not; the pool is then closed again.
    ///
    /// # Cancel safety
    /// It may be cancelled; connections that were opened are then closed.
    fn open(
        &self,
        credentials: &Credentials,
        warmth: Warmth,
    ) -> impl Future<Output = Result<Self::Pool>> + Send;

    /// How many connections are open, so that the next pool can be as warm.
    fn size(&self, pool: &Self::Pool) -> usize;

    /// Closes the pool: idle connections at once, the others when they come home; returns when all are closed.
    /// Nobody waits for a connection of it any more.
    ///
    /// # Cancel safety
    /// It may be cancelled and called again.
    fn close(&self, pool: &Self::Pool) -> impl Future<Output = ()> + Send;

    /// Closes the pool without waiting, because its credential is about to end.
    fn end(&self, pool: &Self::Pool, why: &Error);
}

/// How many connections a new pool opens before it is used, and how fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warmth {
    /// How many; at least one is opened, which proves the credential.
    pub connections: usize,
    /// The pause between two, so that a rotation is not a burst for the database.
    pub pace: Duration,
    /// No further one is begun after this long: time that warming takes is time that the old pool has not for
    /// draining.
    pub within: Duration,
}

impl Warmth {
    /// This many connections, one every `pace` at most, begun `within` this long.
    pub fn new(connections: usize, pace: Duration, within: Duration) -> Self {
        Self { connections: connections.max(1), pace, within }
    }
}
