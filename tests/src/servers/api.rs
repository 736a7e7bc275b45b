//! The few calls by which the harness configures OpenBao.
//!
//! Not the SDK's client: what is tested must not prepare its own test.

use std::time::Duration;

use catalyst_core::http::{HttpClient, HttpConfig, Method, Request, Response};
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result, Secret};
use serde_json::Value;
use url::Url;

const OPERATION: &str = "configure OpenBao";

/// Calls OpenBao with one token. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    http: HttpClient,
    base: Url,
    token: Option<Secret>,
}

impl Api {
    pub(crate) fn new(address: &str, tls: TlsConfig) -> Result<Self> {
        // The server is killed and restarted under this client, so no connection is kept; and a call that a frozen
        // server does not answer must not hold a test up for long.
        let config = HttpConfig::new("openbao").tls(tls).timeout(Duration::from_secs(15)).fresh_connections();
        let base = catalyst_core::http::parse_address(address)?;
        Ok(Self { http: HttpClient::new(config)?, base, token: None })
    }

    /// The same, with another token.
    #[must_use]
    pub fn with_token(mut self, token: Secret) -> Self {
        self.token = Some(token);
        self
    }

    /// Sends one request to `/v1/{path}` and returns the answer, whatever its status.
    ///
    /// # Errors
    /// Those of the transport.
    ///
    /// # Cancel safety
    /// A request whose future is dropped may or may not reach the server.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Response> {
        let url = self.base.join("/v1/").and_then(|base| base.join(path)).map_err(|error| {
            Error::new(ErrorKind::InvalidRequest, OPERATION).with_target(path).with_source(error)
        })?;
        let mut request = Request::new(method, url, OPERATION).target(path);
        if let Some(token) = &self.token {
            request = request.secret_header("x-vault-token", token)?;
        }
        if let Some(body) = body {
            request = request.json(body)?;
        }
        self.http.send(request).await
    }

    /// Reads `path`; the value of `data` in the answer, or the whole answer where it has none.
    ///
    /// # Errors
    /// Those of the transport, and [`ErrorKind::Other`] with the status for every answer but a 200.
    ///
    /// # Cancel safety
    /// Safe for paths that create nothing.
    pub async fn read(&self, path: &str) -> Result<Value> {
        answered(path, &self.send(Method::Get, path, None).await?)
    }

    /// Lists the keys under `path`; none when there are none.
    ///
    /// # Errors
    /// As [`Api::read`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn list(&self, path: &str) -> Result<Vec<String>> {
        let response = self.send(Method::List, path, None).await?;
        if response.status() == 404 {
            return Ok(Vec::new());
        }
        let data = answered(path, &response)?;
        let keys = data["keys"].as_array().into_iter().flatten();
        Ok(keys.filter_map(|key| key.as_str().map(str::to_owned)).collect())
    }

    /// Writes `body` to `path`; what was answered, or null.
    ///
    /// # Errors
    /// As [`Api::read`].
    ///
    /// # Cancel safety
    /// The write may or may not have happened.
    pub async fn write(&self, path: &str, body: &Value) -> Result<Value> {
        answered(path, &self.send(Method::Post, path, Some(body)).await?)
    }

    /// Deletes `path`.
    ///
    /// # Errors
    /// As [`Api::read`].
    ///
    /// # Cancel safety
    /// The deletion may or may not have happened.
    pub async fn delete(&self, path: &str) -> Result<()> {
        answered(path, &self.send(Method::Delete, path, None).await?).map(drop)
    }
}

fn answered(path: &str, response: &Response) -> Result<Value> {
    if !response.is_success() {
        let body: Value = response.json().unwrap_or_default();
        return Err(Error::new(ErrorKind::Other, OPERATION)
            .with_service("openbao")
            .with_target(path)
            .with_status(response.status())
            .with_server_message(&body["errors"].to_string()));
    }
    if response.body().is_empty() {
        return Ok(Value::Null);
    }
    let mut body: Value = response.json()?;
    // A login answers with `auth` beside a null `data`.
    if body["data"].is_null() { Ok(body) } else { Ok(body["data"].take()) }
}
