//! A realm of the shared server, and the SDK's clients for it.

use std::time::Duration;

use catalyst_core::http::Method;
use catalyst_core::{Error, Secret};
use catalyst_keycloak::{AdminLogin, ClientSpec, CredentialSource, Keycloak, OidcClient, Realm, RealmName};
use catalyst_tests::servers::{KeycloakAdmin, KeycloakServer, keycloak_setup};
use serde_json::Value;
use tokio::sync::Mutex;

/// Every client of these tests belongs to it.
pub(super) const OWNER: &str = "acme/prod/shop";

/// A machine that builds and tests beside us makes a server of one small heap slow, and that is not what is tested.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A realm, with an administrator who is not the SDK.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) server: &'static KeycloakServer,
    pub(super) admin: KeycloakAdmin,
    pub(super) realm: Realm,
}

impl Stage {
    /// The realm that most tests share; it has no rotation policy.
    pub(super) async fn plain() -> Self {
        Self::open("acme", false).await
    }

    /// The realm in which a rotated secret works for a day.
    pub(super) async fn rotating() -> Self {
        Self::open("acme-rotating", true).await
    }

    /// The realm `name`; the first who asks makes it.
    pub(super) async fn open(name: &str, rotation: bool) -> Self {
        static MAKING: Mutex<()> = Mutex::const_new(());
        let stage = Self::at(name).await;
        let _one_at_a_time = MAKING.lock().await;
        keycloak_setup::realm(&stage.admin, name).await.unwrap();
        if rotation {
            keycloak_setup::secret_rotation(&stage.admin, name).await.unwrap();
        }
        stage
    }

    /// The realm `name`, which somebody else makes.
    pub(super) async fn at(name: &str) -> Self {
        let server = KeycloakServer::shared().await.unwrap();
        let admin = server.admin().unwrap();
        let realm = Realm::new(name.parse().unwrap(), server.address()).unwrap();
        Self { server, admin, realm }
    }

    pub(super) fn name(&self) -> &RealmName {
        self.realm.name()
    }

    /// The SDK, as the server's bootstrap administrator.
    pub(super) fn keycloak(&self) -> Keycloak {
        keycloak(self.server)
    }

    /// The SDK at the token endpoint.
    pub(super) fn oidc(&self, id: &str, credential: impl CredentialSource) -> OidcClient {
        OidcClient::builder(self.realm.clone(), id.parse().unwrap(), credential)
            .timeout(PATIENCE)
            .build()
            .unwrap()
    }

    /// What the server shows of a client.
    pub(super) async fn client(&self, id: &str) -> Option<Value> {
        self.admin.client(self.name().as_str(), id).await.unwrap()
    }

    /// How many clients have this identifier, or begin with it.
    pub(super) async fn count(&self, id: &str) -> usize {
        let path = format!("/{}/clients?search=true&clientId={id}", self.name());
        self.admin.call(Method::Get, &path, None).await.unwrap().as_array().unwrap().len()
    }

    pub(super) async fn lets_in(&self, id: &str, secret: &Secret) -> bool {
        self.admin.lets_in(self.name().as_str(), id, secret).await.unwrap()
    }
}

pub(super) fn keycloak(server: &KeycloakServer) -> Keycloak {
    Keycloak::builder(server.address()).unwrap().admin(administrator()).timeout(PATIENCE).build().unwrap()
}

pub(super) fn administrator() -> AdminLogin {
    let (user, password) = KeycloakServer::ADMIN;
    AdminLogin::bootstrap(user, Secret::new(password))
}

/// A client that gets tokens for itself.
pub(super) fn robot(id: &str) -> ClientSpec {
    ClientSpec::new(id.parse().unwrap(), OWNER.parse().unwrap()).login(false).service_account(true)
}

pub(super) fn code(error: &Error) -> &str {
    error.code().unwrap_or_default()
}
