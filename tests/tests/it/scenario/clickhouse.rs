//! The client of ClickHouse on a door that checks users as ClickHouse does: the driver's own wire, but no ClickHouse.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use catalyst_openbao::mock::MockOpenBao;
use catalyst_sdk::pool::clickhouse::{ClickHouseConnector, RotatingClickHouse};
use catalyst_sdk::testing::contract;
use catalyst_sdk::{Result, Secret};
use clickhouse::Client;
use tokio::sync::Mutex as Held;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::pools::{ClickHouse, Store, StoredStage, Users};

/// Who may come in, with which password.
#[derive(Clone, Default)]
struct Door(Arc<Mutex<HashMap<String, String>>>);

impl Respond for Door {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        let (user, key) = (header("x-clickhouse-user"), header("x-clickhouse-key"));
        let known = user.and_then(|user| self.0.lock().unwrap().get(user).cloned());
        if known.is_some() && known.as_deref() == key {
            return ResponseTemplate::new(200);
        }
        // As ClickHouse 25.3 words it.
        let words = format!(
            "Code: 516. DB::Exception: {}: Authentication failed: password is incorrect, or there is no user with \
             such name. (AUTHENTICATION_FAILED) (version 25.3.2.39 (official build))\n",
            user.unwrap_or("default")
        );
        ResponseTemplate::new(403).insert_header("X-ClickHouse-Exception-Code", "516").set_body_string(words)
    }
}

pub(super) struct House {
    door: Door,
    pub(super) address: SocketAddr,
    server: Held<Option<MockServer>>,
}

impl House {
    pub(super) async fn open() -> Self {
        let door = Door::default();
        let server = serve(TcpListener::bind("127.0.0.1:0").unwrap(), door.clone()).await;
        Self { door, address: *server.address(), server: Held::new(Some(server)) }
    }
}

async fn serve(listener: TcpListener, door: Door) -> MockServer {
    let server = MockServer::builder().listener(listener).start().await;
    Mock::given(any()).respond_with(door).mount(&server).await;
    server
}

#[async_trait]
impl Users for House {
    type Subject = ClickHouse;

    async fn make(&self, user: &str, password: &Secret) {
        self.door.0.lock().unwrap().insert(user.to_owned(), password.expose().to_owned());
    }

    async fn end(&self, user: &str) {
        self.door.0.lock().unwrap().remove(user);
    }

    async fn restart(&self) {
        let mut server = self.server.lock().await;
        drop(server.take());
        let listener = loop {
            match TcpListener::bind(self.address) {
                Ok(listener) => break listener,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        *server = Some(serve(listener, self.door.clone()).await);
    }

    async fn open(&self, store: Store) -> Result<ClickHouse> {
        let client = Client::default().with_url(format!("http://{}", self.address)).with_database("orders");
        let connector = ClickHouseConnector::new(client);
        RotatingClickHouse::builder(store.login, connector).policy(store.policy).start().await.map(ClickHouse)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_clickhouse_keeps_the_contract_with_users_that_others_replace() {
    let secrets = Arc::new(MockOpenBao::new().kv("secret".parse().unwrap()));
    contract::all(&StoredStage::new(House::open().await, secrets)).await;
}
