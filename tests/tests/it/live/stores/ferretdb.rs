//! MongoDB's driver on FerretDB, with users that others replace.

use async_trait::async_trait;
use catalyst_sdk::pool::mongodb::{MongoConnector, RotatingMongo};
use catalyst_sdk::testing::contract;
use catalyst_sdk::{Result, Secret};
use catalyst_tests::servers::FerretServer;
use mongodb::Client;
use mongodb::bson::doc;
use mongodb::options::{ClientOptions, Credential};
use tokio::sync::Mutex;

use super::secrets::{Secrets, in_place};
use crate::pools::{Mongo, Store, StoredStage, Users};

struct Ferret {
    server: Mutex<FerretServer>,
    options: ClientOptions,
}

impl Ferret {
    async fn start() -> Self {
        let server = FerretServer::start().await.unwrap();
        let options = ClientOptions::parse(server.address()).await.unwrap();
        Self { server: Mutex::new(server), options }
    }

    async fn admin(&self) -> Client {
        let (user, password) = FerretServer::ADMIN;
        let mut options = self.options.clone();
        let credential = Credential::builder().username(user.to_owned()).password(password.to_owned());
        options.credential = Some(credential.build());
        Client::with_options(options).unwrap()
    }
}

#[async_trait]
impl Users for Ferret {
    type Subject = Mongo;

    async fn make(&self, user: &str, password: &Secret) {
        let command = doc! { "createUser": user, "pwd": password.expose(), "roles": [] };
        self.admin().await.database("admin").run_command(command).await.unwrap();
    }

    /// FerretDB leaves the sessions of a dropped user alone.
    async fn end(&self, user: &str) {
        self.admin().await.database("admin").run_command(doc! { "dropUser": user }).await.unwrap();
        self.restart().await;
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
