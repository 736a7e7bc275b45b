//! diesel-async.

use std::time::Duration;

use async_trait::async_trait;
use catalyst_sdk::Result;
use catalyst_sdk::pool::PoolLimits;
use catalyst_sdk::pool::diesel::{DieselConnection, RotatingDiesel};
use catalyst_sdk::rotation::{Events, Generation};
use catalyst_sdk::testing::contract::{Held, Subject};

use diesel_async::RunQueryDsl;

use super::deadpool::{connect, tls};
use super::{As, OpenAt, Place};

#[derive(Clone, Debug)]
pub(crate) struct Diesel(pub(crate) RotatingDiesel);

#[async_trait]
impl OpenAt for Diesel {
    async fn open_at(place: Place, connections: usize) -> Result<Self> {
        let mut limits = PoolLimits::default();
        limits.max_size = connections;
        let (connect, tls) = (connect(&place), tls(&place));
        let builder = match place.login {
            As::Role(credentials, role) => RotatingDiesel::builder(credentials, role, connect),
            As::Identity(workload) => RotatingDiesel::by_identity(workload.identity, connect),
        };
        builder.tls(tls).limits(limits).policy(place.policy).start().await.map(Self)
    }
}

async fn run(connection: &mut DieselConnection, query: &str) -> Result<()> {
    let done = diesel::sql_query(query).execute(&mut **connection).await;
    done.map(drop).map_err(|error| connection.explain(error))
}

#[async_trait]
impl Subject for Diesel {
    type Held = HeldDiesel;

    async fn call(&self) -> Result<()> {
        run(&mut self.0.get().await?, "select count(*) from orders").await
    }

    async fn long_call(&self) -> Result<()> {
        run(&mut self.0.get().await?, "select pg_sleep(0.3)").await
    }

    async fn hold(&self) -> Result<HeldDiesel> {
        self.0.get().await.map(HeldDiesel)
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
pub(crate) struct HeldDiesel(DieselConnection);

#[async_trait]
impl Held for HeldDiesel {
    fn generation(&self) -> Generation {
        self.0.generation()
    }

    async fn call(&mut self) -> Result<()> {
        run(&mut self.0, "select count(*) from orders").await
    }
}
