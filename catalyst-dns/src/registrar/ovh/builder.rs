//! How an account at OVH is set up.

use std::time::Duration;

use catalyst_core::http::parse_address;
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Clock, Error, ErrorKind, Result, RetryConfig, Secret};
use url::Url;

use super::Ovh;
use super::refusal::SERVICE;
use super::sign::Skew;
use crate::registrar::line::LineConfig;

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
    address: Result<Url>,
    clock: Clock,
    line: LineConfig,
}

impl OvhBuilder {
    pub(super) fn new(credential: OvhCredential) -> Self {
        let address = parse_address(OvhRegion::default().address());
        Self { credential, address, clock: Clock::system(), line: LineConfig::new(600, 60, 4) }
    }

    /// Which company the account is with; Europe if not set.
    pub fn region(mut self, region: OvhRegion) -> Self {
        self.address = parse_address(region.address());
        self
    }

    /// Another address of the API, with its path (`/1.0`).
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is no address.
    pub fn address(mut self, address: &str) -> Result<Self> {
        self.address = Ok(parse_address(address)?);
        Ok(self)
    }

    /// Where the time of signatures comes from. It need not be right: OVH is asked for the difference.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How many requests a minute the account may make; 600 if not set.
    pub fn requests_per_minute(mut self, requests: u32) -> Self {
        self.line.per_minute = requests;
        self.line.burst = (requests / 10).max(1);
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

    /// The client. No I/O happens: the first call asks for the time.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] if the TLS settings cannot work.
    pub fn build(self) -> Result<Ovh> {
        let skew = Skew::new(self.clock);
        let OvhCredential { application_key, application_secret, consumer_key } = &self.credential;
        let secrets = [application_key, application_secret, consumer_key].map(Clone::clone).to_vec();
        let line = self.line.open(SERVICE, secrets)?;
        Ok(Ovh { credential: self.credential, address: self.address?, skew, line })
    }
}
