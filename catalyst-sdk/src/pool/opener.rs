//! Opening and warming a pool: the one way for all drivers.

use std::future::Future;

use catalyst_core::{Error, Result};
use catalyst_openbao::Credentials;
use tokio::time::{Instant, sleep, timeout};

use super::driver::{Driver, DriverError, Proof};
use super::{Connector, Warmth};

const OPEN: &str = "open connection pool";

/// Opens pools of one driver, each as warm as is asked.
#[derive(Clone, Debug)]
pub struct Opener<D> {
    driver: D,
    warm_query: Option<String>,
}

impl<D: Driver> Opener<D> {
    /// Pools of `driver`; `warm_query` is what each connection runs before the pool is used.
    pub fn new(driver: D, warm_query: Option<String>) -> Self {
        Self { driver, warm_query }
    }

    /// A pool that logs in by `proof`; the first connection shows that it can.
    pub(super) async fn open_as(&self, proof: Proof<'_>, warmth: Warmth) -> Result<D::Pool> {
        let pool = self.driver.open(proof)?;
        let wanted = warmth.connections.min(self.driver.max_connections()).max(1);
        let began = Instant::now();
        // Within the pool's own limit.
        let first = match self.driver.prove(&pool).await {
            Ok(connection) => self.warm(connection).await,
            Err(error) => Err(error.explain(OPEN)),
        };
        let first = first.inspect_err(|_refused| self.driver.end(&pool))?;
        // Held until the end, so that each one opens a connection more; they come home when `held` is dropped.
        let mut held = vec![first];
        while held.len() < wanted {
            sleep(warmth.pace).await;
            let next = async { self.warm(self.driver.take(&pool).await.ok()?).await.ok() };
            match timeout(warmth.within.saturating_sub(began.elapsed()), next).await {
                Ok(Some(connection)) => held.push(connection),
                // No time left, or no room at the server while two pools are open: less warm, and no reason to stop.
                Ok(None) | Err(_) => break,
            }
        }
        tracing::debug!(wanted, warm = held.len(), elapsed = ?began.elapsed(), "pool warmed");
        Ok(pool)
    }

    async fn warm(&self, mut connection: D::Connection) -> Result<D::Connection> {
        if let Some(query) = &self.warm_query {
            self.driver.run(&mut connection, query).await.map_err(|error| error.explain(OPEN))?;
        }
        Ok(connection)
    }
}

impl<D: Driver> Connector for Opener<D> {
    type Pool = D::Pool;

    async fn open(&self, credentials: &Credentials, warmth: Warmth) -> Result<D::Pool> {
        let opened = self.open_as(Proof::Password(credentials), warmth).await;
        opened.map_err(|error| error.with_target(credentials.username.clone()))
    }

    fn size(&self, pool: &D::Pool) -> usize {
        self.driver.size(pool)
    }

    fn close(&self, pool: &D::Pool) -> impl Future<Output = ()> + Send {
        self.driver.close(pool)
    }

    fn end(&self, pool: &D::Pool, _why: &Error) {
        self.driver.end(pool);
    }
}
