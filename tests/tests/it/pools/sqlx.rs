//! sqlx's pool.

use std::error::Error as _;
use std::time::Duration;

use ::sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use async_trait::async_trait;
use catalyst_sdk::pool::DriverError;
use catalyst_sdk::pool::sqlx::{PgCheckout, RotatingPgPool};
use catalyst_sdk::rotation::{Events, Generation};
use catalyst_sdk::testing::contract::{Held, Subject};
use catalyst_sdk::{Error, Result};
use catalyst_tests::servers::postgres::DATABASE;

use super::{As, OpenAt, Place};

#[derive(Clone, Debug)]
pub(crate) struct SqlxPostgres(pub(crate) RotatingPgPool);

/// sqlx's error as one of ours: the one that is its source, or what it means.
pub(super) fn ours(error: ::sqlx::Error) -> Error {
    if let Some(ours) = error.source().and_then(|source| source.downcast_ref::<Error>()) {
        return ours.clone();
    }
    error.explain("query")
}

#[async_trait]
impl OpenAt for SqlxPostgres {
    async fn open_at(place: Place, connections: usize) -> Result<Self> {
        let connect =
            PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(place.port).database(DATABASE);
        let most = u32::try_from(connections).unwrap();
        let builder = match place.login {
            As::Role(credentials, role) => {
                RotatingPgPool::builder(credentials, role, connect.ssl_mode(PgSslMode::Disable))
            }
            As::Identity(workload) => {
                let connect = connect
                    .username(workload.user)
                    .ssl_mode(PgSslMode::VerifyFull)
                    .ssl_root_cert(&workload.ca_file);
                RotatingPgPool::by_identity(workload.identity, connect)
            }
        };
        builder
            .pool_options(PgPoolOptions::new().max_connections(most))
            .policy(place.policy)
            .start()
            .await
            .map(Self)
    }
}

#[async_trait]
impl Subject for SqlxPostgres {
    type Held = PgHeld;

    async fn call(&self) -> Result<()> {
        let count = ::sqlx::query_scalar::<_, i64>("select count(*) from orders");
        count.fetch_one(&self.0).await.map(drop).map_err(ours)
    }

    async fn long_call(&self) -> Result<()> {
        ::sqlx::query("select pg_sleep(0.3)").execute(&self.0).await.map(drop).map_err(ours)
    }

    async fn hold(&self) -> Result<PgHeld> {
        self.0.acquire().await.map(PgHeld).map_err(ours)
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
pub(crate) struct PgHeld(PgCheckout);

#[async_trait]
impl Held for PgHeld {
    fn generation(&self) -> Generation {
        self.0.generation()
    }

    async fn call(&mut self) -> Result<()> {
        ::sqlx::query("select count(*) from orders").execute(&mut self.0).await.map(drop).map_err(ours)
    }
}
