//! The contract that the mock and the fake keep, on the server that they imitate. Where this fails, they are wrong.

use async_trait::async_trait;
use catalyst_core::Secret;
use catalyst_core::http::Method;
use catalyst_keycloak::testing::contract::{self, Operator};
use catalyst_keycloak::{ClientId, ClientRegistrar as _, ClientSecrets as _, Outcome};
use catalyst_tests::servers::keycloak_setup;
use serde_json::{Value, json};

use super::stage::{Stage, robot};

#[async_trait]
impl Operator for Stage {
    async fn client(&self, id: &ClientId) -> Value {
        Stage::client(self, id.as_str()).await.unwrap_or_default()
    }

    async fn roles(&self, id: &ClientId) -> Vec<String> {
        let roles = self.admin.call(Method::Get, &self.path(id, "/roles").await, None).await.unwrap();
        let names = roles.as_array().into_iter().flatten().filter_map(|role| role["name"].as_str());
        names.map(str::to_owned).collect()
    }

    async fn create(&self, representation: &Value) {
        let path = format!("/{}/clients", self.name());
        self.admin.call(Method::Post, &path, Some(representation)).await.unwrap();
    }

    async fn edit(&self, id: &ClientId, members: &Value) {
        // The server merges, too.
        let mut members = members.clone();
        members["clientId"] = json!(id.as_str());
        self.admin.call(Method::Put, &self.path(id, "").await, Some(&members)).await.unwrap();
    }

    async fn remove(&self, id: &ClientId) {
        if Stage::client(self, id.as_str()).await.is_some() {
            self.admin.remove_client(self.name().as_str(), id.as_str()).await.unwrap();
        }
    }

    /// Introspection asks for the client's proof, and for nothing that only some clients may do.
    async fn lets_in(&self, id: &ClientId, secret: &Secret) -> bool {
        let fields = [("client_id", id.as_str()), ("client_secret", secret.expose()), ("token", "none")];
        let realm = self.name().as_str();
        self.admin.form(realm, "token/introspect", &fields).await.unwrap().is_success()
    }
}

impl Stage {
    async fn path(&self, id: &ClientId, rest: &str) -> String {
        let client = self.admin.existing(self.name().as_str(), id.as_str()).await.unwrap();
        format!("/{}/clients/{}{rest}", self.name(), client["id"].as_str().unwrap())
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn of_the_registrar() {
    let stage = Stage::plain().await;
    contract::registrar::all(&stage.keycloak().registrar(stage.name().clone()), &stage).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn of_secrets_without_a_policy() {
    let stage = Stage::plain().await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    contract::secrets::without_policy(&registrar, &registrar, &stage).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn of_secrets_with_the_policy() {
    let stage = Stage::rotating().await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    contract::secrets::with_policy(&registrar, &registrar, &stage).await;
}

/// The server fails over updates without attributes of clients that are older than the policy.
#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_client_that_is_older_than_the_policy_can_be_updated() {
    let stage = Stage::open("acme-late", false).await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let spec = robot("late");
    let secret = registrar.ensure(&spec).await.unwrap().secret.unwrap();
    keycloak_setup::secret_rotation(&stage.admin, "acme-late").await.unwrap();
    let updated = registrar.ensure(&spec.clone().description("new")).await.unwrap();
    assert_eq!(updated.outcome, Outcome::Updated);
    registrar.set_enabled(spec.id(), spec.owner(), true).await.unwrap();
    assert!(registrar.accepts(spec.id(), &secret).await.unwrap());
    assert!(registrar.secrets(spec.id()).await.unwrap().expires_at.is_some());
}
