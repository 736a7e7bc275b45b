//! How the client is set up.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::http::{HttpClient, HttpConfig, parse_address};
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Clock, Result, RetryBudget, RetryConfig, Secret};
use url::Url;
use zeroize::Zeroizing;

use super::PoolDomains;
use super::refusal::SERVICE;

/// Sets up a [`PoolDomains`]; made by [`PoolDomains::builder`].
#[derive(Debug)]
#[must_use]
pub struct PoolDomainsBuilder {
    address: Url,
    authorization: Option<Secret>,
    clock: Clock,
    tls: TlsConfig,
    timeout: Duration,
    retry: RetryConfig,
}

impl PoolDomainsBuilder {
    pub(super) fn new(address: &str) -> Result<Self> {
        Ok(Self {
            address: parse_address(address)?,
            authorization: None,
            clock: Clock::system(),
            tls: TlsConfig::new(),
            timeout: Duration::from_secs(15),
            retry: RetryConfig::default(),
        })
    }

    /// Who asks, where a proxy in front wants to know; inside the cluster nobody does.
    pub fn basic_auth(mut self, user: &str, password: &Secret) -> Self {
        let pair = Zeroizing::new(format!("{user}:{}", password.expose()));
        let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        self.authorization = Some(Secret::from(format!("Basic {}", encoded.as_str())));
        self
    }

    /// Where the time comes from that is left of a reservation.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How the server is checked.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = tls;
        self
    }

    /// How long one try of a call may take; 15 s if not set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How often and how long calls are tried again; three times within 30 s if not set. What reserves, commits or sets
    /// name servers is tried again only when it certainly had no effect.
    pub fn retry(mut self, retry: RetryConfig) -> Self {
        self.retry = retry;
        self
    }

    /// The client. No I/O happens.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`](crate::ErrorKind::Tls) if the TLS settings cannot work.
    pub fn build(self) -> Result<PoolDomains> {
        let limits = HttpConfig::new(SERVICE).timeout(self.timeout).max_body(4 << 20).tls(self.tls);
        Ok(PoolDomains {
            http: HttpClient::new(limits)?,
            address: self.address,
            authorization: self.authorization,
            clock: self.clock,
            retry: self.retry,
            budget: RetryBudget::default(),
        })
    }
}
