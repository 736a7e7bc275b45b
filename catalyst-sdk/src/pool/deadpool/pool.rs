//! The pool that an application holds.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result};
use catalyst_openbao::{DynamicCredentials, RoleName};
use deadpool_postgres::Pool;
use tokio_postgres::Config;

use super::client::{obstacle, pool_failed, refusal};
use super::{DeadpoolConnector, PgClient, PoolLimits};
use crate::pool::{PoolSource, Refusals, checkout};
use crate::rotation::{self, Events, Generation, Health, Policy, Rotating};

/// A deadpool-postgres pool whose user is replaced before it ends. Cheap to clone.
///
/// A client keeps its generation as long as it lives. A caller that waits while the pool is swapped gets a client of
/// the new pool. A login that the database refuses causes an early rotation, and the caller waits for it.
///
/// ```no_run
/// # async fn example(orders: catalyst_sdk::pool::deadpool::RotatingDeadpool) -> Result<(), Box<dyn std::error::Error>> {
/// let client = orders.get().await?;
/// let row = client.query_one("select count(*) from orders", &[]).await?;
/// # let _: i64 = row.get(0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RotatingDeadpool {
    rotating: Rotating<Pool>,
    refusals: Arc<Refusals>,
    wait: Duration,
}

/// What a [`RotatingDeadpool`] is made of.
#[derive(Clone, Debug)]
#[must_use]
pub struct RotatingDeadpoolBuilder {
    database: Arc<dyn DynamicCredentials>,
    role: RoleName,
    connect: Config,
    limits: PoolLimits,
    tls: TlsConfig,
    policy: Policy,
    pace: Option<Duration>,
    warm_query: Option<String>,
}

impl RotatingDeadpoolBuilder {
    /// The limits of each generation's pool.
    pub fn limits(mut self, limits: PoolLimits) -> Self {
        self.limits = limits;
        self
    }

    /// How the database's certificate is checked, unless `sslmode` is `disable`.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = tls;
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
    pub async fn start(self) -> Result<RotatingDeadpool> {
        let wait = self.limits.wait;
        let connector =
            DeadpoolConnector::new(self.connect, self.limits, self.tls).warm_query(self.warm_query);
        let mut source = PoolSource::new(self.database, self.role, connector);
        if let Some(pace) = self.pace {
            source = source.warm_pace(pace);
        }
        let rotating = rotation::start(source, self.policy).await?;
        Ok(RotatingDeadpool { rotating, refusals: Arc::default(), wait })
    }
}

impl RotatingDeadpool {
    /// A pool to the database of `connect` (its user and password are not used), as users of `role`.
    pub fn builder(
        database: Arc<dyn DynamicCredentials>,
        role: RoleName,
        connect: Config,
    ) -> RotatingDeadpoolBuilder {
        let (limits, tls, policy) = (PoolLimits::default(), TlsConfig::new(), Policy::default());
        RotatingDeadpoolBuilder { database, role, connect, limits, tls, policy, pace: None, warm_query: None }
    }

    /// A client, which keeps its generation as long as it lives.
    ///
    /// # Errors
    /// `Timeout` if there was none in time, `Connect` or `Unauthenticated` from the database, `Closed` after a
    /// shutdown.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn get(&self) -> Result<PgClient> {
        let take = |pool: &Pool| {
            let pool = pool.clone();
            async move { pool.get().await }
        };
        match checkout::newest(&self.rotating, self.wait, take, obstacle).await {
            Some(Ok((object, in_use))) => Ok(PgClient::new(object, in_use)),
            Some(Err(error)) => Err(pool_failed(error, GET)),
            None => Err(Error::new(ErrorKind::Closed, GET)),
        }
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

    /// The rotating value itself, to pin a generation's pool by hand.
    pub fn rotating(&self) -> &Rotating<Pool> {
        &self.rotating
    }

    /// Tells about an error that was met on a client of this pool: a storm of missing rights causes an early
    /// rotation.
    pub fn report(&self, error: &tokio_postgres::Error) {
        if self.refusals.note(refusal(error)) {
            self.rotating.report_refused(self.generation());
        }
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
}

const GET: &str = "get database client";
