//! How an account at GoDaddy is set up.

use std::time::Duration;

use catalyst_core::{Result, Secret};
use zeroize::Zeroizing;

use super::answer::SERVICE;
use super::client::GoDaddy;
use crate::registrar::RateLimit;
use crate::registrar::format::Format;
use crate::registrar::wire::{WireConfig, wire_settings};

const LIVE: &str = "https://api.godaddy.com";
const SANDBOX: &str = "https://api.ote-godaddy.com";

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
        Self { key, secret, shopper: None, default_address: LIVE, wire: WireConfig::new(limit) }
    }

    /// Acts for this customer of a reseller (`X-Shopper-Id`).
    pub fn shopper(mut self, id: &str) -> Self {
        self.shopper = Some(Secret::new(id));
        self
    }

    /// The test environment (OTE), which has keys of its own; an address that is set counts more.
    pub fn sandbox(mut self) -> Self {
        self.default_address = SANDBOX;
        self
    }

    wire_settings!(wire, address: "`https://api.godaddy.com`", limit: "60 requests a minute");

    /// The account. No I/O happens.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`](crate::ErrorKind::Tls) if the TLS settings cannot work.
    pub fn build(self) -> Result<GoDaddy> {
        let both = Zeroizing::new(format!("sso-key {}:{}", self.key.expose(), self.secret.expose()));
        let secrets = [self.key, self.secret].into_iter().chain(self.shopper.clone()).collect();
        let wire = self.wire.open(SERVICE, self.default_address, Format::JSON, secrets)?;
        Ok(GoDaddy { authorization: Secret::new(both.as_str()), shopper: self.shopper, wire })
    }
}
