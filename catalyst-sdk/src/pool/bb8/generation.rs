//! One generation's pool. bb8 has no way to close one, so that it is let go instead; and it tells a caller only that
//! no connection came in time, so that the reason is kept beside it.

use std::fmt::{self, Debug};
use std::sync::{Mutex, PoisonError};

use bb8::{ErrorSink, Pool, PooledConnection, RunError};
use catalyst_core::{Error, ErrorKind};
use tokio::sync::watch;

use super::Manager;
use crate::pool::DriverError;

const GET: &str = "get database connection";

/// A pool of bb8, until it is closed.
pub struct Bb8Pool {
    pool: Mutex<Option<Pool<Manager>>>,
    failure: watch::Receiver<Option<Error>>,
}

impl Bb8Pool {
    pub(super) fn new(pool: Pool<Manager>, failure: watch::Receiver<Option<Error>>) -> Self {
        Self { pool: Mutex::new(Some(pool)), failure }
    }

    /// The pool itself; none when it was closed.
    pub fn pool(&self) -> Option<Pool<Manager>> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Closes the idle connections, and the others when they come home.
    pub(super) fn close(&self) {
        drop(self.pool.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// A connection, or why there is none. A refused login is told at once, for trying again does not help; other
    /// failures to connect only if they are `fatal`, else bb8 tries again until the time is over.
    pub(super) async fn get(&self, fatal: bool) -> Result<PooledConnection<'static, Manager>, Error> {
        let pool = self.pool().ok_or_else(|| Error::new(ErrorKind::Closed, GET))?;
        let mut failure = self.failure.clone();
        failure.mark_unchanged();
        let is_told = |error: &Option<Error>| {
            error.as_ref().is_some_and(|error| fatal || error.kind() == ErrorKind::Unauthenticated)
        };
        let told = async {
            match failure.wait_for(is_told).await.map(|error| error.clone()) {
                Ok(Some(error)) => error,
                // The pool is gone, and what we wait for will say so.
                Ok(None) | Err(_) => std::future::pending().await,
            }
        };
        let result = tokio::select! {
            biased;
            result = pool.get_owned() => result,
            error = told => return Err(error),
        };
        result.map_err(|error| match error {
            RunError::User(error) => error.explain(GET),
            RunError::TimedOut => self.failure.borrow().clone().unwrap_or_else(|| {
                Error::new(ErrorKind::Timeout, GET).with_help("no connection in time; is the pool too small?")
            }),
        })
    }
}

impl Debug for Bb8Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bb8Pool").field("closed", &self.pool().is_none()).finish_non_exhaustive()
    }
}

/// Keeps the newest failure to connect.
#[derive(Clone, Debug)]
pub(super) struct Sink(pub(super) watch::Sender<Option<Error>>);

impl ErrorSink<tokio_postgres::Error> for Sink {
    fn sink(&self, error: tokio_postgres::Error) {
        self.0.send_replace(Some(error.explain(GET)));
    }

    fn boxed_clone(&self) -> Box<dyn ErrorSink<tokio_postgres::Error>> {
        Box::new(self.clone())
    }
}
