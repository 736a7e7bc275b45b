//! The two PowerDNS that there are.

use std::net::SocketAddr;

use catalyst_core::Secret;
use catalyst_dns::testing::FakePowerDns;
use catalyst_tests::servers::{PowerDnsBackend, PowerDnsServer};

use super::{Broken, Requests};

pub(super) enum Servers {
    Fake(Box<FakePowerDns>),
    Live(Box<PowerDnsServer>),
}

impl Servers {
    /// Both check health every second, and the fake has a key of this run.
    pub(super) async fn start(live: bool) -> Result<Self, Broken> {
        if live {
            return Ok(Self::Live(Box::new(PowerDnsServer::start(PowerDnsBackend::Sqlite).await?)));
        }
        let fake = FakePowerDns::start().await;
        fake.model().set_config("lua-health-checks-interval", "1");
        fake.set_api_key(Secret::from(format!("confidential-{:032x}", fastrand::u128(..))));
        Ok(Self::Fake(Box::new(fake)))
    }

    pub(super) fn address(&self) -> String {
        match self {
            Self::Fake(fake) => fake.address(),
            Self::Live(live) => live.address(),
        }
    }

    pub(super) async fn dns_address(&self) -> Result<SocketAddr, Broken> {
        match self {
            Self::Fake(fake) => Ok(fake.dns_address().await?),
            Self::Live(live) => Ok(live.dns_address()),
        }
    }

    pub(super) fn api_key(&self) -> Secret {
        match self {
            Self::Fake(fake) => fake.api_key(),
            Self::Live(live) => live.api_key(),
        }
    }

    pub(super) fn requests(&self) -> Option<Requests> {
        match self {
            Self::Fake(fake) => {
                let counted = fake.requests();
                Some(Requests { reads: counted.reads, writes: counted.writes })
            }
            Self::Live(_) => None,
        }
    }

    pub(super) async fn validate(
        &self,
        name: &str,
        kind: &str,
        anchor: &str,
    ) -> Result<Option<String>, Broken> {
        match self {
            Self::Fake(_) => Ok(None),
            Self::Live(live) => Ok(Some(live.validate(name, kind, anchor).await?)),
        }
    }

    pub(super) async fn stop(self) -> Result<(), Broken> {
        match self {
            Self::Fake(_) => Ok(()),
            Self::Live(mut live) => Ok(live.stop().await?),
        }
    }
}
