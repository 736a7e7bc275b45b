//! Primaries whose notifications make a secondary zone here.

use std::net::IpAddr;

use catalyst_core::Result;
use catalyst_core::http::Method;
use serde::{Deserialize, Serialize};

use super::PowerDns;
use super::call::Call;
use super::operation::Operation;
use super::path::Path;
use super::zones::absent_is_well;
use crate::DomainName;

/// A primary that this server trusts: zones of which it notifies are made here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "this is all there is")]
pub struct Autoprimary {
    /// Its address.
    pub address: IpAddr,
    /// Its name, which must stand in the NS set of the zone.
    pub nameserver: DomainName,
    /// The account that its zones get.
    pub account: String,
}

#[derive(Deserialize, Serialize)]
struct WireAutoprimary {
    ip: String,
    nameserver: String,
    #[serde(default)]
    account: String,
}

impl PowerDns {
    /// All autoprimaries. From PowerDNS 4.6.
    pub async fn autoprimaries(&self) -> Result<Vec<Autoprimary>> {
        let call = Call::new(Operation::ReadAutoprimaries, Method::Get, all(), "autoprimaries");
        let answer = self.api.send(&call).await?;
        let wire: Vec<WireAutoprimary> = answer.json()?;
        let read = |wire: WireAutoprimary| {
            let nameserver = DomainName::from_server(&wire.nameserver).ok()?;
            Some(Autoprimary { address: wire.ip.parse().ok()?, nameserver, account: wire.account })
        };
        let read: Option<Vec<_>> = wire.into_iter().map(read).collect();
        read.ok_or_else(|| answer.unreadable("an autoprimary has no address or no name"))
    }

    /// Trusts a primary.
    pub async fn add_autoprimary(&self, autoprimary: &Autoprimary) -> Result<()> {
        let body = WireAutoprimary {
            ip: autoprimary.address.to_string(),
            // Without the final dot, as the server compares it.
            nameserver: autoprimary.nameserver.without_dot().to_owned(),
            account: autoprimary.account.clone(),
        };
        let target = autoprimary.nameserver.as_str();
        let call = Call::new(Operation::CreateAutoprimary, Method::Post, all(), target).json(&body)?.once();
        self.api.send(&call).await.map(drop)
    }

    /// Trusts it no longer; none there is no fault.
    pub async fn remove_autoprimary(&self, address: IpAddr, nameserver: &DomainName) -> Result<()> {
        let path = all().then(&address.to_string()).then(nameserver.without_dot());
        let call = Call::new(Operation::DeleteAutoprimary, Method::Delete, path, nameserver.as_str());
        absent_is_well(self.api.send(&call).await)
    }
}

fn all() -> Path {
    Path::server().then("autoprimaries")
}
