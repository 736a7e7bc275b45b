//! Users that OpenBao makes in PostgreSQL.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_openbao::{DynamicCredentials, Login};
use catalyst_sdk::Result;
use catalyst_sdk::testing::contract::{self, Life, Stage};
use catalyst_tests::servers::setup::{self, DynamicRole};
use catalyst_tests::servers::{Api, OpenBaoServer, Servers, ServersOptions};
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use crate::live::workload::{builder, mount, role};
use crate::pools::{Bb8, Deadpool, Diesel, OpenAt, Place, SqlxPostgres};

/// What makes users for as long as the test lasts, by leases of the mount `database`.
pub(super) async fn users(openbao: &OpenBaoServer, api: &Api) -> Arc<dyn DynamicCredentials> {
    setup::policy(api, Servers::POLICY, setup::APPLICATION_POLICY).await.unwrap();
    let hour = Duration::from_secs(3600);
    let (id, secret) = setup::app_role(api, "pools", &[Servers::POLICY], hour).await.unwrap();
    let bao = builder(openbao).login(Login::app_role(id, secret)).build().unwrap();
    Arc::new(bao.database(mount("database")))
}

/// A role for each life.
pub(super) fn named(life: Life) -> (String, DynamicRole) {
    let (ttl, max_ttl) = (life.ttl, life.max_ttl);
    let name = format!("contract-{}-{}", ttl.as_secs(), max_ttl.as_secs());
    (name, DynamicRole { ttl, max_ttl, ends_sessions: true })
}

/// Revokes every lease of the mount.
pub(super) async fn revoke_all(api: &Api) {
    api.write("sys/leases/revoke-prefix/database/creds", &json!({ "sync": true })).await.unwrap();
}

/// Runs a future that is bound to the thread it began on, as those of the harness are.
pub(super) async fn apart<Fut>(work: impl FnOnce() -> Fut + Send + 'static)
where
    Fut: Future<Output = Result<()>>,
{
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(work())).await.unwrap().unwrap();
}

struct Postgres<S> {
    servers: Arc<Mutex<Servers>>,
    api: Api,
    users: Arc<dyn DynamicCredentials>,
    subject: PhantomData<fn() -> S>,
}

impl<S> Postgres<S> {
    async fn start() -> Self {
        let servers = Servers::start(ServersOptions::default()).await.unwrap();
        let api = servers.openbao.api().unwrap();
        let users = users(&servers.openbao, &api).await;
        Self { servers: Arc::new(Mutex::new(servers)), api, users, subject: PhantomData }
    }

    async fn place(&self, life: Life) -> Place {
        let (name, settings) = named(life);
        setup::dynamic_role(&self.api, &name, settings).await.unwrap();
        let port = self.servers.lock().await.postgres.port();
        Place::new(Arc::clone(&self.users), role(&name), port)
    }
}

#[async_trait]
impl<S: OpenAt> Stage for Postgres<S> {
    type Subject = S;

    async fn open(&self, connections: usize, life: Life) -> Result<S> {
        S::open_at(self.place(life).await, connections).await
    }

    async fn open_refused(&self) -> Result<S> {
        S::open_at(self.place(Life::seconds(3600, 3600)).await.refusing(), 4).await
    }

    async fn credentials(&self) -> Vec<String> {
        self.servers.lock().await.postgres.made_users(&[Servers::STATIC_USER]).await.unwrap()
    }

    async fn end_credentials(&self) {
        revoke_all(&self.api).await;
    }

    async fn restart(&self) {
        let servers = Arc::clone(&self.servers);
        apart(move || async move { servers.lock().await.postgres.restart().await }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn sqlx_keeps_the_contract_of_pools() {
    contract::all(&Postgres::<SqlxPostgres>::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn deadpool_keeps_the_contract_of_pools() {
    contract::all(&Postgres::<Deadpool>::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn bb8_keeps_the_contract_of_pools() {
    contract::all(&Postgres::<Bb8>::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn diesel_keeps_the_contract_of_pools() {
    contract::all(&Postgres::<Diesel>::start().await).await;
}
