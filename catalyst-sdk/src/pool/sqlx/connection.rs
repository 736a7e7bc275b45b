//! What is taken out of the pool: a connection or a transaction that keeps its generation.

use std::fmt;
use std::ops::{Deref, DerefMut};

use futures_core::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::{Acquire, Connection, Database, Pool, Transaction};

use super::executor::ended;
use crate::rotation::{Generation, InUse};

/// A connection that ends with a reason. `&mut` of it is an `Executor`, as `&mut` of the driver's own is.
///
/// When its credential reaches its end, a statement in flight stops and every later one fails, with an error whose
/// source is a [`catalyst_core::Error`] of kind `Expired`.
pub struct ConnectionGuard<DB: Database, C> {
    pub(super) connection: C,
    pub(super) in_use: InUse<Pool<DB>>,
}

/// A connection from a rotating pool.
pub type PoolCheckout<DB> = ConnectionGuard<DB, PoolConnection<DB>>;

impl<DB: Database, C> ConnectionGuard<DB, C> {
    pub(super) fn new(connection: C, in_use: InUse<Pool<DB>>) -> Self {
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

impl<DB: Database, C: DerefMut<Target = DB::Connection>> ConnectionGuard<DB, C> {
    /// The driver's own connection. What runs on it directly ends with the server's error, not with ours.
    pub fn driver(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }
}

impl<DB: Database, C> fmt::Debug for ConnectionGuard<DB, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionGuard(generation {})", self.generation())
    }
}

impl<'c, DB: Database, C> Acquire<'c> for &'c mut ConnectionGuard<DB, C>
where
    C: DerefMut<Target = DB::Connection> + Send,
{
    type Database = DB;
    type Connection = &'c mut DB::Connection;

    fn acquire(self) -> BoxFuture<'c, sqlx::Result<Self::Connection>> {
        Box::pin(async move {
            match self.in_use.end() {
                Some(why) => Err(ended(why)),
                None => Ok(&mut *self.connection),
            }
        })
    }

    fn begin(self) -> BoxFuture<'c, sqlx::Result<Transaction<'c, DB>>> {
        Box::pin(async move {
            match self.in_use.end() {
                Some(why) => Err(ended(why)),
                None => Connection::begin(&mut *self.connection).await,
            }
        })
    }
}

/// A transaction from a rotating pool. Run statements on `&mut *transaction`, as with
/// sqlx's own. Dropped without a commit, it rolls back.
pub struct RotatingTransaction<DB: Database>(ConnectionGuard<DB, Transaction<'static, DB>>);

impl<DB: Database> RotatingTransaction<DB> {
    pub(super) async fn begin(connection: PoolConnection<DB>, in_use: InUse<Pool<DB>>) -> sqlx::Result<Self> {
        let transaction = Transaction::begin(connection, None).await?;
        Ok(Self(ConnectionGuard::new(transaction, in_use)))
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

impl<DB: Database> Deref for RotatingTransaction<DB> {
    type Target = ConnectionGuard<DB, Transaction<'static, DB>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<DB: Database> DerefMut for RotatingTransaction<DB> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<DB: Database> fmt::Debug for RotatingTransaction<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RotatingTransaction(generation {})", self.generation())
    }
}
