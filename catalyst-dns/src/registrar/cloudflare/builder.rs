//! How an account at Cloudflare is set up.

use std::time::Duration;

use catalyst_core::{Result, Secret};
use zeroize::Zeroizing;

use super::answer::SERVICE;
use super::client::Cloudflare;
use crate::registrar::RateLimit;
use crate::registrar::format::Format;
use crate::registrar::wire::{WireConfig, wire_settings};

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

    wire_settings!(
        wire,
        address: "`https://api.cloudflare.com/client/v4`",
        limit: "1,000 requests in five minutes, of Cloudflare's 1,200,"
    );

    /// The account. No I/O happens.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`](crate::ErrorKind::Tls) if the TLS settings cannot work.
    pub fn build(self) -> Result<Cloudflare> {
        let bearer = Zeroizing::new(format!("Bearer {}", self.token.expose()));
        let wire = self.wire.open(SERVICE, ADDRESS, Format::JSON, vec![self.token])?;
        Ok(Cloudflare { authorization: Secret::new(bearer.as_str()), wire })
    }
}
