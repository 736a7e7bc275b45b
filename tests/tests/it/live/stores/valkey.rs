//! Valkey with users that OpenBao makes, and a cluster with users that others make.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use catalyst_openbao::{DynamicCredentials, Login, OpenBao};
use catalyst_sdk::Result;
use catalyst_sdk::pool::redis::{RotatingValkey, ValkeyConnector};
use catalyst_sdk::sources::DatabaseCredentials;
use catalyst_sdk::testing::contract::{self, Life, Stage};
use catalyst_tests::servers::{OpenBaoServer, ValkeyCluster, ValkeyServer};
use tokio::sync::Mutex;

use super::secrets::{Secrets, in_place};
use crate::live::workload::{mount, role};
use crate::pools::{As, Place, Store, StoredStage, Users, Valkey};

/// A Valkey whose users a real OpenBao makes.
struct Made {
    openbao: OpenBaoServer,
    valkey: Mutex<ValkeyServer>,
    port: u16,
    roles: AtomicU64,
}

impl Made {
    async fn start() -> Self {
        let openbao = OpenBaoServer::start_dev().await.unwrap();
        let valkey = ValkeyServer::start().await.unwrap();
        valkey.connect_openbao(&openbao.api().unwrap()).await.unwrap();
        let port = valkey.port();
        Self { openbao, valkey: Mutex::new(valkey), port, roles: AtomicU64::new(0) }
    }

    async fn place(&self, life: Life) -> Place {
        let name = format!("carts-{}", self.roles.fetch_add(1, Ordering::Relaxed));
        ValkeyServer::role(&self.openbao.api().unwrap(), &name, life.ttl, life.max_ttl).await.unwrap();
        let login = Login::token(self.openbao.root_token().clone());
        let bao = OpenBao::builder(self.openbao.address()).unwrap().login(login).build().unwrap();
        let credentials: Arc<dyn DynamicCredentials> = Arc::new(bao.database(mount("database")));
        Place::new(credentials, role(&name), self.port)
    }

    async fn open_at(place: Place) -> Result<Valkey> {
        let address = format!("redis://127.0.0.1:{}", place.port).parse().unwrap();
        let As::Role(credentials, role) = place.login else { panic!("Valkey knows no identities") };
        let users = DatabaseCredentials::new(credentials, role);
        let valkey = RotatingValkey::builder(users, ValkeyConnector::server(address)).policy(place.policy);
        valkey.start().await.map(Valkey)
    }
}

#[async_trait]
impl Stage for Made {
    type Subject = Valkey;
    const POOLS: bool = false;

    async fn open(&self, _connections: usize, life: Life) -> Result<Valkey> {
        Self::open_at(self.place(life).await).await
    }

    async fn open_refused(&self) -> Result<Valkey> {
        Self::open_at(self.place(Life::seconds(3600, 3600)).await.refusing()).await
    }

    async fn credentials(&self) -> Vec<String> {
        self.valkey.lock().await.made_users().await.unwrap()
    }

    async fn end_credentials(&self) {
        let valkey = self.valkey.lock().await;
        for user in valkey.made_users().await.unwrap() {
            valkey.command(&["ACL", "DELUSER", &user]).await.unwrap();
        }
    }

    async fn restart(&self) {
        in_place(async { self.valkey.lock().await.restart().await.unwrap() });
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_client_of_valkey_keeps_the_contract() {
    contract::all(&Made::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn users_of_valkey_are_upper_case_and_their_end_closes_their_connections() {
    let stage = Made::start().await;
    let valkey = stage.open(1, Life::seconds(60, 60)).await.unwrap();
    let user = stage.credentials().await.pop().unwrap();
    assert_eq!(user, user.to_uppercase());
    assert_eq!(stage.valkey.lock().await.connections_of(&user).await.unwrap(), 1);
    valkey.0.shutdown(Duration::from_secs(5)).await.unwrap();
    assert_eq!(stage.credentials().await, [""; 0]);
    assert_eq!(stage.valkey.lock().await.connections_of(&user).await.unwrap(), 0);
    let log = stage.valkey.lock().await.command(&["ACL", "LOG"]).await.unwrap();
    assert!(!format!("{log:?}").contains(&user), "it went on connecting as a user that is gone: {log:?}");
}

/// A cluster, at whose nodes an operator makes users.
struct Cluster(Mutex<ValkeyCluster>);

#[async_trait]
impl Users for Cluster {
    type Subject = Valkey;

    async fn make(&self, user: &str, password: &catalyst_sdk::Secret) {
        self.0.lock().await.make_user(user, password).await.unwrap();
    }

    async fn end(&self, user: &str) {
        self.0.lock().await.drop_user(user).await.unwrap();
    }

    async fn restart(&self) {
        // Users are not kept over a restart of Valkey where nobody saves them.
        in_place(async {
            let mut cluster = self.0.lock().await;
            for node in cluster.nodes_mut() {
                node.command(&["ACL", "SAVE"]).await.unwrap();
                node.restart().await.unwrap();
            }
            cluster.wait_whole().await.unwrap();
        });
    }

    async fn open(&self, store: Store) -> Result<Valkey> {
        let cluster = self.0.lock().await;
        let nodes: Vec<_> = cluster.nodes().iter().map(|node| node.address().parse().unwrap()).collect();
        let builder =
            RotatingValkey::builder(store.login, ValkeyConnector::cluster(nodes)).policy(store.policy);
        builder.start().await.map(Valkey)
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_client_of_a_valkey_cluster_keeps_the_contract_with_users_that_others_replace() {
    let cluster = Cluster(Mutex::new(ValkeyCluster::start().await.unwrap()));
    let secrets = Secrets::start().await;
    contract::all(&StoredStage::new(cluster, secrets.store()).healed_by_looking()).await;
}
