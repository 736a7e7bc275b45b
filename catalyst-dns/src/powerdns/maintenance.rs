//! What can be done with a zone besides changing it.

use catalyst_core::Result;
use catalyst_core::http::Method;
use serde::Deserialize;

use super::PowerDns;
use super::call::Call;
use super::operation::Operation;
use super::path::Path;
use crate::{DomainName, ZoneName};

#[derive(Deserialize)]
struct WireExport {
    zone: String,
}

#[derive(Deserialize)]
struct WireFlushed {
    count: u64,
}

impl PowerDns {
    /// The zone as a zone file, of at most [`max_body`](crate::PowerDnsBuilder::max_body) bytes.
    ///
    /// # Errors
    /// `zone_not_found`; [`ErrorKind::Decode`](crate::ErrorKind::Decode) above the limit.
    pub async fn export(&self, zone: &ZoneName) -> Result<String> {
        let call = Call::new(Operation::Export, Method::Get, Path::zone(zone).then("export"), zone.as_str());
        let answer = self.api.send(&call).await?;
        // Whoever drops our `Accept` on the way gets the file itself.
        match std::str::from_utf8(answer.body()) {
            Ok(text) if !text.trim_start().starts_with(['{', '<']) => Ok(text.to_owned()),
            _ => Ok(answer.json::<WireExport>()?.zone),
        }
    }

    /// Puts the order and the authority of a zone's records right, after changes with `api_rectify` off. A zone that is
    /// not signed has nothing to put right, and that is no fault. On 100,000 sets it takes seconds.
    ///
    /// # Errors
    /// `zone_not_found`.
    pub async fn rectify(&self, zone: &ZoneName) -> Result<()> {
        let call =
            Call::new(Operation::Rectify, Method::Put, Path::zone(zone).then("rectify"), zone.as_str());
        self.api.write(zone, &call).await.map(drop)
    }

    /// Tells the secondaries that the zone changed (NOTIFY, RFC 1996). The server queues it, and does not say whether
    /// there is anybody to tell.
    ///
    /// # Errors
    /// `zone_not_found`.
    pub async fn notify(&self, zone: &ZoneName) -> Result<()> {
        let call = Call::new(Operation::Notify, Method::Put, Path::zone(zone).then("notify"), zone.as_str());
        self.api.send(&call).await.map(drop)
    }

    /// Transfers a secondary zone from its primary. The server queues it.
    ///
    /// # Errors
    /// `not_a_secondary`, `zone_not_found`.
    pub async fn retrieve(&self, zone: &ZoneName) -> Result<()> {
        let path = Path::zone(zone).then("axfr-retrieve");
        let call = Call::new(Operation::RetrieveZone, Method::Put, path, zone.as_str());
        self.api.send(&call).await.map(drop)
    }

    /// Throws away what the server keeps of `name` and of all below it, and says how many entries went. A server behind a
    /// load balancer is one of several.
    pub async fn flush_cache(&self, name: &DomainName) -> Result<u64> {
        let path = Path::server().then("cache").then("flush").query("domain", name.as_str());
        let call = Call::new(Operation::FlushCache, Method::Put, path, name.as_str());
        Ok(self.api.send(&call).await?.json::<WireFlushed>()?.count)
    }
}
