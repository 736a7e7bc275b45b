//! MongoDB and FerretDB.

use std::time::Duration;

use ::mongodb::bson::{Document, doc};
use async_trait::async_trait;
use catalyst_sdk::Result;
use catalyst_sdk::pool::mongodb::RotatingMongo;
use catalyst_sdk::rotation::{Events, Generation, InUse};
use catalyst_sdk::testing::contract::{Held, Subject};

#[derive(Clone, Debug)]
pub(crate) struct Mongo(pub(crate) RotatingMongo);

async fn one(client: ::mongodb::Client) -> Result<(), ::mongodb::error::Error> {
    client.database("app").collection::<Document>("orders").insert_one(doc! { "item": "tea" }).await.map(drop)
}

#[async_trait]
impl Subject for Mongo {
    type Held = MongoHeld;

    async fn call(&self) -> Result<()> {
        self.0.run(one).await
    }

    async fn hold(&self) -> Result<MongoHeld> {
        Ok(MongoHeld { client: self.0.checkout()?, of: self.0.clone() })
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
pub(crate) struct MongoHeld {
    client: InUse<::mongodb::Client>,
    of: RotatingMongo,
}

#[async_trait]
impl Held for MongoHeld {
    fn generation(&self) -> Generation {
        self.client.generation()
    }

    async fn call(&mut self) -> Result<()> {
        one((*self.client).clone()).await.map_err(|error| self.of.explain(&self.client, error))
    }
}
