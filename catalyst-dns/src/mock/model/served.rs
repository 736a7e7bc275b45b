//! What a name server has to know of a zone in order to answer: its sets, its keys, and how the server is set up.

use std::collections::BTreeMap;

use super::setup::holder;
use super::{Model, StoredSet};
use crate::{DomainName, RecordData, RecordKey, RecordSet, RecordType, Serial, Ttl, Version, ZoneName};

/// A zone at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    pub(crate) zone: ZoneName,
    /// What is served: without disabled records. The SOA has the edited serial.
    pub(crate) sets: BTreeMap<RecordKey, RecordSet>,
    /// Keys that are published, sign, or both.
    pub(crate) keys: Vec<super::Key>,
    pub(crate) version: Version,
    /// Seconds between health checks of LUA records.
    pub(crate) health_check_interval: u32,
}

impl Model {
    /// The zone that holds `name`, as it is served; none if the server does not have it.
    pub(crate) fn served(&self, name: &DomainName) -> Option<Served> {
        self.with(|state| {
            let apex = holder(state.all_zones().map(|zone| &zone.name), name)?.clone();
            let zone = state.zone(&apex).ok()?;
            let mut sets: BTreeMap<RecordKey, RecordSet> = zone
                .sets
                .iter()
                .filter_map(|(key, set)| Some((key.clone(), set.shown(key)?)))
                .filter(|(_, set)| !set.records().is_empty())
                .collect();
            let serial = Serial(state.edited_serial(zone));
            if let Some(set) = sets.get_mut(&RecordKey { name: apex.clone(), kind: RecordType::Soa }) {
                *set = with_serial(set, serial);
            }
            let keys = zone.keys.iter().filter(|key| key.active || key.published).cloned().collect();
            let interval = state.capabilities().health_check_interval;
            let (zone, version) = (ZoneName::try_from(apex).ok()?, state.version());
            Some(Served { zone, sets, keys, version, health_check_interval: interval })
        })
    }
}

fn with_serial(set: &RecordSet, serial: Serial) -> RecordSet {
    let edited = |data: &RecordData| match data {
        RecordData::Soa(soa) => RecordData::Soa(crate::Soa { serial, ..soa.clone() }),
        other => other.clone(),
    };
    let records = set.records().iter().map(edited).collect();
    RecordSet::from_server(set.name().clone(), set.kind(), set.ttl(), records, Vec::new())
}

impl StoredSet {
    /// In this crate's own types, without the records that it cannot read; none if there are no records at all.
    pub(crate) fn shown(&self, key: &RecordKey) -> Option<RecordSet> {
        let read = |disabled: bool| -> Vec<RecordData> {
            let records = self.records.iter().filter(|record| record.disabled == disabled);
            records.filter_map(|record| RecordData::parse(key.kind, &record.content).ok()).collect()
        };
        let (records, disabled) = (read(false), read(true));
        // The server serves a negative TTL as 136 years; no more than 68 of them can be told.
        let ttl = Ttl::checked(i64::from(self.ttl))
            .or_else(|_large| Ttl::from_secs(i32::MAX.unsigned_abs()))
            .ok()?;
        let set = RecordSet::from_server(key.name.clone(), key.kind, ttl, records, disabled);
        (!set.records().is_empty() || !set.disabled().is_empty()).then_some(set)
    }
}
