//! Settings of a zone: what its creation and PUT take.

use std::net::{IpAddr, SocketAddr};

use serde_json::Value;

use super::document::{flag, texts};
use super::keyset::SECURE_ENTRY;
use super::{NewKey, Refusal, State, names};
use crate::DomainName;

/// Kinds of metadata that hold the TSIG keys of transfers, and the members of the document for them.
const TSIG_KEYS: &[(&str, &str)] =
    &[("master_tsig_key_ids", "TSIG-ALLOW-AXFR"), ("slave_tsig_key_ids", "AXFR-MASTER-TSIG")];

/// What the server makes of the kind of a zone: a word that it does not know is `Native`.
pub(super) fn known_kind(word: &str) -> &'static str {
    match word.to_ascii_uppercase().as_str() {
        "MASTER" | "PRIMARY" => "Master",
        "SLAVE" | "SECONDARY" => "Slave",
        "PRODUCER" => "Producer",
        "CONSUMER" => "Consumer",
        _ => "Native",
    }
}

impl State {
    /// Takes the settings in `document`; `modified` says that the records of the zone are new.
    pub(super) fn take_settings(
        &mut self,
        name: &DomainName,
        document: &Value,
        modified: bool,
    ) -> Result<(), Refusal> {
        self.take_domain(name, document)?;
        let zone = self.zone_mut(name)?;
        for (member, kind) in [("soa_edit_api", "SOA-EDIT-API"), ("soa_edit", "SOA-EDIT")] {
            if let Some(word) = document[member].as_str() {
                zone.set_setting(kind, word);
            }
        }
        if let Some(rectify) = flag(&document["api_rectify"]) {
            zone.set_setting("API-RECTIFY", if rectify { "1" } else { "0" });
        }
        let secured = self.take_dnssec(name, document)?;
        let nsec3 = document["nsec3param"].as_str();
        if nsec3.is_some() || secured {
            self.take_nsec3(name, nsec3.unwrap_or_default(), flag(&document["nsec3narrow"]))?;
        }
        let now = self.now();
        if modified || secured || nsec3.is_some() {
            let _serials = self.zone_mut(name)?.bump(now);
        }
        self.take_tsig_keys(name, document)
    }

    fn take_domain(&mut self, name: &DomainName, document: &Value) -> Result<(), Refusal> {
        let masters = masters(&document["masters"])?;
        let zone = self.zone_mut(name)?;
        if let Some(kind) = document["kind"].as_str() {
            zone.kind = known_kind(kind);
        }
        if let Some(masters) = masters {
            zone.masters = masters;
        }
        if let Some(account) = document["account"].as_str() {
            account.clone_into(&mut zone.account);
        }
        Ok(())
    }

    /// Signs the zone or ends that; says whether anything changed.
    fn take_dnssec(&mut self, name: &DomainName, document: &Value) -> Result<bool, Refusal> {
        let signed = self.zone(name)?.is_signed();
        match flag(&document["dnssec"]) {
            Some(true) if !signed => {
                let key = NewKey { flags: SECURE_ENTRY, active: true, published: true };
                self.add_key(name, key).map(|_id| true)
            }
            Some(false) if signed => {
                self.zone_mut(name)?.keys.clear();
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn take_nsec3(
        &mut self,
        name: &DomainName,
        parameters: &str,
        narrow: Option<bool>,
    ) -> Result<(), Refusal> {
        let zone = self.zone_mut(name)?;
        let shown = name.as_str();
        if parameters.is_empty() {
            drop(zone.metadata.remove("NSEC3PARAM"));
            drop(zone.metadata.remove("NSEC3NARROW"));
            return Ok(());
        }
        if !zone.is_signed() {
            let text =
                format!("NSEC3PARAM value provided for zone '{shown}', but zone is not DNSSEC secured.");
            return Err(Refusal::unprocessable(text));
        }
        let fields: Vec<&str> = parameters.split(' ').collect();
        let &[hash, flags, iterations, _salt] = fields.as_slice() else {
            return Err(Refusal::status_only(500));
        };
        if hash.parse::<u8>().is_err() || flags.parse::<u8>().is_err() || iterations.parse::<u16>().is_err() {
            return Err(Refusal::status_only(500));
        }
        if hash != "1" {
            let text = format!(
                "NSEC3PARAMs provided for zone '{shown}' are invalid. Invalid hash algorithm for NSEC3: '{hash}', \
                 the only valid value is '1'."
            );
            return Err(Refusal::unprocessable(text));
        }
        zone.set_setting("NSEC3PARAM", parameters);
        if narrow == Some(true) {
            zone.set_setting("NSEC3NARROW", "1");
        }
        Ok(())
    }

    fn take_tsig_keys(&mut self, name: &DomainName, document: &Value) -> Result<(), Refusal> {
        for (member, kind) in TSIG_KEYS {
            let Some(ids) = texts(&document[*member]) else { continue };
            let mut keys = Vec::with_capacity(ids.len());
            for id in ids {
                let key = names::of_id(&id)?;
                if !self.has_tsig_key(&key) {
                    let text = format!("A TSIG key with the name '{}' does not exist", key.without_dot());
                    return Err(Refusal::unprocessable(text));
                }
                keys.push(key.as_str().to_owned());
            }
            drop(self.zone_mut(name)?.metadata.insert((*kind).to_owned(), keys));
        }
        Ok(())
    }
}

/// The primaries as the server writes them: port 53 is left out.
fn masters(list: &Value) -> Result<Option<Vec<String>>, Refusal> {
    let Some(list) = texts(list) else { return Ok(None) };
    let read = |text: String| {
        let invalid = || {
            let text = format!(
                "Master ({text}) is not an IP address: Unable to convert presentation address '{text}'"
            );
            Refusal::unprocessable(text)
        };
        let address = text.parse::<IpAddr>().map(|address| SocketAddr::new(address, 53));
        let address =
            address.or_else(|_with_port| text.parse::<SocketAddr>()).map_err(|_invalid| invalid())?;
        Ok(if address.port() == 53 { address.ip().to_string() } else { address.to_string() })
    };
    list.into_iter().map(read).collect::<Result<_, Refusal>>().map(Some)
}
