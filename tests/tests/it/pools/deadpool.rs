//! deadpool-postgres.

use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::tls::TlsConfig;
use catalyst_sdk::Result;
use catalyst_sdk::pool::deadpool::{PgClient, PoolLimits, RotatingDeadpool};
use catalyst_sdk::rotation::{Events, Generation};
use catalyst_sdk::testing::contract::{Held, Subject};
use catalyst_tests::servers::postgres::DATABASE;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use super::{As, OpenAt, Place};

#[derive(Clone, Debug)]
pub(crate) struct Deadpool(pub(crate) RotatingDeadpool);

/// How tokio-postgres finds the database of a place: in the clear but for an identity.
pub(super) fn connect(place: &Place) -> Config {
    let mut connect = Config::new();
    connect.host("127.0.0.1").port(place.port).dbname(DATABASE);
    match &place.login {
        As::Role(..) => connect.ssl_mode(SslMode::Disable),
        As::Identity(workload) => connect.user(workload.user).ssl_mode(SslMode::Require),
    };
    connect
}

pub(super) fn tls(place: &Place) -> TlsConfig {
    match &place.login {
        As::Role(..) => TlsConfig::new(),
        As::Identity(workload) => {
            TlsConfig::new().ca_pem(&std::fs::read(&workload.ca_file).unwrap()).unwrap()
        }
    }
}

#[async_trait]
impl OpenAt for Deadpool {
    async fn open_at(place: Place, connections: usize) -> Result<Self> {
        let mut limits = PoolLimits::default();
        limits.max_size = connections;
        let (connect, tls) = (connect(&place), tls(&place));
        let builder = match place.login {
            As::Role(credentials, role) => RotatingDeadpool::builder(credentials, role, connect),
            As::Identity(workload) => RotatingDeadpool::by_identity(workload.identity, connect),
        };
        builder.tls(tls).limits(limits).policy(place.policy).start().await.map(Self)
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
