//! sqlx's pool for MySQL and MariaDB.

use std::time::Duration;

use ::sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode};
use async_trait::async_trait;
use catalyst_sdk::Result;
use catalyst_sdk::pool::sqlx::{MySqlCheckout, RotatingMySqlPool};
use catalyst_sdk::rotation::{Events, Generation};
use catalyst_sdk::testing::contract::{Held, Subject};
use catalyst_tests::servers::mariadb::DATABASE;

use super::sqlx::ours;
use super::{As, OpenAt, Place};

#[derive(Clone, Debug)]
pub(crate) struct SqlxMariaDb(pub(crate) RotatingMySqlPool);

#[async_trait]
impl OpenAt for SqlxMariaDb {
    async fn open_at(place: Place, connections: usize) -> Result<Self> {
        let connect = MySqlConnectOptions::new()
            .host("127.0.0.1")
            .port(place.port)
            .database(DATABASE)
            .ssl_mode(MySqlSslMode::Disabled);
        let most = u32::try_from(connections).unwrap();
        let As::Role(credentials, role) = place.login else { panic!("it has no users by certificate here") };
        RotatingMySqlPool::builder(credentials, role, connect)
            .pool_options(MySqlPoolOptions::new().max_connections(most))
            .policy(place.policy)
            .start()
            .await
            .map(Self)
    }
}

#[async_trait]
impl Subject for SqlxMariaDb {
    type Held = MySqlHeld;

    async fn call(&self) -> Result<()> {
        let count = ::sqlx::query_scalar::<_, i64>("select count(*) from orders");
        count.fetch_one(&self.0).await.map(drop).map_err(ours)
    }

    async fn long_call(&self) -> Result<()> {
        ::sqlx::query("select sleep(0.3)").execute(&self.0).await.map(drop).map_err(ours)
    }

    async fn hold(&self) -> Result<MySqlHeld> {
        self.0.acquire().await.map(MySqlHeld).map_err(ours)
    }

    fn generation(&self) -> Generation {
        self.0.generation()
    }

    fn events(&self) -> Events {
        self.0.events()
    }

    async fn shutdown(&self, limit: Duration) -> Result<()> {
        self.0.shutdown(limit).await
    }
}

#[derive(Debug)]
pub(crate) struct MySqlHeld(MySqlCheckout);

#[async_trait]
impl Held for MySqlHeld {
    fn generation(&self) -> Generation {
        self.0.generation()
    }

    async fn call(&mut self) -> Result<()> {
        ::sqlx::query("select count(*) from orders").execute(&mut self.0).await.map(drop).map_err(ours)
    }
}
