//! The pools by the names of their databases, and what they do more than any pool.

use std::sync::Arc;

use catalyst_openbao::{DynamicCredentials, RoleName};
use catalyst_spiffe::WorkloadIdentity;
use sqlx::pool::{PoolConnection, PoolOptions};

use super::{ConnectOptionsOf, PoolCheckout, RotatingTransaction, Sqlx, SqlxDatabase};
use crate::pool::{Login, RotatingPool, RotatingPoolBuilder};
use crate::rotation::InUse;

/// A `PgPool` whose user is replaced before it ends. Cheap to clone.
///
/// `&RotatingPgPool` goes wherever a `&PgPool` goes: it is an `Executor` and an `Acquire`. A query, stream,
/// connection or transaction keeps its generation as long as it lives.
///
/// ```no_run
/// # async fn example(orders: catalyst_sdk::pool::sqlx::RotatingPgPool) -> sqlx::Result<()> {
/// let open: i64 = sqlx::query_scalar("select count(*) from orders").fetch_one(&orders).await?;
/// let mut transaction = orders.begin().await?;
/// sqlx::query("update orders set open = $1").bind(open).execute(&mut *transaction).await?;
/// transaction.commit().await?;
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "sqlx")]
pub type RotatingPgPool = RotatingPool<Sqlx<sqlx::Postgres>>;

/// What a [`RotatingPgPool`] is made of.
#[cfg(feature = "sqlx")]
pub type RotatingPgPoolBuilder = RotatingPoolBuilder<Sqlx<sqlx::Postgres>>;

/// A connection from a [`RotatingPgPool`].
#[cfg(feature = "sqlx")]
pub type PgCheckout = PoolCheckout<sqlx::Postgres>;

/// A transaction from a [`RotatingPgPool`].
#[cfg(feature = "sqlx")]
pub type PgRotatingTransaction = RotatingTransaction<sqlx::Postgres>;

/// A `MySqlPool`, to MySQL or MariaDB, whose user is replaced before it ends. Cheap to clone.
///
/// `&RotatingMySqlPool` goes wherever a `&MySqlPool` goes.
///
/// ```no_run
/// # async fn example(orders: catalyst_sdk::pool::sqlx::RotatingMySqlPool) -> sqlx::Result<()> {
/// let open: i64 = sqlx::query_scalar("select count(*) from orders").fetch_one(&orders).await?;
/// # let _ = open;
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "mysql")]
pub type RotatingMySqlPool = RotatingPool<Sqlx<sqlx::MySql>>;

/// What a [`RotatingMySqlPool`] is made of.
#[cfg(feature = "mysql")]
pub type RotatingMySqlPoolBuilder = RotatingPoolBuilder<Sqlx<sqlx::MySql>>;

/// A connection from a [`RotatingMySqlPool`].
#[cfg(feature = "mysql")]
pub type MySqlCheckout = PoolCheckout<sqlx::MySql>;

/// A transaction from a [`RotatingMySqlPool`].
#[cfg(feature = "mysql")]
pub type MySqlRotatingTransaction = RotatingTransaction<sqlx::MySql>;

impl<DB: SqlxDatabase> RotatingPoolBuilder<Sqlx<DB>> {
    /// The size and the timeouts of each generation's pool; sqlx's defaults if not set.
    pub fn pool_options(mut self, options: PoolOptions<DB>) -> Self {
        self.driver.pool = options;
        self
    }
}

impl<DB: SqlxDatabase> RotatingPool<Sqlx<DB>> {
    /// A pool to the database of `connect` (its user and password are not used), as users of `role`.
    pub fn builder(
        database: Arc<dyn DynamicCredentials>,
        role: RoleName,
        connect: ConnectOptionsOf<DB>,
    ) -> RotatingPoolBuilder<Sqlx<DB>> {
        RotatingPoolBuilder::new(Login::Role { database, role }, Sqlx::new(connect))
    }

    /// A pool to the database of `connect`, as the user named there, by our SVID as client certificate. The server
    /// must be checked: `sslmode=verify-full`. The options of sqlx keep a copy of the key as long as the pool lives.
    pub fn by_identity(
        identity: Arc<dyn WorkloadIdentity>,
        connect: ConnectOptionsOf<DB>,
    ) -> RotatingPoolBuilder<Sqlx<DB>> {
        RotatingPoolBuilder::new(Login::Identity(identity), Sqlx::new(connect))
    }

    /// A connection, which keeps its generation as long as it lives.
    ///
    /// # Errors
    /// Those of sqlx; `PoolClosed` only after a shutdown.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn acquire(&self) -> sqlx::Result<PoolCheckout<DB>> {
        let (connection, in_use) = self.checkout().await?;
        Ok(PoolCheckout::new(connection, in_use))
    }

    /// A transaction, which keeps its generation as long as it lives: the lease of its user is extended for it as
    /// far as it goes. If it outlives that, its next statement fails with an error that says so and has a
    /// [`catalyst_core::Error`] of kind `Expired` as source.
    ///
    /// # Errors
    /// Those of sqlx.
    ///
    /// # Cancel safety
    /// Safe: the transaction is rolled back.
    pub async fn begin(&self) -> sqlx::Result<RotatingTransaction<DB>> {
        let (connection, in_use) = self.checkout().await?;
        RotatingTransaction::begin(connection, in_use).await
    }

    pub(super) async fn checkout(&self) -> sqlx::Result<(PoolConnection<DB>, InUse<sqlx::Pool<DB>>)> {
        self.take().await.unwrap_or(Err(sqlx::Error::PoolClosed))
    }
}
