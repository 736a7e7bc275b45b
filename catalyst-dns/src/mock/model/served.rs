//! What a name server has to know of a zone in order to answer: its sets, its keys, and how the server is set up.

use std::collections::BTreeMap;

use super::setup::holder;
use super::{Model, StoredSet};
use crate::{DomainName, RecordData, RecordKey, RecordSet, RecordType, Serial, Ttl, Version, ZoneName};

/// A zone at one moment.
#[allow(dead_code, reason = "for the responder of the fake, which asks the model by DNS")]
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
    #[allow(dead_code, reason = "for the responder of the fake, which asks the model by DNS")]
    /// The zone that holds `name`, as it is served; none if the server does not have it.
    pub(crate) fn served(&self, name: &DomainName) -> Option<Served> {
        self.with(|state| {
            let apex = holder(state.all_zones().map(|zone| &zone.name), name)?.clone();
            let zone = state.zone(&apex).ok()?;
            let mut sets: BTreeMap<RecordKey, RecordSet> = zone
                .sets
                .iter()
                .map(|(key, set)| (key.clone(), set.shown(key)))
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

#[allow(dead_code, reason = "for `served`")]
fn with_serial(set: &RecordSet, serial: Serial) -> RecordSet {
    let edited = |data: &RecordData| match data {
        RecordData::Soa(soa) => RecordData::Soa(crate::Soa { serial, ..soa.clone() }),
        other => other.clone(),
    };
    let records = set.records().iter().map(edited).collect();
    RecordSet::from_server(set.name().clone(), set.kind(), set.ttl(), records, Vec::new())
}

impl StoredSet {
    /// In this crate's own types, as the client reads it.
    pub(crate) fn shown(&self, key: &RecordKey) -> RecordSet {
        let read = |disabled: bool| -> Vec<RecordData> {
            let records = self.records.iter().filter(|record| record.disabled == disabled);
            records.filter_map(|record| RecordData::from_server(key.kind, &record.content).ok()).collect()
        };
        // A TTL beyond 2³¹ counts as zero (RFC 2181 section 8).
        let ttl = Ttl::checked(i64::from(self.ttl)).unwrap_or(Ttl::ZERO);
        RecordSet::from_server(key.name.clone(), key.kind, ttl, read(false), read(true))
    }
}
