//! The pool that an application holds.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::Result;
use catalyst_openbao::{DynamicCredentials, RoleName};
use sqlx::error::DatabaseError;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres};

use super::{PgCheckout, PgConnector, PgRotatingTransaction};
use crate::pool::checkout::{self, Obstacle};
use crate::pool::{PoolSource, Refusal, Refusals};
use crate::rotation::{self, Events, Generation, Health, InUse, Policy, Rotating};

/// A `PgPool` whose user is replaced before it ends. Cheap to clone.
///
/// `&RotatingPgPool` goes wherever a `&PgPool` goes: it is an `Executor` and an `Acquire`. A query, stream,
/// connection or transaction keeps its generation as long as it lives. A caller that waits for a connection while
/// the pool is swapped gets one of the new pool. A login that the database refuses causes an early rotation, and the
/// caller waits for it within the acquire timeout.
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
#[derive(Clone, Debug)]
pub struct RotatingPgPool {
    rotating: Rotating<PgPool>,
    refusals: Arc<Refusals>,
    acquire_timeout: Duration,
}

/// What a [`RotatingPgPool`] is made of.
#[derive(Clone, Debug)]
#[must_use]
pub struct RotatingPgPoolBuilder {
    database: Arc<dyn DynamicCredentials>,
    role: RoleName,
    connect: PgConnectOptions,
    pool: PgPoolOptions,
    policy: Policy,
    pace: Option<Duration>,
    warm_query: Option<String>,
}

impl RotatingPgPoolBuilder {
    /// The size and the timeouts of each generation's pool; sqlx's defaults if not set.
    pub fn pool_options(mut self, options: PgPoolOptions) -> Self {
        self.pool = options;
        self
    }

    /// When the user is replaced, and how patiently.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The least pause between two connections while the next pool is warmed. Default: 10 ms; up to 100 ms are taken
    /// where there is time.
    pub fn warm_pace(mut self, pace: Duration) -> Self {
        self.pace = Some(pace);
        self
    }

    /// A harmless query that each new connection runs before it is used, best the application's commonest. A fresh
    /// session of PostgreSQL reads its catalogues at the first query, which takes milliseconds. It is a constant of
    /// the application, never input.
    pub fn warm_query(mut self, query: impl Into<String>) -> Self {
        self.warm_query = Some(query.into());
        self
    }

    /// Makes the first user, connects with it, and rotates from here on.
    ///
    /// # Errors
    /// Those of [`rotation::start`]: the role, the policy, OpenBao or the database.
    ///
    /// # Cancel safety
    /// Safe: a user that was made is given back.
    pub async fn start(self) -> Result<RotatingPgPool> {
        let acquire_timeout = self.pool.get_acquire_timeout();
        let connector = PgConnector::new(self.connect, self.pool).warm_query(self.warm_query);
        let mut source = PoolSource::new(self.database, self.role, connector);
        if let Some(pace) = self.pace {
            source = source.warm_pace(pace);
        }
        let rotating = rotation::start(source, self.policy).await?;
        Ok(RotatingPgPool { rotating, refusals: Arc::default(), acquire_timeout })
    }
}

impl RotatingPgPool {
    /// A pool to the database of `connect` (its user and password are not used), as users of `role`.
    pub fn builder(
        database: Arc<dyn DynamicCredentials>,
        role: RoleName,
        connect: PgConnectOptions,
    ) -> RotatingPgPoolBuilder {
        let (pool, policy) = (PgPoolOptions::new(), Policy::default());
        RotatingPgPoolBuilder { database, role, connect, pool, policy, pace: None, warm_query: None }
    }

    /// A connection, which keeps its generation as long as it lives.
    ///
    /// # Errors
    /// Those of sqlx; `PoolClosed` only after a shutdown.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn acquire(&self) -> sqlx::Result<PgCheckout> {
        let (connection, in_use) = self.checkout().await?;
        Ok(PgCheckout::new(connection, in_use))
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
    pub async fn begin(&self) -> sqlx::Result<PgRotatingTransaction> {
        let (connection, in_use) = self.checkout().await?;
        PgRotatingTransaction::begin(connection, in_use).await
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

    /// The rotating value itself, to pin a generation's `PgPool` by hand.
    pub fn rotating(&self) -> &Rotating<PgPool> {
        &self.rotating
    }

    /// Tells about an error that was met on a connection or transaction taken from this pool. Errors of queries on
    /// the pool itself are noted anyway.
    pub fn report(&self, error: &sqlx::Error) {
        self.note(error, self.generation());
    }

    /// Drains the pool and gives the users back, within `limit`. Calling it again waits for the same end.
    ///
    /// # Errors
    /// `Timeout` if something was left to its TTL.
    ///
    /// # Cancel safety
    /// The shutdown goes on.
    pub async fn shutdown(&self, limit: Duration) -> Result<()> {
        self.rotating.shutdown(limit).await
    }

    /// A connection of the newest generation, and the right to keep it.
    pub(super) async fn checkout(&self) -> sqlx::Result<(PoolConnection<Postgres>, InUse<PgPool>)> {
        let read = |error: &sqlx::Error| match error {
            sqlx::Error::PoolClosed => Obstacle::Closed,
            error => Obstacle::of(refusal(error)),
        };
        let taken = checkout::newest(&self.rotating, self.acquire_timeout, PgPool::acquire, read).await;
        taken.unwrap_or(Err(sqlx::Error::PoolClosed))
    }

    /// Asks for an early rotation if `error` says that the credential is no good.
    pub(super) fn note(&self, error: &sqlx::Error, generation: Generation) {
        if self.refusals.note(refusal(error)) {
            self.rotating.report_refused(generation);
        }
    }
}

/// What the driver's error says about the credential.
pub(super) fn refusal(error: &sqlx::Error) -> Refusal {
    let state = error.as_database_error().and_then(DatabaseError::code);
    state.as_deref().map_or(Refusal::None, Refusal::from_sqlstate)
}
