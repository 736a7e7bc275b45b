//! Zones: list, read, make, change, remove.

use std::net::SocketAddr;

use catalyst_core::http::Method;
use catalyst_core::{Error, Result};
use serde::Serialize;

use super::PowerDns;
use super::call::{Answer, Call};
use super::operation::Operation;
use super::path::Path;
use super::zone_wire::{WireName, WireSpec, WireZone, kind_word, soa_edit_api_word};
use crate::{DomainName, SoaEditApi, Zone, ZoneKind, ZoneName, ZoneSpec};

/// Settings of a zone that are to change; what is not named stays.
///
/// ```
/// use catalyst_dns::{SoaEditApi, ZoneUpdate};
///
/// // Repairs a zone whose serial stands still, see `Zone::serial_warning`.
/// let update = ZoneUpdate::new().soa_edit_api(SoaEditApi::Increase).api_rectify(true);
/// # drop(update);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[must_use]
pub struct ZoneUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    soa_edit_api: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_rectify: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dnssec: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nsec3param: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    masters: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    master_tsig_key_ids: Option<Vec<String>>,
}

impl ZoneUpdate {
    /// No change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How the zone comes to its data.
    pub fn kind(self, kind: ZoneKind) -> Self {
        Self { kind: Some(kind_word(kind)), ..self }
    }

    /// How the serial moves with each change by the API.
    pub fn soa_edit_api(self, how: SoaEditApi) -> Self {
        Self { soa_edit_api: Some(soa_edit_api_word(how)), ..self }
    }

    /// Whether each change by the API rectifies the zone. For many changes of a large signed zone it is quicker to switch
    /// it off, and to [rectify](PowerDns::rectify) once.
    pub fn api_rectify(self, on: bool) -> Self {
        Self { api_rectify: Some(on), ..self }
    }

    /// NSEC3 parameters (RFC 5155), as `1 0 0 -`; empty for NSEC. The zone must be signed.
    pub fn nsec3param(self, param: impl Into<String>) -> Self {
        Self { nsec3param: Some(param.into()), ..self }
    }

    /// The account that the server notes.
    pub fn account(self, account: impl Into<String>) -> Self {
        Self { account: Some(account.into()), ..self }
    }

    /// Where a secondary transfers from.
    pub fn primaries(self, primaries: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self { masters: Some(primaries.into_iter().map(|address| address.to_string()).collect()), ..self }
    }

    /// The TSIG keys that may transfer the zone from here (what other places call `TSIG-ALLOW-AXFR`).
    pub fn primary_tsig_keys(self, keys: impl IntoIterator<Item = DomainName>) -> Self {
        Self {
            master_tsig_key_ids: Some(keys.into_iter().map(|key| key.as_str().to_owned()).collect()),
            ..self
        }
    }

    pub(super) fn dnssec(self, signed: bool) -> Self {
        Self { dnssec: Some(signed), ..self }
    }
}

impl PowerDns {
    /// Changes settings of a zone. Repeated when nothing came back, for twice is the same as once.
    ///
    /// # Errors
    /// `zone_not_found`; `key_not_found` for a TSIG key that the server does not have.
    pub async fn update_zone(&self, zone: &ZoneName, update: &ZoneUpdate) -> Result<()> {
        let call =
            Call::new(Operation::UpdateZone, Method::Put, Path::zone(zone), zone.as_str()).json(update)?;
        self.api.write(zone, &call).await.map(drop)
    }

    pub(super) async fn list(&self) -> Result<Vec<ZoneName>> {
        // The keys of each zone would be looked up for a field that is not read: ten times as long for 12,000 zones.
        let path = Path::zones().query("dnssec", "false");
        let answer = self.api.send(&Call::new(Operation::ListZones, Method::Get, path, "all zones")).await?;
        let zones: Vec<WireName> = answer.json()?;
        Ok(zones.iter().filter_map(WireName::read).collect())
    }

    pub(super) async fn read_zone(&self, zone: &ZoneName) -> Result<Zone> {
        let path = Path::zone(zone).query("rrsets", "false");
        let call = Call::new(Operation::ReadZone, Method::Get, path, zone.as_str());
        read(&self.api.send(&call).await?)
    }

    pub(super) async fn create(&self, spec: &ZoneSpec) -> Result<Zone> {
        let path = Path::zones().query("rrsets", "false");
        let call = Call::new(Operation::CreateZone, Method::Post, path, spec.name.as_str())
            .json(&WireSpec::from(spec))?
            .once();
        match self.api.write(&spec.name, &call).await {
            Ok(answer) => read(&answer),
            Err(error) => Err(perhaps_ours(error)),
        }
    }

    pub(super) async fn remove(&self, zone: &ZoneName) -> Result<()> {
        let call = Call::new(Operation::DeleteZone, Method::Delete, Path::zone(zone), zone.as_str());
        absent_is_well(self.api.write(zone, &call).await)
    }
}

fn read(answer: &Answer) -> Result<Zone> {
    let zone: WireZone = answer.json()?;
    zone.read().ok_or_else(|| answer.unreadable("the zone's name or kind is not known"))
}

/// The server makes a zone in several steps: one that failed may have left it, and then the next finds it.
fn perhaps_ours(error: Error) -> Error {
    if error.code() == Some("zone_exists") && error.attempts() > 1 {
        let help = "the server has the zone: an earlier try may have made it, perhaps without its records; look at it";
        return error.with_help(help).with_outcome_unknown();
    }
    error
}

/// What is to be removed is not there.
pub(super) fn absent_is_well(result: Result<Answer>) -> Result<()> {
    match result {
        Err(error) if error.status() == Some(404) => Ok(()),
        result => result.map(drop),
    }
}
