//! How an account at Dynadot is set up.

use std::time::Duration;

use catalyst_core::http::parse_address;
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Result, RetryConfig, Secret};
use url::Url;

use super::Dynadot;
use super::refusal::SERVICE;
use crate::registrar::line::LineConfig;

const LIVE: &str = "https://api.dynadot.com";
const SANDBOX: &str = "https://api-sandbox.dynadot.com";

/// The price level of an account, which limits its requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DynadotTier {
    /// One request at a time, one a second.
    #[default]
    Regular,
    /// Five at a time, ten a second.
    Bulk,
    /// 25 at a time, a hundred a second.
    SuperBulk,
}

/// Sets up a [`Dynadot`]; made by [`Dynadot::builder`].
#[derive(Debug)]
#[must_use]
pub struct DynadotBuilder {
    key: Secret,
    secret: Secret,
    address: Result<Url>,
    line: LineConfig,
}

impl DynadotBuilder {
    pub(super) fn new(key: Secret, secret: Secret) -> Self {
        Self { key, secret, address: parse_address(LIVE), line: LineConfig::new(60, 1, 1) }
    }

    /// The sandbox, which has keys of its own.
    pub fn sandbox(mut self) -> Self {
        self.address = parse_address(SANDBOX);
        self
    }

    /// Another address of the API, without `/restful`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if it is no address.
    pub fn address(mut self, address: &str) -> Result<Self> {
        self.address = Ok(parse_address(address)?);
        Ok(self)
    }

    /// The price level of the account; regular if not set.
    pub fn tier(mut self, tier: DynadotTier) -> Self {
        (self.line.per_minute, self.line.burst, self.line.threads) = match tier {
            DynadotTier::Regular => (60, 1, 1),
            DynadotTier::Bulk => (600, 10, 5),
            DynadotTier::SuperBulk => (6000, 100, 25),
        };
        self
    }

    /// How many requests a minute the account may make, instead of what its level says.
    pub fn requests_per_minute(mut self, requests: u32) -> Self {
        self.line.per_minute = requests;
        self
    }

    /// How the server is checked.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.line.tls = tls;
        self
    }

    /// How long one try of a call may take; 20 s if not set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.line.timeout = limit;
        self
    }

    /// How often and how long calls are tried again; three times within 30 s if not set, writes only when they
    /// certainly had no effect.
    pub fn retry(mut self, retry: RetryConfig) -> Self {
        self.line.retry = retry;
        self
    }

    /// The client. No I/O happens.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`](crate::ErrorKind::Tls) if the TLS settings cannot work.
    pub fn build(self) -> Result<Dynadot> {
        let line = self.line.open(SERVICE, vec![self.key.clone(), self.secret.clone()])?;
        Ok(Dynadot { key: self.key, secret: self.secret, address: self.address?, line })
    }
}
