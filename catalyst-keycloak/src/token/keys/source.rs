//! Where the keys come from.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::http::{HttpClient, HttpConfig, Method, Request};
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result};
use url::Url;

use crate::Realm;
use crate::jose::KeySet;

/// Publishes the keys of an issuer as JSON (RFC 7517).
#[async_trait]
pub trait KeySource: fmt::Debug + Send + Sync + 'static {
    /// The set as it is now; `past_caches` asks every cache in between to step aside.
    ///
    /// Called once for all who wait, and cut off after ten seconds.
    ///
    /// # Errors
    /// Whatever keeps it from being fetched; the keys at hand stay in use for up to an hour.
    async fn fetch(&self, past_caches: bool) -> Result<PublishedKeys>;
}

/// A set of keys as it was published; not read yet.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PublishedKeys {
    /// The JSON.
    pub json: Vec<u8>,
    /// For how long the server calls it fresh, if it says so.
    pub max_age: Option<Duration>,
}

impl PublishedKeys {
    /// A set about whose age nothing is said.
    pub fn new(json: impl Into<Vec<u8>>) -> Self {
        Self { json: json.into(), max_age: None }
    }

    /// Sets for how long it is fresh.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }
}

/// The keys of a realm over HTTP: `GET /realms/{realm}/protocol/openid-connect/certs` at the back channel.
///
/// Bodies over 512 KiB and redirects to another origin are refused.
#[derive(Clone, Debug)]
pub struct HttpKeySource {
    http: HttpClient,
    url: Url,
    realm: String,
}

impl HttpKeySource {
    /// The keys of `realm`.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] or [`ErrorKind::Config`] if the TLS settings cannot work.
    pub fn new(realm: &Realm, tls: TlsConfig) -> Result<Self> {
        let config = HttpConfig::new("keycloak")
            .timeout(Duration::from_secs(10))
            .connect_timeout(Duration::from_secs(2))
            .max_body(KeySet::MAX_BYTES)
            .tls(tls);
        Ok(Self::with_client(realm, HttpClient::new(config)?))
    }

    /// The keys of `realm` through `http`.
    pub(crate) fn with_client(realm: &Realm, http: HttpClient) -> Self {
        let url = realm.endpoint("protocol/openid-connect/certs");
        Self { http, url, realm: realm.name().to_string() }
    }
}

#[async_trait]
impl KeySource for HttpKeySource {
    async fn fetch(&self, past_caches: bool) -> Result<PublishedKeys> {
        const OPERATION: &str = "load the keys of a realm";
        let mut request = Request::new(Method::Get, self.url.clone(), OPERATION).target(self.realm.as_str());
        if past_caches {
            request = request.fixed_header("cache-control", "no-cache");
        }
        let answer = self.http.send(request).await?;
        let status = answer.status();
        if status != 200 {
            let (kind, code) = match status {
                404 => (ErrorKind::NotFound, "realm_not_found"),
                429 => (ErrorKind::RateLimited, "rate_limited"),
                500.. => (ErrorKind::Unavailable, "unavailable"),
                _ => (ErrorKind::Decode, "unexpected_status"),
            };
            let error = Error::new(kind, OPERATION).with_service("keycloak").with_target(self.realm.as_str());
            return Err(error.with_status(status).with_code(code));
        }
        let max_age = answer.header("cache-control").and_then(max_age);
        Ok(PublishedKeys { json: answer.body().to_vec(), max_age })
    }
}

/// `max-age` of a `Cache-Control` header.
fn max_age(header: &str) -> Option<Duration> {
    let mut directives = header.split(',').map(|directive| directive.trim().to_ascii_lowercase());
    let seconds = directives
        .find_map(|directive| directive.strip_prefix("max-age=").map(|age| age.trim_matches('"').parse()))?;
    seconds.ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_is_read_from_the_header_and_keycloaks_says_none() {
        assert_eq!(max_age("no-cache"), None);
        assert_eq!(max_age("public, Max-Age=90"), Some(Duration::from_secs(90)));
        assert_eq!(max_age("max-age=-1"), None);
        assert_eq!(max_age("max-age=99999999999999999999999"), None);
    }
}
