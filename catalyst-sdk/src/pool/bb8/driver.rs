//! bb8-postgres as a driver.

use std::sync::Arc;
use std::time::Duration;

use bb8::{Pool, PooledConnection};
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result};
use catalyst_openbao::{DynamicCredentials, RoleName};
use catalyst_spiffe::WorkloadIdentity;
use tokio::sync::watch;
use tokio_postgres::Config;

use super::generation::{Bb8Pool, Sink};
use super::manager::Manager;
use crate::pool::postgres::Options;
use crate::pool::{
    Checkout, Driver, DriverError, Login, PoolLimits, Proof, Refusal, RotatingPool, RotatingPoolBuilder,
};

/// bb8-postgres, with its options.
#[derive(Clone, Debug)]
pub struct Bb8(Options);

/// A bb8-postgres pool whose user is replaced before it ends.
///
/// ```no_run
/// # async fn example(orders: catalyst_sdk::pool::bb8::RotatingBb8) -> Result<(), Box<dyn std::error::Error>> {
/// let client = orders.get().await?;
/// let row = client.query_one("select count(*) from orders", &[]).await?;
/// # let _: i64 = row.get(0);
/// # Ok(())
/// # }
/// ```
pub type RotatingBb8 = RotatingPool<Bb8>;

/// What a [`RotatingBb8`] is made of.
pub type RotatingBb8Builder = RotatingPoolBuilder<Bb8>;

/// A client from a [`RotatingBb8`], with the driver's methods.
pub type Bb8Client = Checkout<Bb8>;

impl Bb8 {
    pub(crate) fn new(database: Config, limits: PoolLimits, tls: TlsConfig) -> Self {
        Self(Options { database, limits, tls })
    }
}

impl RotatingPool<Bb8> {
    /// A pool to the database of `connect` (its user and password are not used), as users of `role`.
    pub fn builder(
        database: Arc<dyn DynamicCredentials>,
        role: RoleName,
        connect: Config,
    ) -> RotatingBb8Builder {
        RotatingPoolBuilder::new(Login::Role { database, role }, Bb8(Options::new(connect)))
    }

    /// A pool to the database of `connect`, as the user named there, by our SVID as client certificate: the server's
    /// `pg_hba.conf` has a line `hostssl … cert`, and its `pg_ident.conf` maps the certificate's name to the user.
    pub fn by_identity(identity: Arc<dyn WorkloadIdentity>, connect: Config) -> RotatingBb8Builder {
        RotatingPoolBuilder::new(Login::Identity(identity), Bb8(Options::new(connect)))
    }
}

impl RotatingPoolBuilder<Bb8> {
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

impl Driver for Bb8 {
    type Pool = Bb8Pool;
    type Connection = PooledConnection<'static, Manager>;
    type Error = Error;
    type StatementError = tokio_postgres::Error;

    fn open(&self, proof: Proof<'_>) -> Result<Bb8Pool> {
        let (database, tls) = self.0.log_in(proof)?;
        let (sender, failure) = watch::channel(None);
        let most = u32::try_from(self.0.limits.max_size).unwrap_or(u32::MAX).max(1);
        let pool = Pool::builder()
            .max_size(most)
            .connection_timeout(self.0.limits.wait)
            // A generation is replaced as a whole.
            .max_lifetime(None)
            .error_sink(Box::new(Sink(sender)))
            .build_unchecked(Manager::new(database, tls));
        Ok(Bb8Pool::new(pool, failure))
    }

    async fn take(&self, pool: &Bb8Pool) -> Result<Self::Connection, Error> {
        pool.get(false).await
    }

    async fn prove(&self, pool: &Bb8Pool) -> Result<Self::Connection, Error> {
        pool.get(true).await
    }

    async fn run(&self, client: &mut Self::Connection, query: &str) -> Result<(), tokio_postgres::Error> {
        client.query(query, &[]).await.map(drop)
    }

    fn max_connections(&self) -> usize {
        self.0.limits.max_size
    }

    fn wait(&self) -> Duration {
        self.0.limits.wait
    }

    fn size(&self, pool: &Bb8Pool) -> usize {
        pool.pool().map_or(0, |pool| pool.state().connections as usize)
    }

    async fn close(&self, pool: &Bb8Pool) {
        pool.close();
    }

    fn end(&self, pool: &Bb8Pool) {
        pool.close();
    }
}

/// bb8's errors are made ours where they are met.
impl DriverError for Error {
    fn refusal(&self) -> Refusal {
        if self.kind() == ErrorKind::Unauthenticated { Refusal::Login } else { Refusal::None }
    }

    fn is_closed(&self) -> bool {
        self.kind() == ErrorKind::Closed
    }

    fn explain(self, _operation: &'static str) -> Error {
        self
    }
}
