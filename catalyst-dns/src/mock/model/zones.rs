//! `/zones` and `/zones/{zone}`.

use serde_json::Value;

use super::document::string;
use super::edit::{What, comments};
use super::settings::known_kind;
use super::{Edit, Refusal, State, StoredRecord, StoredSet, ZoneData, check, names, patch};
use crate::{DomainName, RecordKey, RecordType};

/// What of a zone is to be shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown<'a> {
    /// No records.
    pub(crate) without_records: bool,
    /// The records at this name only.
    pub(crate) name: Option<&'a str>,
    /// Of these, only those of this type.
    pub(crate) kind: Option<&'a str>,
}

impl State {
    /// The list of zones, or the one with this name.
    pub(crate) fn zone_list(&self, name: Option<&str>, with_dnssec: bool) -> Result<Value, Refusal> {
        let only = name.map(names::zone).transpose()?;
        let wanted = |zone: &&ZoneData| only.as_ref().is_none_or(|name| *name == zone.name);
        Ok(self.all_zones().filter(wanted).map(|zone| zone.summary(self, with_dnssec)).collect())
    }

    /// One zone. A type without a name is not looked at, as the server does not.
    pub(crate) fn show_zone(&self, name: &DomainName, shown: &Shown<'_>) -> Result<Value, Refusal> {
        let zone = self.zone(name)?;
        let mut out = zone.settings(self);
        if !shown.without_records {
            let sets: Vec<Value> = match shown.name {
                None => zone.sets.iter().map(|(key, set)| set.show(key)).collect(),
                Some(at) => {
                    let kind = |key: &RecordKey| {
                        shown.kind.is_none_or(|kind| key.kind.as_str().eq_ignore_ascii_case(kind))
                    };
                    let name = DomainName::from_server(at).ok();
                    let sets = name.iter().flat_map(|name| zone.all_at(name));
                    sets.filter(|(key, _)| kind(key)).map(|(key, set)| set.show(key)).collect()
                }
            };
            out["rrsets"] = sets.into();
        }
        Ok(out)
    }

    pub(crate) fn delete_zone(&mut self, name: &DomainName) -> Result<(), Refusal> {
        self.take_zone(name).map(drop).ok_or_else(Refusal::not_found)
    }

    pub(crate) fn change_zone(&mut self, name: &DomainName, document: &Value) -> Result<(), Refusal> {
        self.expect_zone(name)?;
        self.take_settings(name, document, false)
    }

    pub(crate) fn create_zone(&mut self, document: &Value) -> Result<Value, Refusal> {
        let name = names::zone(string(document, "name")?)?;
        if self.zone(&name).is_ok() {
            return Err(Refusal::status_only(409));
        }
        let kind = known_kind(string(document, "kind")?);
        let writes = !matches!(kind, "Slave" | "Consumer");
        let nameservers = &document["nameservers"];
        if !nameservers.is_null() && !nameservers.is_array() && writes {
            return Err(Refusal::unprocessable("Nameservers is not a list"));
        }
        let mut zone = ZoneData::new(name.clone(), kind);
        zone.set_setting("SOA-EDIT-API", "DEFAULT");
        self.read_sets(&mut zone, &document["rrsets"])?;
        self.add_start(&mut zone, document, writes)?;
        let modified = !zone.sets.is_empty();
        self.put_zone(zone);
        // The real server leaves a zone behind whose settings it refuses; nobody should build on that.
        if let Err(refusal) = self.take_settings(&name, document, modified) {
            drop(self.take_zone(&name));
            return Err(refusal);
        }
        self.show_zone(&name, &Shown::default())
    }

    /// The sets that come with a new zone.
    fn read_sets(&self, zone: &mut ZoneData, sets: &Value) -> Result<(), Refusal> {
        let now = self.now();
        for document in sets.as_array().into_iter().flatten() {
            let mut replace = document.clone();
            replace["changetype"] = "REPLACE".into();
            let Edit { name, kind, what } = Edit::read(&replace, now)?;
            let What::Replace { records, .. } = what else { continue };
            let key = RecordKey { name, kind };
            let (ttl, records) = records.transpose()?.unwrap_or_default();
            let comments = comments(document, now)?;
            self.place(zone, key, StoredSet { ttl, records, comments })?;
        }
        Ok(())
    }

    /// Puts a set into a new zone.
    fn place(&self, zone: &mut ZoneData, key: RecordKey, mut set: StoredSet) -> Result<(), Refusal> {
        let shown = format!("RRset {} IN {}", key.name.as_str(), key.kind);
        if !key.name.is_within(&zone.name) {
            return Err(Refusal::unprocessable(format!("{shown}: Name is out of zone")));
        }
        patch::accept(&key, &mut set.records, self.version() >= crate::Version(5, 1, 0))?;
        check::set(&zone.name, &key.name, key.kind, &mut set.records, self.version())?;
        let cname = key.kind == RecordType::Cname;
        if zone.at(&key.name).any(|(present, _)| cname || present.kind == RecordType::Cname) {
            return Err(Refusal::unprocessable(format!("{shown}: Conflicts with another RRset")));
        }
        drop(zone.sets.insert(key, set));
        Ok(())
    }

    /// The SOA, and the name servers that were named.
    fn add_start(&self, zone: &mut ZoneData, document: &Value, writes: bool) -> Result<(), Refusal> {
        let ttl = self.config("default-ttl").and_then(|text| text.parse().ok()).unwrap_or(3600);
        let key = |kind| RecordKey { name: zone.name.clone(), kind };
        let (soa, ns) = (key(RecordType::Soa), key(RecordType::Ns));
        if writes && !zone.sets.contains_key(&soa) {
            let template = self.config("default-soa-content").unwrap_or_default();
            let content = template.replace('@', zone.name.without_dot());
            let fields: Vec<String> = content
                .split(' ')
                .enumerate()
                .map(|(index, field)| {
                    let absolute = index > 1 || field.ends_with('.');
                    format!("{field}{}", if absolute { "" } else { "." })
                })
                .collect();
            let serial = document["serial"].as_u64().and_then(|serial| u32::try_from(serial).ok());
            let content = super::zone::with_serial(&fields.join(" "), serial.unwrap_or(0));
            let records = vec![StoredRecord { content, disabled: false }];
            drop(zone.sets.insert(soa, StoredSet { ttl, records, comments: Vec::new() }));
        }
        let mut records = Vec::new();
        for server in document["nameservers"].as_array().into_iter().flatten() {
            records.push(StoredRecord { content: nameserver(server)?, disabled: false });
        }
        if records.is_empty() {
            return Ok(());
        }
        if zone.sets.contains_key(&ns) {
            let text = "Nameservers list MUST NOT be mixed with zone-level NS in rrsets";
            return Err(Refusal::unprocessable(text));
        }
        check::set(&zone.name, &zone.name, RecordType::Ns, &mut records, self.version())?;
        drop(zone.sets.insert(ns, StoredSet { ttl, records, comments: Vec::new() }));
        Ok(())
    }
}

fn nameserver(server: &Value) -> Result<String, Refusal> {
    let text = server.as_str().unwrap_or_default();
    if text.is_empty() {
        return Err(Refusal::unprocessable("Nameservers must be non-empty strings"));
    }
    if !text.ends_with('.') {
        return Err(Refusal::unprocessable(format!("Nameserver is not canonical: '{text}'")));
    }
    match DomainName::from_server(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_invalid) => Err(Refusal::unprocessable(format!("Unable to parse DNS Name for NS '{text}'"))),
    }
}
