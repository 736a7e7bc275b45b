//! How an account at OVH is set up.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Clock, Error, ErrorKind, Result, Secret};

use super::Ovh;
use super::refusal::SERVICE;
use super::sign::Skew;
use crate::registrar::RateLimit;
use crate::registrar::format::Format;
use crate::registrar::wire::{WireConfig, wire_settings};

/// Which of OVH's companies the account is with; keys of one are unknown to the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OvhRegion {
    /// Europe.
    #[default]
    Europe,
    /// Canada, Asia and Australia.
    Canada,
    /// The United States.
    UnitedStates,
}

impl OvhRegion {
    fn address(self) -> &'static str {
        match self {
            Self::Europe => "https://eu.api.ovh.com/1.0",
            Self::Canada => "https://ca.api.ovh.com/1.0",
            Self::UnitedStates => "https://api.us.ovhcloud.com/1.0",
        }
    }
}

/// An application and the consumer that it acts for.
#[derive(Clone, Debug)]
pub struct OvhCredential {
    pub(super) application_key: Secret,
    pub(super) application_secret: Secret,
    pub(super) consumer_key: Secret,
}

impl OvhCredential {
    /// The three keys, as OVH shows them when they are made. The consumer key needs `GET`, `PUT` and `POST` on
    /// `/domain` and `/domain/*`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with code `bad_credential` if one is empty.
    pub fn new(application_key: Secret, application_secret: Secret, consumer_key: Secret) -> Result<Self> {
        if [&application_key, &application_secret, &consumer_key].into_iter().any(Secret::is_empty) {
            return Err(Error::new(ErrorKind::Config, "read the credential of OVH")
                .with_code("bad_credential")
                .with_help("application key, application secret and consumer key are all needed"));
        }
        Ok(Self { application_key, application_secret, consumer_key })
    }
}

/// Sets up an [`Ovh`]; made by [`Ovh::builder`].
#[derive(Debug)]
#[must_use]
pub struct OvhBuilder {
    credential: OvhCredential,
    region: OvhRegion,
    clock: Clock,
    wire: WireConfig,
}

impl OvhBuilder {
    pub(super) fn new(credential: OvhCredential) -> Self {
        let limit = RateLimit::new(600, Duration::from_secs(60)).at_once(4);
        let (region, clock) = (OvhRegion::default(), Clock::system());
        Self { credential, region, clock, wire: WireConfig::new(limit) }
    }

    /// Which company the account is with; Europe if not set. An address that is set counts more.
    pub fn region(mut self, region: OvhRegion) -> Self {
        self.region = region;
        self
    }

    /// Where the time of signatures comes from. It need not be right: OVH is asked for the difference.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    wire_settings!(wire, address: "that of the region, with its path (`/1.0`),", limit: "600 requests a minute, four at a time,");

    /// The account. No I/O happens: the first call asks for the time.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] if the TLS settings cannot work.
    pub fn build(self) -> Result<Ovh> {
        let OvhCredential { application_key, application_secret, consumer_key } = &self.credential;
        let secrets = [application_key, application_secret, consumer_key].map(Clone::clone).to_vec();
        let wire = self.wire.open(SERVICE, self.region.address(), Format::JSON, secrets)?;
        Ok(Ovh { credential: self.credential, skew: Arc::new(Skew::new(self.clock)), wire })
    }
}
