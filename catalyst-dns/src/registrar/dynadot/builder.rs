//! How an account at Dynadot is set up.

use std::time::Duration;

use catalyst_core::{Result, Secret};

use super::Dynadot;
use super::refusal::SERVICE;
use crate::registrar::RateLimit;
use crate::registrar::format::Format;
use crate::registrar::wire::{WireConfig, wire_settings};

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

impl DynadotTier {
    fn limit(self) -> RateLimit {
        let (a_second, at_once) = match self {
            Self::Regular => (1, 1),
            Self::Bulk => (10, 5),
            Self::SuperBulk => (100, 25),
        };
        RateLimit::new(a_second, Duration::from_secs(1)).at_once(at_once)
    }
}

/// Sets up a [`Dynadot`]; made by [`Dynadot::builder`].
#[derive(Debug)]
#[must_use]
pub struct DynadotBuilder {
    key: Secret,
    secret: Secret,
    default_address: &'static str,
    wire: WireConfig,
}

impl DynadotBuilder {
    pub(super) fn new(key: Secret, secret: Secret) -> Self {
        let wire = WireConfig::new(DynadotTier::default().limit());
        Self { key, secret, default_address: LIVE, wire }
    }

    /// The sandbox, which has keys of its own; an address that is set counts more.
    pub fn sandbox(mut self) -> Self {
        self.default_address = SANDBOX;
        self
    }

    /// The price level of the account, which sets the limit of its requests; regular if not set.
    pub fn tier(self, tier: DynadotTier) -> Self {
        self.limit(tier.limit())
    }

    wire_settings!(
        wire,
        address: "`https://api.dynadot.com`, without `/restful`,",
        limit: "as the price level says, one request a second, one at a time,"
    );

    /// The account. No I/O happens.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`](crate::ErrorKind::Tls) if the TLS settings cannot work.
    pub fn build(self) -> Result<Dynadot> {
        let secrets = vec![self.key.clone(), self.secret.clone()];
        let wire = self.wire.open(SERVICE, self.default_address, Format::JSON, secrets)?;
        Ok(Dynadot { key: self.key, secret: self.secret, wire })
    }
}
