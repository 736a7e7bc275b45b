//! Setting the server up, and looking at it, behind the back of everybody who talks to it.

use serde_json::json;

use super::{Model, StoredRecord, StoredSet, ZoneData};
use crate::{DomainName, RecordKey, RecordSet, RecordType, Serial, Version, ZoneName};

impl Model {
    /// Makes it a server of this version. 5.0.2 brings EXTEND and PRUNE, 5.1 refuses LUA records unless
    /// `enable-lua-record-updates` is `yes`.
    pub fn set_version(&self, version: Version) {
        self.with(|state| state.set_version(version));
    }

    /// Changes a setting of the configuration, such as `default-soa-edit-signed` or `lua-health-checks-interval`.
    pub fn set_config(&self, name: &str, value: &str) {
        self.with(|state| drop(state.settings.insert(name.to_owned(), value.to_owned())));
    }

    /// Makes a native zone with one name server and `SOA-EDIT-API` `INCREASE`, as `ZoneSpec::new` does; what was there
    /// under this name goes.
    pub fn set_zone(&self, zone: &ZoneName) {
        let document = json!({
            "name": zone.as_str(), "kind": "Native", "soa_edit_api": "INCREASE",
            "nameservers": [format!("ns1.{}", zone.as_str())],
        });
        self.with(|state| {
            drop(state.take_zone(zone.apex()));
            // Nothing in the document can be refused but the name, which the API takes narrower than DNS does.
            drop(state.create_zone(&document));
        });
    }

    /// Takes a zone away, if it is there.
    pub fn remove_zone(&self, zone: &ZoneName) {
        self.with(|state| drop(state.take_zone(zone.apex())));
    }

    /// Puts records into the zone that holds `name`, in place of those of this type, whatever the API would say to
    /// their content. The serial stays. No contents take the set away.
    pub fn set_records(&self, name: &DomainName, kind: RecordType, ttl: u32, contents: &[&str]) {
        let key = RecordKey { name: name.clone(), kind };
        let records = contents
            .iter()
            .map(|content| StoredRecord { content: (*content).to_owned(), disabled: false })
            .collect();
        let set = StoredSet { ttl, records, comments: Vec::new() };
        self.change(name, |zone| {
            if set.is_empty() {
                drop(zone.sets.remove(&key));
            } else {
                drop(zone.sets.insert(key, set));
            }
        });
    }

    /// Says whether the records of a set are served.
    pub fn set_disabled(&self, name: &DomainName, kind: RecordType, disabled: bool) {
        let key = RecordKey { name: name.clone(), kind };
        self.change(name, |zone| {
            for record in zone.sets.get_mut(&key).into_iter().flat_map(|set| &mut set.records) {
                record.disabled = disabled;
            }
        });
    }

    /// Changes metadata of a zone, such as `SOA-EDIT-API`, to one value.
    pub fn set_metadata(&self, zone: &ZoneName, kind: &str, value: &str) {
        self.change(zone.apex(), |zone| zone.set_setting(kind, value));
    }

    /// The names of all zones.
    pub fn zones(&self) -> Vec<ZoneName> {
        let names: Vec<DomainName> =
            self.with(|state| state.all_zones().map(|zone| zone.name.clone()).collect());
        names.into_iter().filter_map(|name| ZoneName::try_from(name).ok()).collect()
    }

    /// The serial of a zone; none without a zone or without an SOA.
    pub fn serial(&self, zone: &ZoneName) -> Option<Serial> {
        self.with(|state| state.zone(zone.apex()).ok()?.serial().map(Serial))
    }

    /// All record sets of a zone, as the client reads them.
    pub fn record_sets(&self, zone: &ZoneName) -> Vec<RecordSet> {
        self.with(|state| {
            let zone = state.zone(zone.apex()).ok();
            zone.map(|zone| zone.shown_sets().collect()).unwrap_or_default()
        })
    }

    /// One record set.
    pub fn record_set(&self, name: &DomainName, kind: RecordType) -> Option<RecordSet> {
        let key = RecordKey { name: name.clone(), kind };
        self.with(|state| {
            let zone = holder(state.all_zones().map(|zone| &zone.name), name)?.clone();
            let set = state.zone(&zone).ok()?.sets.get(&key)?;
            (!set.records.is_empty()).then(|| set.shown(&key))
        })
    }

    fn change(&self, name: &DomainName, act: impl FnOnce(&mut ZoneData)) {
        self.with(|state| {
            let zone = holder(state.all_zones().map(|zone| &zone.name), name).cloned();
            if let Some(Ok(zone)) = zone.map(|zone| state.zone_mut(&zone)) {
                act(zone);
            }
        });
    }
}

/// The longest of `zones` that holds `name`.
pub(super) fn holder<'a>(
    zones: impl Iterator<Item = &'a DomainName>,
    name: &DomainName,
) -> Option<&'a DomainName> {
    zones.filter(|zone| name.is_within(zone)).max_by_key(|zone| zone.as_str().len())
}
