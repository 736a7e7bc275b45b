//! A client that many calls share: nothing is taken out, so each call keeps its generation while it is in flight.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use tokio::time::{Instant, timeout_at};

use super::{Connector, Refusal, Refusals, Users};
use crate::rotation::{Events, Generation, Health, InUse, Policy, Rotating};

/// What the rotation needs of a driver whose client is shared by all calls, besides opening it.
pub trait ClientConnector: Connector<Pool: Clone> {
    /// The driver's error.
    type Error: StdError + Send + Sync + 'static;

    /// What it says about the credential. [`Refusal::Login`] means that nothing of the call was done.
    fn refusal(error: &Self::Error) -> Refusal;

    /// It as one of ours.
    fn explain(error: Self::Error) -> Error;
}

/// A client whose user is replaced before it ends. Cheap to clone.
///
/// A call keeps its generation until it is answered. A login that the server refuses causes an early rotation, and the
/// call waits for it and is made again.
pub struct RotatingClient<C: ClientConnector> {
    rotating: Rotating<C::Pool>,
    refusals: Arc<Refusals>,
    wait: Duration,
}

/// What a [`RotatingClient`] is made of.
#[derive(Debug)]
#[must_use]
pub struct RotatingClientBuilder<C> {
    users: Users,
    connector: C,
    policy: Policy,
    wait: Duration,
}

impl<C: ClientConnector> RotatingClientBuilder<C> {
    /// When the user is replaced, and how patiently.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// How long a call whose login was refused waits for the next user. Default: 30 s.
    pub fn wait(mut self, limit: Duration) -> Self {
        self.wait = limit;
        self
    }

    /// Gets the first user, connects with it, and rotates from here on.
    ///
    /// # Errors
    /// Those of [`rotation::start`](crate::rotation::start): the role or the secret, the policy, OpenBao or the server.
    ///
    /// # Cancel safety
    /// Safe: a user that was made is given back.
    pub async fn start(self) -> Result<RotatingClient<C>> {
        let rotating = self.users.start(self.connector, self.policy).await?;
        Ok(RotatingClient { rotating, refusals: Arc::default(), wait: self.wait })
    }
}

/// Why a call has no result.
pub(super) enum Failed<E> {
    /// The credential came to its end, or the rotation was shut down.
    Ended(Error),
    /// What the driver met.
    Met(E),
}

impl<C: ClientConnector> RotatingClient<C> {
    /// Clients of `connector` that log in as `users`.
    pub fn builder(users: impl Into<Users>, connector: C) -> RotatingClientBuilder<C> {
        let (policy, wait) = (Policy::default(), Duration::from_secs(30));
        RotatingClientBuilder { users: users.into(), connector, policy, wait }
    }

    /// The client of this moment, pinned: its generation is kept as long as the guard lives, and no longer. What was
    /// made of it, such as a collection or a cursor, is to be dropped first.
    ///
    /// # Errors
    /// `Closed` after a shutdown.
    pub fn checkout(&self) -> Result<InUse<C::Pool>> {
        let in_use = self.rotating.checkout();
        if in_use.is_closed() { Err(closed()) } else { Ok(in_use) }
    }

    /// Makes one call on the newest client. `work` is run again where a login was refused, for then nothing was done;
    /// so it is one call, and not several.
    ///
    /// # Errors
    /// The driver's, as one of ours with the driver's as source; `Expired` when the credential came to its end first;
    /// `Closed` after a shutdown.
    ///
    /// # Cancel safety
    /// As safe as `work`.
    pub async fn run<T, Fut>(&self, work: impl Fn(C::Pool) -> Fut) -> Result<T>
    where
        Fut: Future<Output = Result<T, C::Error>>,
    {
        self.call(work).await.map_err(|failed| match failed {
            Failed::Ended(why) => why,
            Failed::Met(error) => C::explain(error),
        })
    }

    pub(super) async fn call<T, Fut>(&self, work: impl Fn(C::Pool) -> Fut) -> Result<T, Failed<C::Error>>
    where
        Fut: Future<Output = Result<T, C::Error>>,
    {
        let mut deadline = None;
        loop {
            let in_use = self.checkout().map_err(Failed::Ended)?;
            let result = tokio::select! {
                biased;
                result = work(C::Pool::clone(&in_use)) => result,
                why = in_use.ended() => return Err(Failed::Ended(why)),
            };
            let error = match (result, in_use.end()) {
                (Ok(value), _) => return Ok(value),
                // The end of its credential comes before whatever the server made of it.
                (Err(_), Some(why)) => return Err(Failed::Ended(why)),
                (Err(error), None) => error,
            };
            self.note(&error, in_use.generation());
            if C::refusal(&error) != Refusal::Login {
                return Err(Failed::Met(error));
            }
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + self.wait);
            if timeout_at(deadline, in_use.superseded()).await.is_err() {
                return Err(Failed::Met(error));
            }
        }
    }

    /// The driver's error, met on something taken by [`Self::checkout`], as one of ours. A refused login, and a storm of
    /// missing rights, cause an early rotation.
    pub fn explain(&self, in_use: &InUse<C::Pool>, error: C::Error) -> Error {
        self.note(&error, in_use.generation());
        in_use.end().unwrap_or_else(|| C::explain(error))
    }

    /// Which generation is in use.
    pub fn generation(&self) -> Generation {
        self.rotating.generation()
    }

    /// The condition, for a readiness probe.
    pub fn health(&self) -> Health {
        self.rotating.health()
    }

    /// What happens from here on.
    pub fn events(&self) -> Events {
        self.rotating.events()
    }

    /// The rotating value itself.
    pub fn rotating(&self) -> &Rotating<C::Pool> {
        &self.rotating
    }

    /// Waits for the calls in flight and gives the users back, within `limit`. Calling it again waits for the same end.
    ///
    /// # Errors
    /// `Timeout` if something was left to its TTL.
    ///
    /// # Cancel safety
    /// The shutdown goes on.
    pub async fn shutdown(&self, limit: Duration) -> Result<()> {
        self.rotating.shutdown(limit).await
    }

    fn note(&self, error: &C::Error, generation: Generation) {
        if self.refusals.note(C::refusal(error)) {
            self.rotating.report_refused(generation);
        }
    }
}

impl<C: ClientConnector> Clone for RotatingClient<C> {
    fn clone(&self) -> Self {
        Self { rotating: self.rotating.clone(), refusals: Arc::clone(&self.refusals), wait: self.wait }
    }
}

impl<C: ClientConnector> fmt::Debug for RotatingClient<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RotatingClient").field("rotating", &self.rotating).finish_non_exhaustive()
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "use client").with_help("the rotation was shut down")
}
