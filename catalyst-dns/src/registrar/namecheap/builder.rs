//! How an account at Namecheap is set up.

use std::net::Ipv4Addr;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result, Secret};

use super::Namecheap;
use super::answer::XML;
use super::refusal::SERVICE;
use crate::registrar::RateLimit;
use crate::registrar::wire::{WireConfig, wire_settings};

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
    default_address: &'static str,
    wire: WireConfig,
}

impl NamecheapBuilder {
    pub(super) fn new(credential: NamecheapCredential) -> Self {
        // Namecheap counts 20 or 50 a minute, 700 an hour and 8,000 a day.
        let limit = RateLimit::new(20, Duration::from_secs(60)).at_once(4);
        Self { credential, default_address: LIVE, wire: WireConfig::new(limit) }
    }

    /// The sandbox, which has accounts and keys of its own; an address that is set counts more.
    pub fn sandbox(mut self) -> Self {
        self.default_address = SANDBOX;
        self
    }

    wire_settings!(
        wire,
        address: "`https://api.namecheap.com/xml.response`",
        limit: "20 requests a minute, four at a time,"
    );

    /// The account. No I/O happens.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] if the TLS settings cannot work.
    pub fn build(self) -> Result<Namecheap> {
        let secrets = vec![self.credential.api_key.clone()];
        let wire = self.wire.open(SERVICE, self.default_address, XML, secrets)?;
        Ok(Namecheap { credential: self.credential, wire })
    }
}
