//! What a driver is: its options, how to open a pool, how to take from it, how to warm it, how to read its errors.

use std::fmt::{self, Debug};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::tls::{TlsIdentity, TlsIdentitySource};
use catalyst_core::{Error, Result};
use catalyst_openbao::Credentials;
use catalyst_spiffe::{WorkloadIdentity, X509Identity};

use super::Refusal;

/// A driver with its options. [`RotatingPool`](super::RotatingPool) does the rest: rotation, warming, checkout.
pub trait Driver: Clone + Debug + Send + Sync + 'static {
    /// The driver's pool, one for each generation.
    type Pool: Send + Sync + 'static;
    /// What is taken out of it. It goes home when it is dropped.
    type Connection: Send + 'static;
    /// Why none could be taken.
    type Error: DriverError;
    /// Why a statement failed on one.
    type StatementError: DriverError;

    /// A pool that logs in as `proof` says. Nothing is connected yet.
    ///
    /// # Errors
    /// [`Config`](catalyst_core::ErrorKind::Config) or [`Tls`](catalyst_core::ErrorKind::Tls): options that cannot
    /// work.
    fn open(&self, proof: Proof<'_>) -> Result<Self::Pool>;

    /// Takes a connection, within [`wait`](Self::wait).
    ///
    /// # Cancel safety
    /// Safe: whoever waits just leaves.
    fn take(&self, pool: &Self::Pool) -> impl Future<Output = Result<Self::Connection, Self::Error>> + Send;

    /// Takes the first connection of a fresh pool, which proves the credential: any failure ends it.
    ///
    /// # Cancel safety
    /// As [`take`](Self::take).
    fn prove(&self, pool: &Self::Pool) -> impl Future<Output = Result<Self::Connection, Self::Error>> + Send {
        self.take(pool)
    }

    /// Runs the application's warming query.
    fn run(
        &self,
        connection: &mut Self::Connection,
        query: &str,
    ) -> impl Future<Output = Result<(), Self::StatementError>> + Send;

    /// The most connections of one pool.
    fn max_connections(&self) -> usize;

    /// How long a caller waits for a connection.
    fn wait(&self) -> Duration;

    /// How many connections are open.
    fn size(&self, pool: &Self::Pool) -> usize;

    /// Closes the pool; returns when its connections are closed. They are all home when this is called.
    ///
    /// # Cancel safety
    /// It may be cancelled and called again.
    fn close(&self, pool: &Self::Pool) -> impl Future<Output = ()> + Send;

    /// Closes the pool without waiting: its credential is about to end.
    fn end(&self, pool: &Self::Pool);
}

/// How an error of a driver is read.
pub trait DriverError: Send + 'static {
    /// What it says about the credential.
    fn refusal(&self) -> Refusal;

    /// Whether the pool was closed: a newer one is in its place, or all is over.
    fn is_closed(&self) -> bool {
        false
    }

    /// The same as one of ours, with a kind that tells a refused login from a lost connection.
    fn explain(self, operation: &'static str) -> Error;
}

/// As whom the connections of a pool log in, and by what.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Proof<'a> {
    /// By the name and password of a user that OpenBao made.
    Password(&'a Credentials),
    /// As the user in the driver's options, by our SVID as client certificate.
    Certificate(&'a PinnedIdentity),
}

/// One SVID, for all connections of a generation. It is not presented any more once the identity was withdrawn.
#[derive(Clone)]
pub struct PinnedIdentity {
    identity: Arc<dyn WorkloadIdentity>,
    svid: Arc<X509Identity>,
}

impl PinnedIdentity {
    pub(super) fn new(identity: Arc<dyn WorkloadIdentity>, svid: Arc<X509Identity>) -> Self {
        Self { identity, svid }
    }

    /// The SVID.
    pub fn svid(&self) -> &X509Identity {
        &self.svid
    }
}

impl TlsIdentitySource for PinnedIdentity {
    fn current(&self) -> Option<TlsIdentity> {
        self.identity.x509().ok().map(|_still_ours| self.svid.tls_identity().clone())
    }
}

impl Debug for PinnedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PinnedIdentity").field(&self.svid).finish()
    }
}
