//! The rotating pools by name: each is made once, and drained at shutdown.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::Result;
#[cfg(any(
    feature = "bb8",
    feature = "deadpool",
    feature = "diesel",
    feature = "mysql",
    feature = "sqlx"
))]
use catalyst_core::{Error, ErrorKind};
use catalyst_openbao::{Credentials, DynamicCredentials, RoleName};
use futures_util::future::{BoxFuture, join_all};
use tokio::sync::Mutex;

use super::Catalyst;
#[cfg(any(
    feature = "bb8",
    feature = "deadpool",
    feature = "diesel",
    feature = "mysql",
    feature = "sqlx",
    feature = "redis",
    feature = "mongodb",
    feature = "clickhouse"
))]
use super::address::Address;
use super::keeper::Kept;
use crate::config::DatabaseConfig;
#[cfg(any(
    feature = "bb8",
    feature = "deadpool",
    feature = "diesel",
    feature = "mysql",
    feature = "sqlx"
))]
use crate::config::DatabaseLogin;
#[cfg(any(
    feature = "bb8",
    feature = "deadpool",
    feature = "diesel",
    feature = "mysql",
    feature = "sqlx"
))]
use crate::pool::{Driver, Login, RotatingPool, RotatingPoolBuilder};
use crate::rotation::{self, Policy, Rotating};
use crate::sources::DatabaseCredentials;

#[derive(Default)]
pub(super) struct Pools {
    bare: Registry<Rotating<Credentials>>,
    #[cfg(feature = "sqlx")]
    pub(super) sqlx: Registry<crate::pool::sqlx::RotatingPgPool>,
    #[cfg(feature = "mysql")]
    pub(super) mysql: Registry<crate::pool::sqlx::RotatingMySqlPool>,
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
    #[cfg(feature = "bb8")]
    pub(super) bb8: Registry<crate::pool::bb8::RotatingBb8>,
    #[cfg(feature = "diesel")]
    pub(super) diesel: Registry<crate::pool::diesel::RotatingDiesel>,
}

impl Pools {
    /// Drains all of them side by side.
    pub(super) async fn shutdown(&self, limit: Duration) -> Result<()> {
        let bare = self.bare.shutdown(move |credentials| async move { credentials.shutdown(limit).await });
        #[allow(unused_mut, reason = "without a driver there are no others")]
        let mut all: Vec<BoxFuture<'_, Result<()>>> = vec![Box::pin(bare)];
        #[cfg(feature = "sqlx")]
        all.push(Box::pin(self.sqlx.shutdown(move |pool| async move { pool.shutdown(limit).await })));
        #[cfg(feature = "mysql")]
        all.push(Box::pin(self.mysql.shutdown(move |pool| async move { pool.shutdown(limit).await })));
        #[cfg(feature = "deadpool")]
        all.push(Box::pin(self.deadpool.shutdown(move |pool| async move { pool.shutdown(limit).await })));
        #[cfg(feature = "bb8")]
        all.push(Box::pin(self.bb8.shutdown(move |pool| async move { pool.shutdown(limit).await })));
        #[cfg(feature = "diesel")]
        all.push(Box::pin(self.diesel.shutdown(move |pool| async move { pool.shutdown(limit).await })));
        #[cfg(feature = "redis")]
        all.push(Box::pin(self.valkey.shutdown(move |pool| async move { pool.shutdown(limit).await })));
        #[cfg(feature = "mongodb")]
        all.push(Box::pin(self.mongodb.shutdown(move |pool| async move { pool.shutdown(limit).await })));
        #[cfg(feature = "clickhouse")]
        all.push(Box::pin(self.clickhouse.shutdown(move |pool| async move { pool.shutdown(limit).await })));
        #[cfg(any(feature = "s3", feature = "object-store"))]
        all.push(Box::pin(self.storage.shutdown(move |pool| async move { pool.shutdown(limit).await })));
        join_all(all).await.into_iter().find(Result::is_err).unwrap_or(Ok(()))
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
        let results = join_all(pools.into_iter().map(stop)).await;
        results.into_iter().find(Result::is_err).unwrap_or(Ok(()))
    }
}

/// Who makes the users of a database, and when they are replaced.
pub(super) struct Target {
    pub(super) credentials: Arc<dyn DynamicCredentials>,
    pub(super) role: RoleName,
    pub(super) policy: Policy,
}

/// What a pool needs to know of its database.
#[cfg(any(feature = "bb8", feature = "deadpool", feature = "diesel", feature = "mysql", feature = "sqlx"))]
pub(super) struct Place {
    login: Login,
    policy: Policy,
    warm_query: Option<String>,
    pub(super) address: Address,
}

#[cfg(any(feature = "bb8", feature = "deadpool", feature = "diesel", feature = "mysql", feature = "sqlx"))]
impl Place {
    /// The pool of `driver` there.
    pub(super) async fn start<D: Driver>(self, driver: D) -> Result<RotatingPool<D>> {
        let mut builder = RotatingPoolBuilder::new(self.login, driver).policy(self.policy);
        if let Some(query) = self.warm_query {
            builder = builder.warm_query(query);
        }
        builder.start().await
    }
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

    /// What the configuration says of the users of the database `name`.
    pub(super) fn target(&self, name: &str) -> Result<Target> {
        let database = self.0.config.database(name);
        let mount = database.mount.as_deref().unwrap_or("database").parse()?;
        let credentials = match &self.0.credentials {
            Some(given) => Arc::clone(given),
            None => Arc::new(self.0.bao.database(mount)),
        };
        Ok(Target {
            credentials: Arc::new(Kept { credentials, _keeper: Arc::clone(&self.0.keeper) }),
            role: database.role.as_deref().unwrap_or(name).parse()?,
            policy: policy(&database),
        })
    }

    /// What the configuration says of the database `name`, and how a pool logs in to it.
    #[cfg(any(
        feature = "bb8",
        feature = "deadpool",
        feature = "diesel",
        feature = "mysql",
        feature = "sqlx"
    ))]
    pub(super) fn place(&self, name: &str) -> Result<Place> {
        let database = self.0.config.database(name);
        let login = match database.login.unwrap_or_default() {
            DatabaseLogin::Role => {
                let Target { credentials, role, .. } = self.target(name)?;
                Login::Role { database: credentials, role }
            }
            DatabaseLogin::Identity => Login::Identity(self.0.identity.clone().ok_or_else(|| {
                Error::new(ErrorKind::Config, "open database").with_target(name.to_owned()).with_help(
                    "it is to be logged in to by identity, and there is none: set SPIFFE_ENDPOINT_SOCKET",
                )
            })?),
        };
        Ok(Place {
            login,
            policy: policy(&database),
            warm_query: database.warm_query,
            address: self.address(name),
        })
    }

    /// Where the database `name` is.
    #[cfg(any(
        feature = "bb8",
        feature = "deadpool",
        feature = "diesel",
        feature = "mysql",
        feature = "sqlx",
        feature = "redis",
        feature = "mongodb",
        feature = "clickhouse"
    ))]
    pub(super) fn address(&self, name: &str) -> Address {
        let database = self.0.config.database(name);
        Address {
            name: name.to_owned(),
            url: database.url,
            max_connections: database.max_connections,
            ca_file: database.ca_file,
        }
    }
}

fn policy(database: &DatabaseConfig) -> Policy {
    let mut policy = Policy::default();
    if let Some(lead) = database.rotate_before {
        policy = policy.rotate_before(lead);
    }
    if let Some(limit) = database.max_ttl {
        policy = policy.max_ttl(limit);
    }
    if let Some(limit) = database.start_limit {
        policy = policy.start_limit(limit);
    }
    policy
}
