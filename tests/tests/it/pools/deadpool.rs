//! deadpool-postgres.

use std::time::Duration;

use async_trait::async_trait;
use catalyst_sdk::Result;
use catalyst_sdk::pool::deadpool::{PgClient, PoolLimits, RotatingDeadpool};
use catalyst_sdk::rotation::{Events, Generation};
use catalyst_sdk::testing::contract::{Held, Subject};
use catalyst_tests::servers::postgres::DATABASE;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use super::{OpenAt, Place};

#[derive(Clone, Debug)]
pub(crate) struct Deadpool(pub(crate) RotatingDeadpool);

/// How tokio-postgres finds the database of a place, in the clear.
pub(super) fn connect(place: &Place) -> Config {
    let mut connect = Config::new();
    connect.host("127.0.0.1").port(place.port).dbname(DATABASE).ssl_mode(SslMode::Disable);
    connect
}

#[async_trait]
impl OpenAt for Deadpool {
    async fn open_at(place: Place, connections: usize) -> Result<Self> {
        let mut limits = PoolLimits::default();
        limits.max_size = connections;
        let connect = connect(&place);
        RotatingDeadpool::builder(place.credentials, place.role, connect)
            .limits(limits)
            .policy(place.policy)
            .start()
            .await
            .map(Self)
    }
}

async fn run(client: &PgClient, query: &str) -> Result<()> {
    client.query_one(query, &[]).await.map(drop).map_err(|error| client.explain(error))
}

#[async_trait]
impl Subject for Deadpool {
    type Held = HeldClient;

    async fn call(&self) -> Result<()> {
        run(&self.0.get().await?, "select count(*) from orders").await
    }

    async fn long_call(&self) -> Result<()> {
        run(&self.0.get().await?, "select pg_sleep(0.3)").await
    }

    async fn hold(&self) -> Result<HeldClient> {
        self.0.get().await.map(HeldClient)
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
pub(crate) struct HeldClient(PgClient);

#[async_trait]
impl Held for HeldClient {
    fn generation(&self) -> Generation {
        self.0.generation()
    }

    async fn call(&mut self) -> Result<()> {
        run(&self.0, "select count(*) from orders").await
    }
}
