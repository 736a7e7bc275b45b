//! MongoDB's driver on FerretDB, with users that others replace.

use async_trait::async_trait;
use catalyst_sdk::pool::mongodb::{MongoConnector, RotatingMongo};
use catalyst_sdk::testing::contract;
use catalyst_sdk::{Result, Secret};
use catalyst_tests::servers::postgres::{APPLICATION, DATABASE};
use catalyst_tests::servers::{FerretServer, PostgresServer};
use mongodb::options::ClientOptions;
use tokio::sync::Mutex;

use super::secrets::{Secrets, in_place};
use crate::pools::{Mongo, Store, StoredStage, Users};

struct Ferret {
    postgres: PostgresServer,
    server: Mutex<FerretServer>,
    options: ClientOptions,
}

impl Ferret {
    async fn start() -> Self {
        let postgres = PostgresServer::start().await.unwrap();
        // FerretDB keeps each database in a schema.
        postgres.execute(&format!("GRANT CREATE ON DATABASE {DATABASE} TO {APPLICATION}")).await.unwrap();
        let server = FerretServer::start(&postgres).await.unwrap();
        let options = ClientOptions::parse(server.address()).await.unwrap();
        Self { postgres, server: Mutex::new(server), options }
    }
}

#[async_trait]
impl Users for Ferret {
    type Subject = Mongo;

    /// What one user makes, the next may use.
    async fn make(&self, user: &str, password: &Secret) {
        let password = password.expose();
        let make = format!(
            "CREATE ROLE \"{user}\" LOGIN PASSWORD '{password}' IN ROLE {APPLICATION};
             ALTER ROLE \"{user}\" SET role {APPLICATION}"
        );
        self.postgres.execute(&make).await.unwrap();
    }

    async fn end(&self, user: &str) {
        // In this order: the sessions of a user that is gone have no name.
        let end = format!(
            "ALTER ROLE \"{user}\" NOLOGIN;
             SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '{user}';
             DROP ROLE \"{user}\""
        );
        self.postgres.execute(&end).await.unwrap();
    }

    async fn restart(&self) {
        in_place(async { self.server.lock().await.restart().await.unwrap() });
    }

    async fn open(&self, store: Store) -> Result<Mongo> {
        let connector = MongoConnector::new(self.options.clone());
        RotatingMongo::builder(store.login, connector).policy(store.policy).start().await.map(Mongo)
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_client_of_ferretdb_keeps_the_contract_with_users_that_others_replace() {
    let secrets = Secrets::start().await;
    contract::all(&StoredStage::new(Ferret::start().await, secrets.store())).await;
}
