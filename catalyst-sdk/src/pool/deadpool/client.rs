//! A client taken out of the pool, which keeps its generation.

use std::fmt;
use std::ops::{Deref, DerefMut};

use catalyst_core::{Error, ErrorKind, RetryAdvice};
use deadpool_postgres::{ClientWrapper, Object, Pool};

use crate::pool::Refusal;
use crate::pool::checkout::Obstacle;
use crate::rotation::{Generation, InUse};

/// A client from a [`RotatingDeadpool`](super::RotatingDeadpool), with the driver's methods. Its generation is kept
/// as long as it lives.
pub struct PgClient {
    // First, so that it is home before its generation is let go.
    object: Object,
    in_use: InUse<Pool>,
}

impl PgClient {
    pub(super) fn new(object: Object, in_use: InUse<Pool>) -> Self {
        Self { object, in_use }
    }

    /// Which generation it belongs to.
    pub fn generation(&self) -> Generation {
        self.in_use.generation()
    }

    /// Waits until a newer generation is in use: the time to finish and take a new client.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn superseded(&self) {
        self.in_use.superseded().await;
    }

    /// Waits until the credential of this client has come to its end, and says why. Race it with a transaction that
    /// may outlive the overlap; the lease is extended for it as far as it goes.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn ended(&self) -> Error {
        self.in_use.ended().await
    }

    /// Turns the driver's error into one that says why, where that is known: the end of the credential comes
    /// before whatever the server made of it.
    pub fn explain(&self, error: tokio_postgres::Error) -> Error {
        match self.in_use.end() {
            Some(why) => why,
            None => failed(error, "use database client"),
        }
    }
}

impl Deref for PgClient {
    type Target = ClientWrapper;

    fn deref(&self) -> &ClientWrapper {
        &self.object
    }
}

impl DerefMut for PgClient {
    fn deref_mut(&mut self) -> &mut ClientWrapper {
        &mut self.object
    }
}

impl fmt::Debug for PgClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PgClient(generation {})", self.generation())
    }
}

/// What the driver's error says about the credential.
pub(super) fn refusal(error: &tokio_postgres::Error) -> Refusal {
    error.code().map_or(Refusal::None, |state| Refusal::from_sqlstate(state.code()))
}

/// The driver's error as ours. Its text names the user, never the password.
pub(super) fn failed(error: tokio_postgres::Error, operation: &'static str) -> Error {
    let (kind, help) = match refusal(&error) {
        Refusal::Login => (ErrorKind::Unauthenticated, "the database does not accept the user (yet)"),
        Refusal::Permission => {
            (ErrorKind::PermissionDenied, "the user lacks a right; see the role's statements")
        }
        Refusal::None if error.as_db_error().is_some() => (ErrorKind::InvalidRequest, "the database refused"),
        Refusal::None => (ErrorKind::Connect, "no connection to the database"),
    };
    let advice = match kind {
        ErrorKind::Unauthenticated | ErrorKind::Connect => RetryAdvice::Backoff,
        _ => RetryAdvice::Never,
    };
    Error::new(kind, operation).with_help(help).with_retry(advice).with_source(error)
}

/// The pool's error as ours.
pub(super) fn pool_failed(error: deadpool_postgres::PoolError, operation: &'static str) -> Error {
    use deadpool_postgres::PoolError;
    match error {
        PoolError::Backend(error) => failed(error, operation),
        PoolError::Timeout(_) => Error::new(ErrorKind::Timeout, operation)
            .with_help("no client in time; is the pool too small?")
            .with_source(error),
        PoolError::Closed => Error::new(ErrorKind::Closed, operation),
        other => Error::new(ErrorKind::Config, operation).with_source(other),
    }
}

/// What the pool's error says to a caller that waits for a client.
pub(super) fn obstacle(error: &deadpool_postgres::PoolError) -> Obstacle {
    match error {
        deadpool_postgres::PoolError::Backend(error) => Obstacle::of(refusal(error)),
        deadpool_postgres::PoolError::Closed => Obstacle::Closed,
        _ => Obstacle::Other,
    }
}
