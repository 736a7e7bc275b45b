//! Valkey, alone or as a cluster.

use std::time::Duration;

use ::redis::Cmd;
use async_trait::async_trait;
use catalyst_sdk::Result;
use catalyst_sdk::pool::redis::{RotatingValkey, ValkeyConnection};
use catalyst_sdk::rotation::{Events, Generation, InUse};
use catalyst_sdk::testing::contract::{Held, Subject};

#[derive(Clone, Debug)]
pub(crate) struct Valkey(pub(crate) RotatingValkey);

impl Valkey {
    async fn ask(&self, command: &Cmd) -> Result<()> {
        let answer = command.query_async::<::redis::Value>(&mut self.0.clone()).await;
        answer.map(drop).map_err(RotatingValkey::explain)
    }
}

#[async_trait]
impl Subject for Valkey {
    type Held = HeldConnection;

    async fn call(&self) -> Result<()> {
        self.ask(::redis::cmd("INCR").arg("orders")).await
    }

    /// The commands behind it on the connection wait too.
    async fn long_call(&self) -> Result<()> {
        self.ask(::redis::cmd("BLPOP").arg("nothing").arg(0.3)).await
    }

    async fn hold(&self) -> Result<HeldConnection> {
        self.0.checkout().map(HeldConnection)
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
pub(crate) struct HeldConnection(InUse<ValkeyConnection>);

#[async_trait]
impl Held for HeldConnection {
    fn generation(&self) -> Generation {
        self.0.generation()
    }

    async fn call(&mut self) -> Result<()> {
        let mut connection = (*self.0).clone();
        let answer = ::redis::cmd("INCR").arg("orders").query_async::<i64>(&mut connection).await;
        answer.map(drop).map_err(|error| self.0.end().unwrap_or_else(|| RotatingValkey::explain(error)))
    }
}
