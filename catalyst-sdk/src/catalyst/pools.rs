//! The rotating pools by name: each is made once, and drained at shutdown.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::Result;
use catalyst_openbao::{Credentials, DynamicCredentials, RoleName};
use futures_core::future::BoxFuture;
use tokio::sync::Mutex;

use super::Catalyst;
#[cfg(any(
    feature = "sqlx",
    feature = "deadpool",
    feature = "redis",
    feature = "mongodb",
    feature = "clickhouse"
))]
use super::address::Address;
use super::keeper::Kept;
use crate::rotation::{self, Policy, Rotating};
use crate::sources::DatabaseCredentials;

#[derive(Default)]
pub(super) struct Pools {
    bare: Registry<Rotating<Credentials>>,
    #[cfg(feature = "sqlx")]
    pub(super) sqlx: Registry<crate::pool::sqlx::RotatingPgPool>,
    #[cfg(feature = "deadpool")]
    pub(super) deadpool: Registry<crate::pool::deadpool::RotatingDeadpool>,
    #[cfg(feature = "redis")]
    pub(super) valkey: Registry<crate::pool::redis::RotatingValkey>,
    #[cfg(feature = "mongodb")]
    pub(super) mongodb: Registry<crate::pool::mongodb::RotatingMongo>,
    #[cfg(feature = "clickhouse")]
    pub(super) clickhouse: Registry<crate::pool::clickhouse::RotatingClickHouse>,
    #[cfg(any(feature = "s3", feature = "object-store"))]
    pub(super) storage: Registry<crate::storage::RotatingAccessKeys>,
}

impl Pools {
    /// Drains all of them side by side.
    pub(super) async fn shutdown(&self, limit: Duration) -> Result<()> {
        let bare = self.bare.shutdown(|credentials| async move { credentials.shutdown(limit).await });
        #[allow(unused_mut, reason = "there may be no driver")]
        let mut all: Vec<BoxFuture<'_, Result<()>>> = vec![Box::pin(bare)];
        #[cfg(feature = "sqlx")]
        all.push(Box::pin(self.sqlx.shutdown(|pool| async move { pool.shutdown(limit).await })));
        #[cfg(feature = "deadpool")]
        all.push(Box::pin(self.deadpool.shutdown(|pool| async move { pool.shutdown(limit).await })));
        #[cfg(feature = "redis")]
        all.push(Box::pin(self.valkey.shutdown(|pool| async move { pool.shutdown(limit).await })));
        #[cfg(feature = "mongodb")]
        all.push(Box::pin(self.mongodb.shutdown(|pool| async move { pool.shutdown(limit).await })));
        #[cfg(feature = "clickhouse")]
        all.push(Box::pin(self.clickhouse.shutdown(|pool| async move { pool.shutdown(limit).await })));
        #[cfg(any(feature = "s3", feature = "object-store"))]
        all.push(Box::pin(self.storage.shutdown(|pool| async move { pool.shutdown(limit).await })));
        let results = futures_util::future::join_all(all).await;
        results.into_iter().find(Result::is_err).unwrap_or(Ok(()))
    }
}

/// The pools of one driver.
pub(super) struct Registry<P>(Mutex<HashMap<String, P>>);

impl<P> Default for Registry<P> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<P: Clone> Registry<P> {
    /// The pool of that name, started if there is none; those who ask meanwhile wait for the one start.
    pub(super) async fn get(&self, name: &str, start: impl Future<Output = Result<P>>) -> Result<P> {
        let mut pools = self.0.lock().await;
        if let Some(pool) = pools.get(name) {
            return Ok(pool.clone());
        }
        let pool = start.await?;
        pools.insert(name.to_owned(), pool.clone());
        Ok(pool)
    }

    async fn shutdown<F, Fut>(&self, stop: F) -> Result<()>
    where
        F: Fn(P) -> Fut,
        Fut: Future<Output = Result<()>>,
    {
        let pools: Vec<P> = self.0.lock().await.values().cloned().collect();
        let results = futures_util::future::join_all(pools.into_iter().map(stop)).await;
        results.into_iter().find(Result::is_err).unwrap_or(Ok(()))
    }
}

/// What a pool needs to know of its database.
pub(super) struct Target {
    pub(super) credentials: Arc<dyn DynamicCredentials>,
    pub(super) role: RoleName,
    pub(super) policy: Policy,
    #[cfg(any(
        feature = "sqlx",
        feature = "deadpool",
        feature = "redis",
        feature = "mongodb",
        feature = "clickhouse"
    ))]
    pub(super) address: Address,
}

impl Catalyst {
    /// The bare user and password of the database that the application calls `name`, which rotate from here on: for
    /// a driver that the SDK has no pool for. Asking again gives the same value.
    ///
    /// # Errors
    /// What is wrong in the configuration, or OpenBao's refusal of the role.
    ///
    /// # Cancel safety
    /// Safe: a user that was made is given back.
    pub async fn database_credentials(&self, name: &str) -> Result<Rotating<Credentials>> {
        let start = async {
            let target = self.target(name)?;
            let source = DatabaseCredentials::new(target.credentials, target.role);
            rotation::start(source, target.policy).await
        };
        self.0.pools.bare.get(name, Box::pin(start)).await
    }

    /// What the configuration says of the database `name`.
    pub(super) fn target(&self, name: &str) -> Result<Target> {
        let database = self.0.config.database(name);
        let mut policy = Policy::default();
        if let Some(lead) = database.rotate_before {
            policy = policy.rotate_before(lead);
        }
        if let Some(limit) = database.max_ttl {
            policy = policy.max_ttl(limit);
        }
        let mount = database.mount.as_deref().unwrap_or("database").parse()?;
        let credentials = match &self.0.credentials {
            Some(given) => Arc::clone(given),
            None => Arc::new(self.0.bao.database(mount)),
        };
        Ok(Target {
            credentials: Arc::new(Kept { credentials, _keeper: Arc::clone(&self.0.keeper) }),
            role: database.role.as_deref().unwrap_or(name).parse()?,
            policy,
            #[cfg(any(
                feature = "sqlx",
                feature = "deadpool",
                feature = "redis",
                feature = "mongodb",
                feature = "clickhouse"
            ))]
            address: Address {
                name: name.to_owned(),
                url: database.url,
                max_connections: database.max_connections,
                warm_query: database.warm_query,
            },
        })
    }
}
