//! `/zones/{zone}/cryptokeys`.

use serde_json::Value;

use super::document::{boolean, string};
use super::keyset::{ALGORITHM, SECURE_ENTRY};
use super::{Key, NewKey, Refusal, State, ZoneData};
use crate::DomainName;

impl ZoneData {
    /// Whether active keys of both flags share the work; only then the server tells KSK from ZSK.
    pub(crate) fn has_separate_keys(&self) -> bool {
        let active =
            |entry: bool| self.keys.iter().any(|key| key.active && (key.flags == SECURE_ENTRY) == entry);
        active(true) && active(false)
    }

    /// The keys in the order of the server: those that sign everything or records, then those that sign keys.
    pub(crate) fn ordered_keys(&self) -> Vec<&Key> {
        let separate = self.has_separate_keys();
        let mut keys: Vec<&Key> = self.keys.iter().collect();
        keys.sort_by_key(|key| (key.word(separate) == "ksk", key.id));
        keys
    }
}

impl State {
    pub(crate) fn keys(&self, zone: &DomainName) -> Result<Value, Refusal> {
        let zone = self.zone(zone)?;
        let separate = zone.has_separate_keys();
        Ok(zone.ordered_keys().iter().map(|key| key.show(&zone.name, separate, false)).collect())
    }

    /// One key, with its private half.
    pub(crate) fn key(&self, zone: &DomainName, id: &str) -> Result<Value, Refusal> {
        let (zone, id) = (self.zone(zone)?, key_id(id)?);
        let key = zone.keys.iter().find(|key| key.id == id).ok_or_else(Refusal::not_found)?;
        Ok(key.show(&zone.name, zone.has_separate_keys(), true))
    }

    pub(crate) fn create_key(&mut self, zone: &DomainName, document: &Value) -> Result<Value, Refusal> {
        self.expect_zone(zone)?;
        let active = document["active"].as_bool().unwrap_or(false);
        let published = document["published"].as_bool().unwrap_or(true);
        let word = string(document, "keytype")?;
        let flags = match word {
            "ksk" | "csk" => SECURE_ENTRY,
            "zsk" => SECURE_ENTRY - 1,
            _ => return Err(Refusal::unprocessable(format!("Invalid keytype {word}"))),
        };
        algorithm(&document["algorithm"], flags)?;
        let id = self.add_key(zone, NewKey { flags, active, published })?;
        self.key(zone, &id.to_string())
    }

    pub(crate) fn add_key(&mut self, zone: &DomainName, spec: NewKey) -> Result<u32, Refusal> {
        let id = self.next_key();
        let key = Key::generate(id, spec)?;
        self.zone_mut(zone)?.keys.push(key);
        Ok(id)
    }

    pub(crate) fn change_key(
        &mut self,
        zone: &DomainName,
        id: &str,
        document: &Value,
    ) -> Result<(), Refusal> {
        let _known = self.existing(zone, id)?.id;
        let active = boolean(document, "active")?;
        let published = document["published"].as_bool().unwrap_or(true);
        let key = self.existing(zone, id)?;
        (key.active, key.published) = (active, published);
        Ok(())
    }

    pub(crate) fn remove_key(&mut self, zone: &DomainName, id: &str) -> Result<(), Refusal> {
        let id = self.existing(zone, id)?.id;
        self.zone_mut(zone)?.keys.retain(|key| key.id != id);
        Ok(())
    }

    fn existing(&mut self, zone: &DomainName, id: &str) -> Result<&mut Key, Refusal> {
        let id = key_id(id)?;
        let zone = self.zone_mut(zone)?;
        zone.keys.iter_mut().find(|key| key.id == id).ok_or_else(Refusal::not_found)
    }
}

/// What is no number makes the server fail.
fn key_id(text: &str) -> Result<u32, Refusal> {
    text.parse().map_err(|_invalid| Refusal::status_only(500))
}

/// Refuses what is not ECDSA P-256, which is the default of keys that sign keys, and of no other.
fn algorithm(named: &Value, flags: u16) -> Result<(), Refusal> {
    let known = match named {
        Value::Null if flags == SECURE_ENTRY => true,
        Value::Null => {
            let text = "Creating an algorithm -1 (Unallocated/Reserved) key requires the size (in bits) to be passed.";
            return Err(Refusal::unprocessable(text));
        }
        Value::String(name) => {
            matches!(name.to_ascii_lowercase().as_str(), "ecdsa256" | "ecdsap256sha256" | "13")
        }
        number => number.as_u64() == Some(ALGORITHM.into()),
    };
    if known {
        return Ok(());
    }
    let name = named.as_str().unwrap_or_default();
    Err(Refusal::unprocessable(format!("Unknown algorithm: {name}")))
}
