//! Users that OpenBao makes in MariaDB.

use std::sync::Arc;

use async_trait::async_trait;
use catalyst_openbao::DynamicCredentials;
use catalyst_sdk::Result;
use catalyst_sdk::testing::contract::{self, Life, Stage};
use catalyst_tests::servers::{Api, MariaDbServer, OpenBaoServer, setup};
use tokio::sync::Mutex;

use super::postgres::{apart, named, revoke_all, users};
use crate::live::workload::role;
use crate::pools::{OpenAt, Place, SqlxMariaDb};

struct MariaDb {
    mariadb: Arc<Mutex<MariaDbServer>>,
    _openbao: OpenBaoServer,
    api: Api,
    users: Arc<dyn DynamicCredentials>,
}

impl MariaDb {
    async fn start() -> Self {
        let (openbao, mariadb) = tokio::try_join!(OpenBaoServer::start(), MariaDbServer::start()).unwrap();
        let api = openbao.api().unwrap();
        setup::mariadb_database(&api, &mariadb).await.unwrap();
        let users = users(&openbao, &api).await;
        Self { mariadb: Arc::new(Mutex::new(mariadb)), _openbao: openbao, api, users }
    }

    async fn place(&self, life: Life) -> Place {
        let (name, settings) = named(life);
        setup::mariadb_role(&self.api, &name, settings).await.unwrap();
        Place::new(Arc::clone(&self.users), role(&name), self.mariadb.lock().await.port())
    }
}

#[async_trait]
impl Stage for MariaDb {
    type Subject = SqlxMariaDb;

    async fn open(&self, connections: usize, life: Life) -> Result<SqlxMariaDb> {
        SqlxMariaDb::open_at(self.place(life).await, connections).await
    }

    async fn open_refused(&self) -> Result<SqlxMariaDb> {
        SqlxMariaDb::open_at(self.place(Life::seconds(3600, 3600)).await.refusing(), 4).await
    }

    async fn credentials(&self) -> Vec<String> {
        self.mariadb.lock().await.made_users(&[]).await.unwrap()
    }

    async fn end_credentials(&self) {
        revoke_all(&self.api).await;
    }

    async fn restart(&self) {
        let mariadb = Arc::clone(&self.mariadb);
        apart(move || async move { mariadb.lock().await.restart().await }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn sqlx_keeps_the_contract_of_pools() {
    contract::all(&MariaDb::start().await).await;
}
