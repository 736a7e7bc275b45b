//! What the engine needs of a kind of credential.

use std::future::Future;
use std::time::Duration;

use catalyst_core::{Error, Result};
use tokio::time::Instant;

/// A kind of credential that can be issued, put to use, and given back.
///
/// The engine calls these from one task and never cancels a call in flight, so an implementation bounds each one.
/// Exactly one [`issue`](Self::issue) is in flight at a time.
pub trait Source: Send + Sync + 'static {
    /// What readers get: a pool, a pair of name and password.
    type Value: Send + Sync + 'static;
    /// What the server granted and takes back: the lease, with the credential in it.
    type Grant: Send + Sync + 'static;

    /// The name in spans and events, such as `database/orders-rw`.
    fn name(&self) -> &str;

    /// Asks the server for a fresh credential. The engine does not repeat it blindly after an ambiguous failure.
    fn issue(&self) -> impl Future<Output = Result<Granted<Self::Grant>>> + Send;

    /// Makes the granted credential usable: opens and warms a pool as large as `previous` became. Until this
    /// succeeds nobody sees the new generation. It should take no longer than `within`, for that is taken from the
    /// old generation's time to drain: then rather come back with less warmth. It may be cancelled and repeated.
    fn prepare(
        &self,
        grant: &Self::Grant,
        previous: Option<&Self::Value>,
        within: Duration,
    ) -> impl Future<Output = Result<Self::Value>> + Send;

    /// Extends the grant, for an old generation that is still in use, or while no successor can be had.
    fn renew(&self, grant: &Self::Grant) -> impl Future<Output = Result<Term>> + Send;

    /// Waits until nothing that was made from `value` is in use any more; called when no reader holds the
    /// generation itself. It may be cancelled.
    fn idle(&self, value: &Self::Value) -> impl Future<Output = ()> + Send;

    /// Takes `value` from those who still use it; they get `why`.
    fn end(&self, value: &Self::Value, why: &Error);

    /// Gives the grant back. A grant that is gone already is a success.
    fn revoke(&self, grant: &Self::Grant) -> impl Future<Output = Result<()>> + Send;

    /// What the grant's life hangs on besides its own term.
    fn backing(&self, grant: &Self::Grant) -> Backing;

    /// Waits until [`backing`](Self::backing) is no longer `seen`. It may be cancelled.
    fn backing_changed(&self, grant: &Self::Grant, seen: Backing) -> impl Future<Output = ()> + Send;

    /// Whether a grant that could not be put to use is asked for anew at the next attempt, instead of being kept for
    /// it: right where issuing makes nothing, and what is wrong with the grant may have been repaired since.
    fn issues_anew(&self) -> bool {
        false
    }
}

impl Backing {
    /// Whether a successor is wanted now.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Lost | Self::Replaced)
    }
}

/// A grant with its term.
#[derive(Debug)]
pub struct Granted<G> {
    /// What was granted.
    pub grant: G,
    /// For how long.
    pub term: Term,
    /// What names it in events and reports: the user name. Not a secret.
    pub label: String,
}

/// How long a grant lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// When it was asked for: taken before the request was sent, so that the time on the way counts against us.
    pub issued_at: Instant,
    /// How long it lives from then on.
    pub ttl: Duration,
    /// Whether the server would extend it.
    pub renewable: bool,
}

/// What a grant's life hangs on besides its own term: an OpenBao lease dies with the token that minted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backing {
    /// Nothing.
    Independent,
    /// Something that is kept alive by us; without that it would end then.
    Lasting(Instant),
    /// Something that ends then, whatever we do.
    Ends(Instant),
    /// Nothing; but a newer one is there and should be taken. This one is good for those who use it until its own end.
    Replaced,
    /// Something that is gone already, and the grant with it.
    Lost,
}
