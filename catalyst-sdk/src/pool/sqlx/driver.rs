//! sqlx as a driver.

use std::fmt;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result, RetryAdvice};
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::{Connection, Database, Pool};

use super::SqlxDatabase;
use super::database::refusal;
use crate::pool::{Driver, DriverError, Proof, Refusal, handshake};

/// How sqlx finds a database of that kind.
pub type ConnectOptionsOf<DB> = <<DB as Database>::Connection as Connection>::Options;

/// sqlx for one kind of database, with its options.
pub struct Sqlx<DB: Database> {
    pub(super) connect: ConnectOptionsOf<DB>,
    pub(super) pool: PoolOptions<DB>,
}

impl<DB: SqlxDatabase> Sqlx<DB> {
    pub(crate) fn new(connect: ConnectOptionsOf<DB>) -> Self {
        Self { connect, pool: PoolOptions::new() }
    }

    /// With at most so many connections in each pool, or sqlx's own number.
    pub(crate) fn sized(connect: ConnectOptionsOf<DB>, most: Option<u32>) -> Self {
        let pool = PoolOptions::new();
        Self { connect, pool: most.map_or(pool.clone(), |most| pool.max_connections(most)) }
    }
}

impl<DB: SqlxDatabase> Driver for Sqlx<DB> {
    type Pool = Pool<DB>;
    type Connection = PoolConnection<DB>;
    type Error = sqlx::Error;
    type StatementError = sqlx::Error;

    fn open(&self, proof: Proof<'_>) -> Result<Pool<DB>> {
        let options = DB::log_in(self.connect.clone(), proof)?;
        Ok(self.pool.clone().connect_lazy_with(options))
    }

    async fn take(&self, pool: &Pool<DB>) -> sqlx::Result<PoolConnection<DB>> {
        pool.acquire().await
    }

    async fn run(&self, connection: &mut PoolConnection<DB>, query: &str) -> sqlx::Result<()> {
        DB::run(connection, query).await
    }

    fn max_connections(&self) -> usize {
        usize::try_from(self.pool.get_max_connections()).unwrap_or(usize::MAX)
    }

    fn wait(&self) -> Duration {
        self.pool.get_acquire_timeout()
    }

    fn size(&self, pool: &Pool<DB>) -> usize {
        pool.size() as usize
    }

    async fn close(&self, pool: &Pool<DB>) {
        pool.close().await;
    }

    fn end(&self, pool: &Pool<DB>) {
        // Marks it closed at once; whoever still has a connection is told through the generation.
        drop(pool.close());
    }
}

impl DriverError for sqlx::Error {
    fn refusal(&self) -> Refusal {
        self.as_database_error().map_or(Refusal::None, refusal)
    }

    fn is_closed(&self) -> bool {
        matches!(self, Self::PoolClosed)
    }

    /// Its own text is kept as the source: it names the user, never the password.
    fn explain(self, operation: &'static str) -> Error {
        let (kind, help) = match (self.refusal(), &self) {
            (Refusal::Login, _) => (
                ErrorKind::Unauthenticated,
                "the database does not accept the user (yet); is it the one OpenBao writes to?",
            ),
            // A handshake that fails is an Io of the driver's.
            (_, error) if matches!(error, Self::Tls(_)) || handshake::failed(error) => {
                (ErrorKind::Tls, "no secure connection to the database: check its CA and name")
            }
            (_, Self::PoolTimedOut) => (ErrorKind::Timeout, "no connection to the database in time"),
            (_, Self::PoolClosed) => (ErrorKind::Closed, "the pool was shut down"),
            (_, Self::Configuration(_)) => {
                (ErrorKind::Config, "the options of the database connection cannot work")
            }
            _ => (ErrorKind::Connect, "no connection to the database"),
        };
        let lasting = matches!(kind, ErrorKind::Config | ErrorKind::Closed);
        let advice = if lasting { RetryAdvice::Never } else { RetryAdvice::Backoff };
        Error::new(kind, operation).with_help(help).with_retry(advice).with_source(self)
    }
}

impl<DB: Database> Clone for Sqlx<DB> {
    fn clone(&self) -> Self {
        Self { connect: self.connect.clone(), pool: self.pool.clone() }
    }
}

/// Without the address, which may hold a password that is not used.
impl<DB: Database> fmt::Debug for Sqlx<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlx").field("database", &DB::NAME).field("pool", &self.pool).finish_non_exhaustive()
    }
}
