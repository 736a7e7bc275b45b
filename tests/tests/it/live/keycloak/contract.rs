//! The server keeps the contract that the mock and the fake keep.

use async_trait::async_trait;
use catalyst_core::Secret;
use catalyst_core::http::Method;
use catalyst_keycloak::testing::contract::{self, Operator};
use catalyst_keycloak::{AdminRegistrar, ClientId};
use serde_json::Value;

use super::stage::Stage;

#[derive(Debug)]
struct Server(Stage);

impl Server {
    fn registrar(&self) -> AdminRegistrar {
        self.0.keycloak().registrar(self.0.name().clone())
    }

    /// The path of a client that is there.
    async fn path(&self, id: &ClientId) -> String {
        let client = self.0.client(id.as_str()).await.unwrap();
        format!("/{}/clients/{}", self.0.name(), client["id"].as_str().unwrap())
    }
}

#[async_trait]
impl Operator for Server {
    async fn client(&self, id: &ClientId) -> Value {
        self.0.client(id.as_str()).await.unwrap_or_default()
    }

    async fn roles(&self, id: &ClientId) -> Vec<String> {
        let path = format!("{}/roles", self.path(id).await);
        let roles = self.0.admin.call(Method::Get, &path, None).await.unwrap();
        roles.as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap().to_owned()).collect()
    }

    async fn create(&self, representation: &Value) {
        let path = format!("/{}/clients", self.0.name());
        self.0.admin.call(Method::Post, &path, Some(representation)).await.unwrap();
    }

    async fn edit(&self, id: &ClientId, members: &Value) {
        let mut members = members.clone();
        members["clientId"] = id.as_str().into();
        let path = self.path(id).await;
        self.0.admin.call(Method::Put, &path, Some(&members)).await.unwrap();
    }

    async fn remove(&self, id: &ClientId) {
        self.0.admin.remove_client(self.0.name().as_str(), id.as_str()).await.unwrap();
    }

    async fn lets_in(&self, id: &ClientId, secret: &Secret) -> bool {
        self.0.lets_in(id.as_str(), secret).await
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn clients_are_registered_as_the_contract_says() {
    let server = Server(Stage::plain().await);
    contract::registrar::all(&server.registrar(), &server).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn secrets_rotate_as_the_contract_says() {
    let server = Server(Stage::plain().await);
    contract::secrets::without_policy(&server.registrar(), &server.registrar(), &server).await;
    let server = Server(Stage::rotating().await);
    contract::secrets::with_policy(&server.registrar(), &server.registrar(), &server).await;
}
