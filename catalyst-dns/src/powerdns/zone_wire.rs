//! Zones as they stand on the wire.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::{DomainName, Serial, SoaEditApi, Zone, ZoneKind, ZoneName, ZoneSpec};

/// A zone that was read; sets in it are left aside.
#[derive(Deserialize)]
pub(super) struct WireZone {
    name: String,
    kind: String,
    serial: u32,
    edited_serial: Option<u32>,
    #[serde(default)]
    dnssec: bool,
    #[serde(default)]
    soa_edit_api: String,
    #[serde(default)]
    api_rectify: bool,
    #[serde(default)]
    nsec3param: String,
    #[serde(default)]
    account: String,
    #[serde(default)]
    masters: Vec<String>,
}

impl WireZone {
    /// `None` if the name or the kind is none that this crate knows.
    pub(super) fn read(self) -> Option<Zone> {
        Some(Zone {
            name: zone_name(&self.name)?,
            kind: kind(&self.kind)?,
            serial: Serial(self.serial),
            edited_serial: Serial(self.edited_serial.unwrap_or(self.serial)),
            dnssec: self.dnssec,
            soa_edit_api: soa_edit_api(&self.soa_edit_api),
            api_rectify: self.api_rectify,
            nsec3param: self.nsec3param,
            account: self.account,
            primaries: self.masters.iter().filter_map(|text| primary(text)).collect(),
        })
    }
}

/// One of a list, of which only the name counts.
#[derive(Deserialize)]
pub(super) struct WireName {
    name: String,
}

impl WireName {
    /// `None` for the root, which this crate does not manage, and for variants of a zone (`a.test..inside`).
    pub(super) fn read(&self) -> Option<ZoneName> {
        zone_name(&self.name)
    }
}

/// A zone that is to be made. The names of keys differ from ours: the API has kept its old words.
#[derive(Serialize)]
pub(super) struct WireSpec<'a> {
    name: &'a str,
    kind: &'static str,
    nameservers: Vec<&'a str>,
    dnssec: bool,
    soa_edit_api: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    masters: Vec<String>,
}

impl<'a> From<&'a ZoneSpec> for WireSpec<'a> {
    fn from(spec: &'a ZoneSpec) -> Self {
        Self {
            name: spec.name.as_str(),
            kind: kind_word(spec.kind),
            nameservers: spec.nameservers.iter().map(DomainName::as_str).collect(),
            dnssec: spec.dnssec,
            soa_edit_api: soa_edit_api_word(spec.soa_edit_api),
            masters: spec.primaries.iter().map(SocketAddr::to_string).collect(),
        }
    }
}

fn zone_name(text: &str) -> Option<ZoneName> {
    ZoneName::try_from(DomainName::from_server(text).ok()?).ok()
}

/// Both the old words and those of later versions. Catalog zones are transferred like others.
fn kind(word: &str) -> Option<ZoneKind> {
    match word.to_ascii_lowercase().as_str() {
        "native" => Some(ZoneKind::Native),
        "master" | "primary" | "producer" => Some(ZoneKind::Primary),
        "slave" | "secondary" | "consumer" => Some(ZoneKind::Secondary),
        _ => None,
    }
}

/// The word that every version takes.
pub(super) fn kind_word(kind: ZoneKind) -> &'static str {
    match kind {
        ZoneKind::Native => "Native",
        ZoneKind::Primary => "Master",
        ZoneKind::Secondary => "Slave",
    }
}

/// Any word but these leaves the serial where it is, as none does (`pdns/serialtweaker.cc`).
fn soa_edit_api(word: &str) -> Option<SoaEditApi> {
    [
        SoaEditApi::Default,
        SoaEditApi::Increase,
        SoaEditApi::Epoch,
        SoaEditApi::SoaEdit,
        SoaEditApi::SoaEditIncrease,
    ]
    .into_iter()
    .find(|known| soa_edit_api_word(*known).eq_ignore_ascii_case(word))
}

pub(super) fn soa_edit_api_word(how: SoaEditApi) -> &'static str {
    match how {
        SoaEditApi::Default => "DEFAULT",
        SoaEditApi::Increase => "INCREASE",
        SoaEditApi::Epoch => "EPOCH",
        SoaEditApi::SoaEdit => "SOA-EDIT",
        SoaEditApi::SoaEditIncrease => "SOA-EDIT-INCREASE",
    }
}

/// An address, with or without a port.
fn primary(text: &str) -> Option<SocketAddr> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(|address| SocketAddr::new(address, 53)))
}
