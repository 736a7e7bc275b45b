//! bb8-postgres.

use std::time::Duration;

use async_trait::async_trait;
use catalyst_sdk::Result;
use catalyst_sdk::pool::PoolLimits;
use catalyst_sdk::pool::bb8::{Bb8Client, RotatingBb8};
use catalyst_sdk::rotation::{Events, Generation};
use catalyst_sdk::testing::contract::{Held, Subject};

use super::deadpool::{connect, tls};
use super::{As, OpenAt, Place};

#[derive(Clone, Debug)]
pub(crate) struct Bb8(pub(crate) RotatingBb8);

#[async_trait]
impl OpenAt for Bb8 {
    async fn open_at(place: Place, connections: usize) -> Result<Self> {
        let mut limits = PoolLimits::default();
        limits.max_size = connections;
        let (connect, tls) = (connect(&place), tls(&place));
        let builder = match place.login {
            As::Role(credentials, role) => RotatingBb8::builder(credentials, role, connect),
            As::Identity(workload) => RotatingBb8::by_identity(workload.identity, connect),
        };
        builder.tls(tls).limits(limits).policy(place.policy).start().await.map(Self)
    }
}

async fn run(client: &Bb8Client, query: &str) -> Result<()> {
    client.query_one(query, &[]).await.map(drop).map_err(|error| client.explain(error))
}

#[async_trait]
impl Subject for Bb8 {
    type Held = HeldBb8;

    async fn call(&self) -> Result<()> {
        run(&self.0.get().await?, "select count(*) from orders").await
    }

    async fn long_call(&self) -> Result<()> {
        run(&self.0.get().await?, "select pg_sleep(0.3)").await
    }

    async fn hold(&self) -> Result<HeldBb8> {
        self.0.get().await.map(HeldBb8)
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
pub(crate) struct HeldBb8(Bb8Client);

#[async_trait]
impl Held for HeldBb8 {
    fn generation(&self) -> Generation {
        self.0.generation()
    }

    async fn call(&mut self) -> Result<()> {
        run(&self.0, "select count(*) from orders").await
    }
}
