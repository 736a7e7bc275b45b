//! How the client is set up.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::http::{HttpClient, HttpConfig, parse_address};
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Backoff, Error, ErrorKind, Result, RetryBudget, RetryConfig, Secret};
use tokio::sync::OnceCell;
use url::Url;
use zeroize::Zeroizing;

use super::client::Api;
use super::key::{ApiKeySource, Key};
use super::path::server_address;
use super::refusal::SERVICE;
use super::writers::Writers;
use crate::PowerDns;

/// Below the 2 MB that a server takes (2 × 2²⁰ bytes), with room for a proxy that counts headers too. Five thousand sets
/// with their marks fit.
const BODY_LIMIT: usize = 2_000_000;

/// Sets up a [`PowerDns`]; made by [`PowerDns::builder`].
#[derive(Debug)]
#[must_use]
pub struct PowerDnsBuilder {
    address: Url,
    server_id: String,
    key: Option<Key>,
    basic: Option<(String, Secret)>,
    tls: TlsConfig,
    timeout: Duration,
    retry: RetryConfig,
    max_body: usize,
    body_limit: usize,
}

impl PowerDnsBuilder {
    pub(super) fn new(address: &str) -> Result<Self> {
        Ok(Self {
            address: parse_address(address)?,
            server_id: "localhost".to_owned(),
            key: None,
            basic: None,
            tls: TlsConfig::new(),
            timeout: Duration::from_secs(15),
            retry: RetryConfig::new(10, Duration::from_secs(45))
                .backoff(Backoff::new(Duration::from_millis(50), Duration::from_secs(2))),
            max_body: 64 << 20,
            body_limit: BODY_LIMIT,
        })
    }

    /// The key of the API (`X-API-Key`), once for all.
    pub fn api_key(mut self, key: Secret) -> Self {
        self.key = Some(Key::Fixed(key));
        self
    }

    /// Where the key of the API comes from at each call. After a refusal it is asked once more.
    pub fn api_key_source(mut self, source: Arc<dyn ApiKeySource>) -> Self {
        self.key = Some(Key::Source(source));
        self
    }

    /// The user and the password that a proxy before the server wants (RFC 7617), besides the key of the API.
    pub fn basic_auth(mut self, user: impl Into<String>, password: Secret) -> Self {
        self.basic = Some((user.into(), password));
        self
    }

    /// The server's id within its API; `localhost` if not set, as every authoritative server has it.
    pub fn server_id(mut self, id: impl Into<String>) -> Self {
        self.server_id = id.into();
        self
    }

    /// How the server is checked, and what certificate is presented.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = tls;
        self
    }

    /// How long one try of a call may take; 15 s if not set. Reading a zone of half a million records takes longer.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How often and how long calls are tried again, and how long a write waits for another one of this process; ten
    /// times within 45 s if not set, with pauses of up to 2 s. That is for `SQLite`, which refuses at once for as long as
    /// another process writes (six times were over within a second, measured); a server that is down fails after some 5 s.
    pub fn retry(mut self, retry: RetryConfig) -> Self {
        self.retry = retry;
        self
    }

    /// The largest answer that is read, in bytes; 64 MiB if not set, which is about half a million record sets.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// The largest body that is sent, in bytes; 2,000,000 if not set. Changes that do not fit take several requests. The
    /// server's own limit is `webserver-max-bodysize` (2 MB if not set).
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// The client. No I/O happens.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if there is no key, or the server's id or the user cannot be one; [`ErrorKind::Tls`] if the
    /// TLS settings cannot work.
    pub fn build(self) -> Result<PowerDns> {
        let key = self.key.ok_or_else(|| {
            config("no_api_key", "give the builder the key of the API (api_key), or a source of keys")
        })?;
        let basic = self.basic.map(|(user, password)| basic_header(&user, &password)).transpose()?;
        let limits = HttpConfig::new(SERVICE).timeout(self.timeout).max_body(self.max_body).tls(self.tls);
        let api = Api {
            server: server_address(&self.address, &self.server_id)?,
            http: HttpClient::new(limits)?,
            key,
            basic,
            writers: Writers::new(self.retry.deadline()),
            retry: self.retry,
            budget: RetryBudget::default(),
            body_limit: self.body_limit,
            capabilities: OnceCell::new(),
        };
        Ok(PowerDns { api: Arc::new(api) })
    }
}

fn basic_header(user: &str, password: &Secret) -> Result<Secret> {
    if user.is_empty() || user.contains(|c: char| c == ':' || c.is_control()) {
        return Err(config(
            "bad_basic_auth",
            "a user is not empty and has no colon and no control character",
        ));
    }
    let pair = Zeroizing::new(format!("{user}:{}", password.expose()));
    let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
    let header = Zeroizing::new(format!("Basic {}", encoded.as_str()));
    Ok(Secret::new(header.as_str()))
}

fn config(code: &'static str, help: &str) -> Error {
    Error::new(ErrorKind::Config, "build the PowerDNS client")
        .with_service(SERVICE)
        .with_code(code)
        .with_help(help)
}
