//! What a name server has to know of a zone in order to answer: its sets and its keys.

use super::StoredSet;
use crate::{RecordData, RecordKey, RecordSet, Ttl};

impl StoredSet {
    /// In this crate's own types, as the client reads it.
    pub(crate) fn shown(&self, key: &RecordKey) -> RecordSet {
        let read = |disabled: bool| -> Vec<RecordData> {
            let records = self.records.iter().filter(|record| record.disabled == disabled);
            records.map(|record| RecordData::from_server(key.kind, &record.content)).collect()
        };
        // A TTL beyond 2³¹ counts as zero (RFC 2181 section 8).
        let ttl = Ttl::checked(i64::from(self.ttl)).unwrap_or(Ttl::ZERO);
        RecordSet::from_server(key.name.clone(), key.kind, ttl, read(false), read(true))
    }
}

#[cfg(feature = "testing")]
mod for_questions {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::super::setup::holder;
    use super::super::{Key, Model, State, ZoneData};
    use crate::{DomainName, RecordData, RecordKey, RecordSet, RecordType, Serial, ZoneName};

    /// A zone at one moment.
    #[derive(Debug)]
    pub(crate) struct Served {
        pub(crate) zone: ZoneName,
        /// Its sets; the SOA has the serial that is served.
        pub(crate) sets: Arc<BTreeMap<RecordKey, RecordSet>>,
        pub(crate) keys: Vec<Key>,
        /// Whether active keys of both flags share the work.
        pub(crate) separate: bool,
    }

    impl Model {
        /// The zone that holds `name`, as it is served; none if the server does not have it.
        pub(crate) fn served(&self, name: &DomainName) -> Option<Served> {
            self.with(|state| {
                let apex = holder(state.all_zones().map(|zone| &zone.name), name)?.clone();
                let sets = state.served_sets(&apex)?;
                let zone = state.zone(&apex).ok()?;
                let (keys, separate) = (zone.keys.clone(), zone.has_separate_keys());
                Some(Served { zone: ZoneName::try_from(apex).ok()?, sets, keys, separate })
            })
        }
    }

    impl State {
        /// The sets of a zone, read once for many questions.
        fn served_sets(&mut self, apex: &DomainName) -> Option<Arc<BTreeMap<RecordKey, RecordSet>>> {
            let serial = self.edited_serial(self.zone(apex).ok()?);
            let zone = self.zone_to_note(apex)?;
            if let Some((noted, sets)) = &zone.served
                && *noted == serial
            {
                return Some(Arc::clone(sets));
            }
            let sets = Arc::new(read(zone, Serial(serial)));
            zone.served = Some((serial, Arc::clone(&sets)));
            Some(sets)
        }
    }

    fn read(zone: &ZoneData, serial: Serial) -> BTreeMap<RecordKey, RecordSet> {
        let sets = zone.sets.iter().map(|(key, set)| (key.clone(), set.shown(key)));
        let mut sets: BTreeMap<RecordKey, RecordSet> = sets.collect();
        if let Some(set) = sets.get_mut(&RecordKey { name: zone.name.clone(), kind: RecordType::Soa }) {
            *set = with_serial(set, serial);
        }
        sets
    }

    fn with_serial(set: &RecordSet, serial: Serial) -> RecordSet {
        let edited = |data: &RecordData| match data {
            RecordData::Soa(soa) => RecordData::Soa(crate::Soa { serial, ..soa.clone() }),
            other => other.clone(),
        };
        let records = set.records().iter().map(edited).collect();
        RecordSet::from_server(set.name().clone(), set.kind(), set.ttl(), records, Vec::new())
    }
}
