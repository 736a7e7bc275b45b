//! A zone, as the database holds it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Key, State, names, serial};
use crate::{DomainName, RecordKey, RecordSet, RecordType};

/// One record of a set, with the content as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredRecord {
    pub(crate) content: String,
    pub(crate) disabled: bool,
}

/// A comment on a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) content: String,
    pub(crate) account: String,
    pub(crate) modified_at: u32,
}

/// A record set. It may have comments and no records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoredSet {
    pub(crate) ttl: u32,
    pub(crate) records: Vec<StoredRecord>,
    pub(crate) comments: Vec<Comment>,
}

/// A zone.
#[derive(Clone, Debug)]
pub(crate) struct ZoneData {
    pub(crate) name: DomainName,
    /// `Native`, `Master`, `Slave`, `Producer`, `Consumer`, as the database writes it.
    pub(crate) kind: &'static str,
    pub(crate) masters: Vec<String>,
    pub(crate) account: String,
    /// By kind: `SOA-EDIT-API`, `API-RECTIFY`, `NSEC3PARAM` and all the others.
    pub(crate) metadata: BTreeMap<String, Vec<String>>,
    pub(crate) sets: BTreeMap<RecordKey, StoredSet>,
    pub(crate) keys: Vec<Key>,
    /// What was read out of `sets` for questions by DNS, with the serial in it; until somebody touches the zone.
    pub(super) served: Option<(u32, Arc<BTreeMap<RecordKey, RecordSet>>)>,
}

impl ZoneData {
    pub(super) fn new(name: DomainName, kind: &'static str) -> Self {
        Self {
            name,
            kind,
            masters: Vec::new(),
            account: String::new(),
            metadata: BTreeMap::new(),
            sets: BTreeMap::new(),
            keys: Vec::new(),
            served: None,
        }
    }

    /// The one value of this kind of metadata; empty if there is none.
    pub(crate) fn setting(&self, kind: &str) -> &str {
        self.metadata.get(kind).and_then(|values| values.first()).map_or("", String::as_str)
    }

    pub(super) fn set_setting(&mut self, kind: &str, value: &str) {
        drop(self.metadata.insert(kind.to_owned(), vec![value.to_owned()]));
    }

    /// All sets at this name, also those that are only comments.
    pub(super) fn all_at<'a>(
        &'a self,
        name: &'a DomainName,
    ) -> impl Iterator<Item = (&'a RecordKey, &'a StoredSet)> {
        let first = RecordKey { name: name.clone(), kind: RecordType::A };
        self.sets.range(first..).take_while(move |(key, _)| key.name == *name)
    }

    /// All sets at this name that have records.
    pub(crate) fn at<'a>(
        &'a self,
        name: &'a DomainName,
    ) -> impl Iterator<Item = (&'a RecordKey, &'a StoredSet)> {
        self.all_at(name).filter(|(_, set)| !set.records.is_empty())
    }

    fn soa_key(&self) -> RecordKey {
        RecordKey { name: self.name.clone(), kind: RecordType::Soa }
    }

    /// The sets that have records, as the client reads them: comments alone are no set.
    pub(crate) fn shown_sets(&self) -> impl Iterator<Item = RecordSet> {
        self.sets.iter().filter(|(_, set)| !set.records.is_empty()).map(|(key, set)| set.shown(key))
    }

    /// The serial of the SOA that is served; none if there is no SOA, or a disabled one.
    pub(crate) fn serial(&self) -> Option<u32> {
        let soa = self.sets.get(&self.soa_key())?.records.first().filter(|record| !record.disabled)?;
        serial_of(&soa.content)
    }

    /// Moves the serial by the zone's rule, and gives the old and the new one; none if there is no SOA to move.
    pub(super) fn bump(&mut self, now: u32) -> Option<(u32, u32)> {
        let old = self.serial()?;
        let new = serial::increased(old, self.setting("SOA-EDIT-API"), self.setting("SOA-EDIT"), now);
        let record = self.sets.get_mut(&self.soa_key())?.records.first_mut()?;
        record.content = with_serial(&record.content, new);
        Some((old, new))
    }

    /// Whether the zone is signed: it has an active key.
    pub(crate) fn is_signed(&self) -> bool {
        self.keys.iter().any(|key| key.active)
    }

    /// As the list of zones shows it.
    pub(super) fn summary(&self, state: &State, with_dnssec: bool) -> Value {
        let id = names::id(self.name.as_str());
        let mut shown = json!({
            "account": self.account, "catalog": "", "id": id, "kind": self.kind, "last_check": 0,
            "masters": self.masters, "name": self.name.as_str(), "notified_serial": 0,
            "serial": self.serial().unwrap_or(0), "url": format!("/api/v1/servers/localhost/zones/{id}"),
        });
        if with_dnssec {
            shown["dnssec"] = self.is_signed().into();
            shown["edited_serial"] = state.edited_serial(self).into();
        }
        shown
    }

    /// As the zone itself shows it, without records.
    pub(super) fn settings(&self, state: &State) -> Value {
        let mut shown = self.summary(state, true);
        let tsig = |kind: &str| -> Vec<String> {
            self.metadata.get(kind).into_iter().flatten().map(|name| names::id(name)).collect()
        };
        shown["api_rectify"] = (self.setting("API-RECTIFY") == "1").into();
        shown["master_tsig_key_ids"] = tsig("TSIG-ALLOW-AXFR").into();
        shown["slave_tsig_key_ids"] = tsig("AXFR-MASTER-TSIG").into();
        shown["nsec3narrow"] = (self.setting("NSEC3NARROW") == "1").into();
        shown["nsec3param"] = self.setting("NSEC3PARAM").into();
        shown["soa_edit"] = self.setting("SOA-EDIT").into();
        shown["soa_edit_api"] = self.setting("SOA-EDIT-API").into();
        shown
    }
}

impl StoredSet {
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.comments.is_empty()
    }

    pub(super) fn show(&self, key: &RecordKey) -> Value {
        let records: Vec<Value> = self
            .records
            .iter()
            .map(|record| json!({ "content": record.content, "disabled": record.disabled }))
            .collect();
        let comments: Vec<Value> = self
            .comments
            .iter()
            .map(|comment| {
                json!({
                    "account": comment.account, "content": comment.content,
                    "modified_at": comment.modified_at,
                })
            })
            .collect();
        json!({
            "name": key.name.as_str(), "type": key.kind.as_str(), "ttl": self.ttl,
            "records": records, "comments": comments,
        })
    }
}

/// The serial in the content of an SOA.
pub(super) fn serial_of(soa: &str) -> Option<u32> {
    soa.split(' ').nth(2)?.parse().ok()
}

/// The same SOA with another serial.
pub(super) fn with_serial(soa: &str, serial: u32) -> String {
    let serial = serial.to_string();
    let fields: Vec<&str> =
        soa.split(' ').enumerate().map(|(index, field)| if index == 2 { &serial } else { field }).collect();
    fields.join(" ")
}
