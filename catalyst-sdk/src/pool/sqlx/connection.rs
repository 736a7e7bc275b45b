//! What is taken out of the pool: a connection or a transaction that keeps its generation.

use std::fmt;
use std::ops::{Deref, DerefMut};

use futures_core::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::{Acquire, Connection, PgConnection, PgPool, Postgres, Transaction};

use super::executor::ended;
use crate::rotation::{Generation, InUse};

/// A connection that ends with a reason. `&mut` of it is an `Executor`, as `&mut PgConnection` is.
///
/// When its credential reaches its end, a statement in flight stops and every later one fails, with an error whose
/// source is a [`catalyst_core::Error`] of kind `Expired`.
pub struct PgConnectionGuard<C> {
    pub(super) connection: C,
    pub(super) in_use: InUse<PgPool>,
}

/// A connection from a [`RotatingPgPool`](super::RotatingPgPool).
pub type PgCheckout = PgConnectionGuard<PoolConnection<Postgres>>;

impl<C> PgConnectionGuard<C> {
    pub(super) fn new(connection: C, in_use: InUse<PgPool>) -> Self {
        Self { connection, in_use }
    }

    /// Which generation it belongs to.
    pub fn generation(&self) -> Generation {
        self.in_use.generation()
    }

    /// Waits until a newer generation is in use: the time to finish and take a new connection.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn superseded(&self) {
        self.in_use.superseded().await;
    }
}

impl<C: DerefMut<Target = PgConnection>> PgConnectionGuard<C> {
    /// The driver's own connection. What runs on it directly ends with the server's error, not with ours.
    pub fn driver(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl<C> fmt::Debug for PgConnectionGuard<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PgConnectionGuard(generation {})", self.generation())
    }
}

impl<'c, C> Acquire<'c> for &'c mut PgConnectionGuard<C>
where
    C: DerefMut<Target = PgConnection> + Send,
{
    type Database = Postgres;
    type Connection = &'c mut PgConnection;

    fn acquire(self) -> BoxFuture<'c, sqlx::Result<Self::Connection>> {
        Box::pin(async move {
            match self.in_use.end() {
                Some(why) => Err(ended(why)),
                None => Ok(&mut *self.connection),
            }
        })
    }

    fn begin(self) -> BoxFuture<'c, sqlx::Result<Transaction<'c, Postgres>>> {
        Box::pin(async move {
            match self.in_use.end() {
                Some(why) => Err(ended(why)),
                None => Connection::begin(&mut *self.connection).await,
            }
        })
    }
}

/// A transaction from a [`RotatingPgPool`](super::RotatingPgPool). Run statements on `&mut *transaction`, as with
/// sqlx's own. Dropped without a commit, it rolls back.
pub struct PgRotatingTransaction(PgConnectionGuard<Transaction<'static, Postgres>>);

impl PgRotatingTransaction {
    pub(super) async fn begin(
        connection: PoolConnection<Postgres>,
        in_use: InUse<PgPool>,
    ) -> sqlx::Result<Self> {
        let transaction = Transaction::begin(connection, None).await?;
        Ok(Self(PgConnectionGuard::new(transaction, in_use)))
    }

    /// Commits.
    ///
    /// # Errors
    /// Those of sqlx, and the end of the credential: then nothing was committed.
    ///
    /// # Cancel safety
    /// If dropped, the outcome is unknown, as with any commit.
    pub async fn commit(self) -> sqlx::Result<()> {
        match self.0.in_use.end() {
            Some(why) => Err(ended(why)),
            None => self.0.connection.commit().await,
        }
    }

    /// Rolls back.
    ///
    /// # Errors
    /// Those of sqlx. The database rolls back in any case.
    ///
    /// # Cancel safety
    /// Safe: the transaction is rolled back.
    pub async fn rollback(self) -> sqlx::Result<()> {
        self.0.connection.rollback().await
    }
}

impl Deref for PgRotatingTransaction {
    type Target = PgConnectionGuard<Transaction<'static, Postgres>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for PgRotatingTransaction {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl fmt::Debug for PgRotatingTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PgRotatingTransaction(generation {})", self.generation())
    }
}
