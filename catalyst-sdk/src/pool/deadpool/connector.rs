//! Opening, warming and closing a pool of deadpool-postgres.

use std::fmt;
use std::time::Duration;

use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result};
use catalyst_openbao::Credentials;
use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolBuilder, PoolError, RecyclingMethod, Runtime,
};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::client::pool_failed;
use crate::pool::{Connector, Warmth};

/// The limits of each generation's pool.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PoolLimits {
    /// The most connections.
    pub max_size: usize,
    /// How long a caller waits for one.
    pub wait: Duration,
    /// How long making one may take.
    pub connect: Duration,
}

impl Default for PoolLimits {
    /// Ten connections, 30 s to wait, 30 s to connect.
    fn default() -> Self {
        let limit = Duration::from_secs(30);
        Self { max_size: 10, wait: limit, connect: limit }
    }
}

/// Opens pools to one database. User and password in its configuration are replaced by each credential's.
#[derive(Clone)]
pub struct DeadpoolConnector {
    database: Config,
    limits: PoolLimits,
    tls: TlsConfig,
    warm_query: Option<String>,
}

impl DeadpoolConnector {
    /// Pools to `database` with these limits. TLS is used as the configuration's `sslmode` says.
    pub fn new(database: Config, limits: PoolLimits, tls: TlsConfig) -> Self {
        Self { database, limits, tls, warm_query: None }
    }

    /// What each connection runs before it is used.
    #[must_use]
    pub fn warm_query(mut self, query: Option<String>) -> Self {
        self.warm_query = query;
        self
    }

    /// A client that is ready for use.
    async fn client(&self, pool: &Pool) -> Result<Object, PoolError> {
        let client = pool.get().await?;
        if let Some(query) = &self.warm_query {
            client.query(query.as_str(), &[]).await?;
        }
        Ok(client)
    }

    fn manager(&self, credentials: &Credentials) -> Result<Manager> {
        let mut database = self.database.clone();
        database.user(&credentials.username).password(credentials.password.expose());
        // A client that was idle is checked by whether its connection has closed, without a query.
        let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        if database.get_ssl_mode() == SslMode::Disable {
            return Ok(Manager::from_config(database, NoTls, config));
        }
        let tls = MakeRustlsConnect::new((*self.tls.to_rustls()?).clone());
        Ok(Manager::from_config(database, tls, config))
    }

    fn build(&self, credentials: &Credentials) -> Result<Pool> {
        let builder: PoolBuilder = Pool::builder(self.manager(credentials)?);
        builder
            .max_size(self.limits.max_size.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(self.limits.wait))
            .create_timeout(Some(self.limits.connect))
            .recycle_timeout(Some(self.limits.connect))
            .build()
            .map_err(|error| Error::new(ErrorKind::Config, "open connection pool").with_source(error))
    }
}

impl Connector for DeadpoolConnector {
    type Pool = Pool;

    async fn open(&self, credentials: &Credentials, warmth: Warmth) -> Result<Pool> {
        let pool = self.build(credentials)?;
        let wanted = warmth.connections.min(self.limits.max_size).max(1);
        let began = Instant::now();
        // The first client proves the credential, within the pool's own limit.
        let first = self.client(&pool).await.map_err(|error| {
            pool.close();
            pool_failed(error, "open connection pool").with_target(credentials.username.clone())
        })?;
        // Held until the end, so that each one opens a connection more; they come home when `held` is dropped.
        let mut held = vec![first];
        while held.len() < wanted {
            sleep(warmth.pace).await;
            match timeout(warmth.within.saturating_sub(began.elapsed()), self.client(&pool)).await {
                Ok(Ok(client)) => held.push(client),
                // No time left, or no room at the server while two pools are open: less warm, and no reason to stop.
                Ok(Err(_)) | Err(_) => break,
            }
        }
        tracing::debug!(wanted, warm = held.len(), elapsed = ?began.elapsed(), "pool warmed");
        Ok(pool)
    }

    fn size(&self, pool: &Pool) -> usize {
        pool.status().size
    }

    async fn close(&self, pool: &Pool) {
        // Every client of this pool holds its generation, so all are home when this is called.
        pool.close();
    }

    fn end(&self, pool: &Pool, _why: &Error) {
        pool.close();
    }
}

impl fmt::Debug for DeadpoolConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadpoolConnector").field("limits", &self.limits).finish_non_exhaustive()
    }
}
