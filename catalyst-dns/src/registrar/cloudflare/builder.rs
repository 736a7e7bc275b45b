//! How an account at Cloudflare is set up.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::http::parse_address;
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Result, RetryConfig, Secret};
use zeroize::Zeroizing;

use super::client::Cloudflare;
use super::wire::{NAME, read_refusal};
use crate::registrar::RateLimit;
use crate::registrar::wire::{Wire, WireConfig};

const ADDRESS: &str = "https://api.cloudflare.com/client/v4";

/// Sets up a [`Cloudflare`]; made by [`Cloudflare::builder`].
#[derive(Debug)]
#[must_use]
pub struct CloudflareBuilder {
    token: Secret,
    wire: WireConfig,
}

impl CloudflareBuilder {
    pub(super) fn new(token: Secret) -> Self {
        // 1,200 requests in five minutes for one user; some are left for the user's other programs.
        let limit = RateLimit::new(1000, Duration::from_secs(300));
        Self { token, wire: WireConfig::new(limit) }
    }

    /// Where the API is: `https://api.cloudflare.com/client/v4`, if not set.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if it is not an absolute `http` or `https` URL.
    pub fn address(mut self, address: &str) -> Result<Self> {
        self.wire.address = Some(parse_address(address)?);
        Ok(self)
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

    /// How often and how long reads are tried again; three times within 30 s if not set.
    pub fn retry(mut self, retry: RetryConfig) -> Self {
        self.wire.retry = retry;
        self
    }

    /// How often the account is asked; 1,000 requests in five minutes if not set, of Cloudflare's 1,200.
    pub fn limit(mut self, limit: RateLimit) -> Self {
        self.wire.limit = limit;
        self
    }

    /// The account. No I/O happens.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`](crate::ErrorKind::Tls) if the TLS settings cannot work.
    pub fn build(self) -> Result<Cloudflare> {
        let bearer = Zeroizing::new(format!("Bearer {}", self.token.expose()));
        let headers = vec![("authorization", Secret::new(bearer.as_str()))];
        Ok(Cloudflare { wire: Arc::new(Wire::new(NAME, ADDRESS, self.wire, headers, read_refusal)?) })
    }
}
