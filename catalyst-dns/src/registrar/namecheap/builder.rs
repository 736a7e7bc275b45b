//! How an account at Namecheap is set up.

use std::net::Ipv4Addr;
use std::time::Duration;

use catalyst_core::http::parse_address;
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result, RetryConfig, Secret};
use url::Url;

use super::Namecheap;
use super::refusal::SERVICE;
use crate::registrar::line::LineConfig;

const LIVE: &str = "https://api.namecheap.com/xml.response";
const SANDBOX: &str = "https://api.sandbox.namecheap.com/xml.response";

/// Who asks, and from which address.
#[derive(Clone, Debug)]
pub struct NamecheapCredential {
    pub(super) api_user: String,
    pub(super) api_key: Secret,
    pub(super) user_name: String,
    pub(super) client_ip: Ipv4Addr,
}

impl NamecheapCredential {
    /// The user that the key belongs to. `client_ip` is the public address that the requests come from; it must be on
    /// the account's list of allowed addresses, and only IPv4 is possible.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with code `bad_credential` if user or key are empty or too long (20 and 50 characters).
    pub fn new(api_user: &str, api_key: Secret, client_ip: Ipv4Addr) -> Result<Self> {
        let bounded = |text: &str, most: usize| (1..=most).contains(&text.chars().count());
        if !bounded(api_user, 20) || !bounded(api_key.expose(), 50) {
            return Err(Error::new(ErrorKind::Config, "read the credential of Namecheap")
                .with_code("bad_credential")
                .with_help("the user has 1 to 20 characters, the key 1 to 50"));
        }
        let user = api_user.to_owned();
        Ok(Self { api_user: user.clone(), api_key, user_name: user, client_ip })
    }

    /// Acts for another account than that of the key's user.
    #[must_use]
    pub fn user_name(mut self, user_name: impl Into<String>) -> Self {
        self.user_name = user_name.into();
        self
    }
}

/// Sets up a [`Namecheap`]; made by [`Namecheap::builder`].
#[derive(Debug)]
#[must_use]
pub struct NamecheapBuilder {
    credential: NamecheapCredential,
    address: Result<Url>,
    line: LineConfig,
}

impl NamecheapBuilder {
    pub(super) fn new(credential: NamecheapCredential) -> Self {
        Self { credential, address: parse_address(LIVE), line: LineConfig::new(20, 6, 4) }
    }

    /// The sandbox, which has accounts and keys of its own.
    pub fn sandbox(mut self) -> Self {
        self.address = parse_address(SANDBOX);
        self
    }

    /// Another address of the API, with its path.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is no address.
    pub fn address(mut self, address: &str) -> Result<Self> {
        self.address = Ok(parse_address(address)?);
        Ok(self)
    }

    /// How many requests a minute the account may make; 20 if not set. Namecheap counts 20 or 50 a minute, 700 an hour
    /// and 8,000 a day.
    pub fn requests_per_minute(mut self, requests: u32) -> Self {
        self.line.per_minute = requests;
        self.line.burst = (requests / 4).max(1);
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
    /// [`ErrorKind::Tls`] if the TLS settings cannot work.
    pub fn build(self) -> Result<Namecheap> {
        let line = self.line.open(SERVICE, vec![self.credential.api_key.clone()])?;
        Ok(Namecheap { credential: self.credential, address: self.address?, line })
    }
}
