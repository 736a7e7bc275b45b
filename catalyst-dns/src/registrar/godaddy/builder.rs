//! How an account at GoDaddy is set up.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::http::parse_address;
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Result, RetryConfig, Secret};
use zeroize::Zeroizing;

use super::client::GoDaddy;
use super::wire::{NAME, read_refusal};
use crate::registrar::RateLimit;
use crate::registrar::wire::{Wire, WireConfig};

const ADDRESS: &str = "https://api.godaddy.com";
const TEST_ADDRESS: &str = "https://api.ote-godaddy.com";

/// Sets up a [`GoDaddy`]; made by [`GoDaddy::builder`].
#[derive(Debug)]
#[must_use]
pub struct GoDaddyBuilder {
    key: Secret,
    secret: Secret,
    shopper: Option<Secret>,
    default_address: &'static str,
    wire: WireConfig,
}

impl GoDaddyBuilder {
    pub(super) fn new(key: Secret, secret: Secret) -> Self {
        // 60 requests a minute for each endpoint; counted over all, so that none is over.
        let limit = RateLimit::new(60, Duration::from_secs(60));
        Self { key, secret, shopper: None, default_address: ADDRESS, wire: WireConfig::new(limit) }
    }

    /// Acts for this customer of a reseller (`X-Shopper-Id`).
    pub fn shopper(mut self, id: &str) -> Self {
        self.shopper = Some(Secret::new(id));
        self
    }

    /// Where the API is: `https://api.godaddy.com`, if not set.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if it is not an absolute `http` or `https` URL.
    pub fn address(mut self, address: &str) -> Result<Self> {
        self.wire.address = Some(parse_address(address)?);
        Ok(self)
    }

    /// The test environment (OTE), which has keys of its own; an address that is set counts more.
    pub fn test_environment(mut self) -> Self {
        self.default_address = TEST_ADDRESS;
        self
    }

    /// How the server is checked.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.wire.tls = tls;
        self
    }

    /// How long one try of a call may take; 20 s if not set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.wire.timeout = limit;
        self
    }

    /// How often and how long calls are tried again; three times within 30 s if not set. A write is repeated only if
    /// it certainly had no effect.
    pub fn retry(mut self, retry: RetryConfig) -> Self {
        self.wire.retry = retry;
        self
    }

    /// How often the account is asked; 60 requests a minute if not set.
    pub fn limit(mut self, limit: RateLimit) -> Self {
        self.wire.limit = limit;
        self
    }

    /// The account. No I/O happens.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`](crate::ErrorKind::Tls) if the TLS settings cannot work.
    pub fn build(self) -> Result<GoDaddy> {
        let both = Zeroizing::new(format!("sso-key {}:{}", self.key.expose(), self.secret.expose()));
        let mut headers = vec![("authorization", Secret::new(both.as_str()))];
        headers.extend(self.shopper.map(|shopper| ("x-shopper-id", shopper)));
        Ok(GoDaddy {
            wire: Arc::new(Wire::new(NAME, self.default_address, self.wire, headers, read_refusal)?),
        })
    }
}
