//! ClickHouse.

use std::time::Duration;

use async_trait::async_trait;
use catalyst_sdk::Result;
use catalyst_sdk::pool::clickhouse::RotatingClickHouse;
use catalyst_sdk::rotation::{Events, Generation, InUse};
use catalyst_sdk::testing::contract::{Held, Subject};

#[derive(Clone, Debug)]
pub(crate) struct ClickHouse(pub(crate) RotatingClickHouse);

async fn one(client: ::clickhouse::Client) -> Result<(), ::clickhouse::error::Error> {
    client.query("select count() from orders").execute().await
}

#[async_trait]
impl Subject for ClickHouse {
    type Held = ClickHouseHeld;

    async fn call(&self) -> Result<()> {
        self.0.run(one).await
    }

    async fn hold(&self) -> Result<ClickHouseHeld> {
        Ok(ClickHouseHeld { client: self.0.checkout()?, of: self.0.clone() })
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
pub(crate) struct ClickHouseHeld {
    client: InUse<::clickhouse::Client>,
    of: RotatingClickHouse,
}

#[async_trait]
impl Held for ClickHouseHeld {
    fn generation(&self) -> Generation {
        self.client.generation()
    }

    async fn call(&mut self) -> Result<()> {
        one((*self.client).clone()).await.map_err(|error| self.of.explain(&self.client, error))
    }
}
