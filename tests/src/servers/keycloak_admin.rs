//! The few calls by which the harness configures Keycloak, and looks at it behind the SDK's back.
//!
//! Not the SDK's client: what is tested must not prepare its own test.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::http::{HttpClient, HttpConfig, Method, Request, Response};
use catalyst_core::{Error, ErrorKind, Result, Secret};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;
use url::form_urlencoded::Serializer;

use super::keycloak::KeycloakServer;

const OPERATION: &str = "configure Keycloak";
/// Half of what an administrator's token lives.
const TOKEN_AGE: Duration = Duration::from_secs(30);

/// Calls Keycloak as its administrator. Cheap to clone.
#[derive(Clone, Debug)]
pub struct KeycloakAdmin {
    http: HttpClient,
    base: Url,
    token: Arc<Mutex<Option<(Instant, Secret)>>>,
}

impl KeycloakAdmin {
    pub(crate) fn new(address: &str) -> Result<Self> {
        // Servers are restarted and frozen under this client.
        let config = HttpConfig::new("keycloak").timeout(Duration::from_secs(120)).fresh_connections();
        let base = catalyst_core::http::parse_address(address)?;
        Ok(Self { http: HttpClient::new(config)?, base, token: Arc::default() })
    }

    /// Sends one request to `/admin/realms{path}` and returns the answer, whatever its status.
    ///
    /// # Errors
    /// Those of the transport, and of the login.
    ///
    /// # Cancel safety
    /// A request whose future is dropped may or may not reach the server.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Response> {
        let token = Secret::from(format!("Bearer {}", self.token().await?.expose()));
        let url = self.url(&format!("/admin/realms{path}"))?;
        let mut request =
            Request::new(method, url, OPERATION).target(path).secret_header("authorization", &token)?;
        if let Some(body) = body {
            request = request.json(body)?;
        }
        self.http.send(request).await
    }

    /// Sends one request with or without a body; what was answered as JSON, or null.
    ///
    /// # Errors
    /// Those of [`KeycloakAdmin::send`], and [`ErrorKind::Other`] with the status for every answer but a success.
    ///
    /// # Cancel safety
    /// As [`KeycloakAdmin::send`].
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        answered(path, &self.send(method, path, body).await?)
    }

    /// Sends a form to `/realms/{realm}/protocol/openid-connect/{endpoint}`, as nobody in particular.
    ///
    /// # Errors
    /// Those of the transport.
    ///
    /// # Cancel safety
    /// As [`KeycloakAdmin::send`].
    pub async fn form(&self, realm: &str, endpoint: &str, fields: &[(&str, &str)]) -> Result<Response> {
        let url = self.url(&format!("/realms/{realm}/protocol/openid-connect/{endpoint}"))?;
        let form = Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::new(Method::Post, url, OPERATION)
            .target(endpoint)
            .bytes("application/x-www-form-urlencoded", form.into_bytes().into());
        self.http.send(request).await
    }

    /// Whether the token endpoint gives this client a token for its secret.
    ///
    /// # Errors
    /// As [`KeycloakAdmin::form`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn lets_in(&self, realm: &str, client_id: &str, secret: &Secret) -> Result<bool> {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", secret.expose()),
        ];
        Ok(self.form(realm, "token", &fields).await?.is_success())
    }

    /// The client as Keycloak shows it, with its secret.
    ///
    /// # Errors
    /// As [`KeycloakAdmin::call`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn client(&self, realm: &str, client_id: &str) -> Result<Option<Value>> {
        let query = Serializer::new(String::new()).append_pair("clientId", client_id).finish();
        let mut found = self.call(Method::Get, &format!("/{realm}/clients?{query}"), None).await?;
        Ok(found.get_mut(0).map(Value::take))
    }

    /// Changes a client by hand.
    ///
    /// # Errors
    /// As [`KeycloakAdmin::call`]; [`ErrorKind::NotFound`] if there is no such client.
    ///
    /// # Cancel safety
    /// The change may or may not have happened.
    pub async fn edit_client(
        &self,
        realm: &str,
        client_id: &str,
        edit: impl FnOnce(&mut Value),
    ) -> Result<()> {
        let mut client = self.existing(realm, client_id).await?;
        edit(&mut client);
        self.call(Method::Put, &client_path(realm, &client), Some(&client)).await.map(drop)
    }

    /// Deletes a client.
    ///
    /// # Errors
    /// As [`KeycloakAdmin::edit_client`].
    ///
    /// # Cancel safety
    /// The deletion may or may not have happened.
    pub async fn remove_client(&self, realm: &str, client_id: &str) -> Result<()> {
        let client = self.existing(realm, client_id).await?;
        self.call(Method::Delete, &client_path(realm, &client), None).await.map(drop)
    }

    /// The client, which must be there.
    ///
    /// # Errors
    /// As [`KeycloakAdmin::edit_client`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn existing(&self, realm: &str, client_id: &str) -> Result<Value> {
        self.client(realm, client_id).await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, OPERATION).with_target(client_id).with_help("no such client")
        })
    }

    fn url(&self, path: &str) -> Result<Url> {
        self.base.join(path).map_err(|error| {
            Error::new(ErrorKind::InvalidRequest, OPERATION).with_target(path).with_source(error)
        })
    }

    async fn token(&self) -> Result<Secret> {
        let mut kept = self.token.lock().await;
        if let Some((since, token)) = &*kept
            && since.elapsed() < TOKEN_AGE
        {
            return Ok(token.clone());
        }
        let (user, password) = KeycloakServer::ADMIN;
        let fields = [
            ("grant_type", "password"),
            ("client_id", "admin-cli"),
            ("username", user),
            ("password", password),
        ];
        let body = answered("token", &self.form("master", "token", &fields).await?)?;
        let token = Secret::new(body["access_token"].as_str().unwrap_or_default());
        *kept = Some((Instant::now(), token.clone()));
        Ok(token)
    }
}

/// `/REALM/clients/ID`.
pub(crate) fn client_path(realm: &str, client: &Value) -> String {
    format!("/{realm}/clients/{}", client["id"].as_str().unwrap_or_default())
}

fn answered(path: &str, response: &Response) -> Result<Value> {
    if !response.is_success() {
        let body: Value = response.json().unwrap_or(json!("no JSON"));
        return Err(Error::new(ErrorKind::Other, OPERATION)
            .with_service("keycloak")
            .with_target(path)
            .with_status(response.status())
            .with_server_message(&body.to_string()));
    }
    if response.body().is_empty() { Ok(Value::Null) } else { response.json() }
}
