//! `/zones/{zone}/metadata`.

use serde_json::{Value, json};

use super::document::{string, texts};
use super::{Refusal, State};
use crate::DomainName;

const KNOWN: &[&str] = &[
    "ALLOW-AXFR-FROM",
    "AXFR-SOURCE",
    "ALLOW-DNSUPDATE-FROM",
    "TSIG-ALLOW-DNSUPDATE",
    "FORWARD-DNSUPDATE",
    "SOA-EDIT-DNSUPDATE",
    "NOTIFY-DNSUPDATE",
    "ALSO-NOTIFY",
    "AXFR-MASTER-TSIG",
    "GSS-ALLOW-AXFR-PRINCIPAL",
    "GSS-ACCEPTOR-PRINCIPAL",
    "IXFR",
    "LUA-AXFR-SCRIPT",
    "NSEC3NARROW",
    "NSEC3PARAM",
    "PRESIGNED",
    "PUBLISH-CDNSKEY",
    "PUBLISH-CDS",
    "SLAVE-RENOTIFY",
    "SOA-EDIT",
    "TSIG-ALLOW-AXFR",
];
/// These are read here, and written with the settings of the zone.
const READ_ONLY: &[&str] = &[
    "API-RECTIFY",
    "AXFR-MASTER-TSIG",
    "NSEC3NARROW",
    "NSEC3PARAM",
    "PRESIGNED",
    "LUA-AXFR-SCRIPT",
    "TSIG-ALLOW-AXFR",
];

impl State {
    pub(crate) fn metadata(&self, zone: &DomainName) -> Result<Value, Refusal> {
        Ok(self.zone(zone)?.metadata.iter().map(|(kind, values)| show(kind, values)).collect())
    }

    pub(crate) fn metadata_of(&self, zone: &DomainName, kind: &str) -> Result<Value, Refusal> {
        let zone = self.zone(zone)?;
        known(kind, false)?;
        Ok(show(kind, zone.metadata.get(kind).map_or(&[], Vec::as_slice)))
    }

    /// Adds values to a kind.
    pub(crate) fn add_metadata(&mut self, zone: &DomainName, document: &Value) -> Result<Value, Refusal> {
        self.expect_zone(zone)?;
        let kind = string(document, "kind")
            .map_err(|_missing| Refusal::unprocessable("kind is not specified or not a string"))?;
        known(kind, true)?;
        let values = values(document)?;
        self.zone_mut(zone)?.metadata.entry(kind.to_owned()).or_default().extend(values);
        self.metadata_of(zone, kind)
    }

    /// Puts these values in place of those of a kind.
    pub(crate) fn set_metadata(
        &mut self,
        zone: &DomainName,
        kind: &str,
        document: &Value,
    ) -> Result<Value, Refusal> {
        self.expect_zone(zone)?;
        known(kind, true)?;
        let values = values(document)?;
        drop(self.zone_mut(zone)?.metadata.insert(kind.to_owned(), values));
        self.metadata_of(zone, kind)
    }

    pub(crate) fn remove_metadata(&mut self, zone: &DomainName, kind: &str) -> Result<(), Refusal> {
        self.expect_zone(zone)?;
        known(kind, true)?;
        drop(self.zone_mut(zone)?.metadata.remove(kind));
        Ok(())
    }
}

fn known(kind: &str, writes: bool) -> Result<(), Refusal> {
    let known = kind.starts_with("X-") || (KNOWN.contains(&kind) && !(writes && READ_ONLY.contains(&kind)));
    if known { Ok(()) } else { Err(Refusal::unprocessable(format!("Unsupported metadata kind '{kind}'"))) }
}

fn values(document: &Value) -> Result<Vec<String>, Refusal> {
    texts(&document["metadata"])
        .ok_or_else(|| Refusal::unprocessable("metadata is not specified or not an array"))
}

fn show(kind: &str, values: &[String]) -> Value {
    json!({ "type": "Metadata", "kind": kind, "metadata": values })
}
