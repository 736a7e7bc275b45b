//! diesel-async in deadpool as a driver.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result};
use catalyst_openbao::{DynamicCredentials, RoleName};
use catalyst_spiffe::WorkloadIdentity;
use deadpool::Runtime;
use diesel::result::Error as StatementError;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::pooled_connection::deadpool::{Object, Pool, PoolError};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::pool::postgres::Options;
use crate::pool::{Checkout, Driver, Login, PoolLimits, Proof, RotatingPool, RotatingPoolBuilder};

/// diesel-async, with its options.
#[derive(Clone, Debug)]
pub struct Diesel(Options);

/// A pool of diesel-async whose user is replaced before it ends.
///
/// ```no_run
/// use diesel_async::RunQueryDsl;
///
/// # async fn example(orders: catalyst_sdk::pool::diesel::RotatingDiesel) -> Result<(), Box<dyn std::error::Error>> {
/// let mut connection = orders.get().await?;
/// diesel::sql_query("update orders set open = false").execute(&mut *connection).await?;
/// # Ok(())
/// # }
/// ```
pub type RotatingDiesel = RotatingPool<Diesel>;

/// What a [`RotatingDiesel`] is made of.
pub type RotatingDieselBuilder = RotatingPoolBuilder<Diesel>;

/// A connection from a [`RotatingDiesel`]: `&mut *connection` goes wherever a connection of diesel-async goes.
pub type DieselConnection = Checkout<Diesel>;

impl Diesel {
    pub(crate) fn new(database: Config, limits: PoolLimits, tls: TlsConfig) -> Self {
        Self(Options { database, limits, tls })
    }
}

impl RotatingPool<Diesel> {
    /// A pool to the database of `connect` (its user and password are not used), as users of `role`.
    pub fn builder(
        database: Arc<dyn DynamicCredentials>,
        role: RoleName,
        connect: Config,
    ) -> RotatingDieselBuilder {
        RotatingPoolBuilder::new(Login::Role { database, role }, Diesel(Options::new(connect)))
    }

    /// A pool to the database of `connect`, as the user named there, by our SVID as client certificate: the server's
    /// `pg_hba.conf` has a line `hostssl … cert`, and its `pg_ident.conf` maps the certificate's name to the user.
    pub fn by_identity(identity: Arc<dyn WorkloadIdentity>, connect: Config) -> RotatingDieselBuilder {
        RotatingPoolBuilder::new(Login::Identity(identity), Diesel(Options::new(connect)))
    }
}

impl RotatingPoolBuilder<Diesel> {
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

/// A connection that diesel-async drives itself.
async fn connect(database: Config, tls: Option<MakeRustlsConnect>) -> ConnectionResult<AsyncPgConnection> {
    // The driver's own error, in the only variant that holds one, so that its SQLSTATE can be read.
    let refused = |error: tokio_postgres::Error| {
        ConnectionError::CouldntSetupConfiguration(StatementError::QueryBuilderError(Box::new(error)))
    };
    match tls {
        None => {
            let (client, connection) = database.connect(NoTls).await.map_err(refused)?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await
        }
        Some(tls) => {
            let (client, connection) = database.connect(tls).await.map_err(refused)?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await
        }
    }
}

impl Driver for Diesel {
    type Pool = Pool<AsyncPgConnection>;
    type Connection = Object<AsyncPgConnection>;
    type Error = PoolError;
    type StatementError = StatementError;

    fn open(&self, proof: Proof<'_>) -> Result<Self::Pool> {
        let (database, tls) = self.0.log_in(proof)?;
        let mut config = ManagerConfig::default();
        // A connection that was idle is checked by whether it has closed, without a query.
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |_address| connect(database.clone(), tls.clone()).boxed());
        // The address has no part in it: the options may hold what no address can.
        let manager = AsyncDieselConnectionManager::new_with_config("", config);
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

    async fn take(&self, pool: &Self::Pool) -> Result<Self::Connection, PoolError> {
        pool.get().await
    }

    async fn run(&self, connection: &mut Self::Connection, query: &str) -> Result<(), StatementError> {
        connection.batch_execute(query).await
    }

    fn max_connections(&self) -> usize {
        self.0.limits.max_size
    }

    fn wait(&self) -> Duration {
        self.0.limits.wait
    }

    fn size(&self, pool: &Self::Pool) -> usize {
        pool.status().size
    }

    async fn close(&self, pool: &Self::Pool) {
        pool.close();
    }

    fn end(&self, pool: &Self::Pool) {
        pool.close();
    }
}
