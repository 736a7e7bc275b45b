//! deadpool-postgres as a driver.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result};
use catalyst_openbao::{DynamicCredentials, RoleName};
use catalyst_spiffe::WorkloadIdentity;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use tokio_postgres::{Config, NoTls};

use crate::pool::postgres::Options;
use crate::pool::{
    Checkout, Driver, DriverError, Login, PoolLimits, Proof, Refusal, RotatingPool, RotatingPoolBuilder,
};

/// deadpool-postgres, with its options.
#[derive(Clone, Debug)]
pub struct Deadpool(Options);

/// A deadpool-postgres pool whose user is replaced before it ends.
///
/// ```no_run
/// # async fn example(orders: catalyst_sdk::pool::deadpool::RotatingDeadpool) -> Result<(), Box<dyn std::error::Error>> {
/// let client = orders.get().await?;
/// let row = client.query_one("select count(*) from orders", &[]).await?;
/// # let _: i64 = row.get(0);
/// # Ok(())
/// # }
/// ```
pub type RotatingDeadpool = RotatingPool<Deadpool>;

/// What a [`RotatingDeadpool`] is made of.
pub type RotatingDeadpoolBuilder = RotatingPoolBuilder<Deadpool>;

/// A client from a [`RotatingDeadpool`], with the driver's methods.
pub type PgClient = Checkout<Deadpool>;

impl Deadpool {
    pub(crate) fn new(database: Config, limits: PoolLimits, tls: TlsConfig) -> Self {
        Self(Options { database, limits, tls })
    }
}

impl RotatingPool<Deadpool> {
    /// A pool to the database of `connect` (its user and password are not used), as users of `role`.
    pub fn builder(
        database: Arc<dyn DynamicCredentials>,
        role: RoleName,
        connect: Config,
    ) -> RotatingDeadpoolBuilder {
        RotatingPoolBuilder::new(Login::Role { database, role }, Deadpool(Options::new(connect)))
    }

    /// A pool to the database of `connect`, as the user named there, by our SVID as client certificate: the server's
    /// `pg_hba.conf` has a line `hostssl … cert`, and its `pg_ident.conf` maps the certificate's name to the user.
    pub fn by_identity(identity: Arc<dyn WorkloadIdentity>, connect: Config) -> RotatingDeadpoolBuilder {
        RotatingPoolBuilder::new(Login::Identity(identity), Deadpool(Options::new(connect)))
    }
}

impl RotatingPoolBuilder<Deadpool> {
    /// The limits of each generation's pool.
    pub fn limits(mut self, limits: PoolLimits) -> Self {
        self.driver.0.limits = limits;
        self
    }

    /// How the database's certificate is checked, unless `sslmode` is `disable`.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.driver.0.tls = tls;
        self
    }
}

impl Driver for Deadpool {
    type Pool = Pool;
    type Connection = Object;
    type Error = PoolError;
    type StatementError = tokio_postgres::Error;

    fn open(&self, proof: Proof<'_>) -> Result<Pool> {
        let (database, tls) = self.0.log_in(proof)?;
        // A client that was idle is checked by whether its connection has closed, without a query.
        let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match tls {
            None => Manager::from_config(database, NoTls, config),
            Some(tls) => Manager::from_config(database, tls, config),
        };
        let limits = self.0.limits;
        Pool::builder(manager)
            .max_size(limits.max_size.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(limits.wait))
            .create_timeout(Some(limits.connect))
            .recycle_timeout(Some(limits.connect))
            .build()
            .map_err(|error| Error::new(ErrorKind::Config, "open connection pool").with_source(error))
    }

    async fn take(&self, pool: &Pool) -> Result<Object, PoolError> {
        pool.get().await
    }

    async fn run(&self, client: &mut Object, query: &str) -> Result<(), tokio_postgres::Error> {
        client.query(query, &[]).await.map(drop)
    }

    fn max_connections(&self) -> usize {
        self.0.limits.max_size
    }

    fn wait(&self) -> Duration {
        self.0.limits.wait
    }

    fn size(&self, pool: &Pool) -> usize {
        pool.status().size
    }

    async fn close(&self, pool: &Pool) {
        pool.close();
    }

    fn end(&self, pool: &Pool) {
        pool.close();
    }
}

impl DriverError for PoolError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Backend(error) => error.refusal(),
            _ => Refusal::None,
        }
    }

    fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }

    fn explain(self, operation: &'static str) -> Error {
        match self {
            Self::Backend(error) => error.explain(operation),
            Self::Timeout(_) => Error::new(ErrorKind::Timeout, operation)
                .with_help("no client in time; is the pool too small?")
                .with_source(self),
            Self::Closed => Error::new(ErrorKind::Closed, operation),
            other => Error::new(ErrorKind::Config, operation).with_source(other),
        }
    }
}
