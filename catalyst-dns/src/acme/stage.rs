//! Zones and keys in memory for the unit tests of this crate's solvers, which count what is asked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result};

use crate::query::{AnswerRecord, DnsAnswer, DnsClient, Question, ResponseCode};
use crate::{
    Applied, Capabilities, Change, ChangeSet, DnsZones, DomainName, RecordData, RecordKey, RecordSet,
    RecordType, Serial, SoaEditApi, Version, Zone, ZoneKind, ZoneName, ZoneSpec,
};

type Sets = BTreeMap<RecordKey, RecordSet>;

/// Zones that are also served: each write is visible at once to whoever asks.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) version: Version,
    zones: Mutex<BTreeMap<ZoneName, Sets>>,
    pub(crate) log: Mutex<Vec<String>>,
    /// What another writer does right after the next writes.
    pub(crate) rival: Mutex<Vec<Change>>,
}

impl Stage {
    pub(crate) fn new(zones: &[&str]) -> Self {
        let zones = zones.iter().map(|zone| (zone.parse().unwrap(), Sets::new())).collect();
        Self {
            version: Version(4, 7, 3),
            zones: Mutex::new(zones),
            log: Mutex::default(),
            rival: Mutex::default(),
        }
    }

    pub(crate) fn with(self, zone: &str, set: RecordSet) -> Self {
        self.change(&zone.parse().unwrap(), &Change::Replace(set));
        self
    }

    pub(crate) fn records(&self, zone: &str, name: &str, kind: RecordType) -> Vec<String> {
        let zones = self.zones.lock().unwrap();
        let key = RecordKey { name: name.parse().unwrap(), kind };
        let set = zones[&zone.parse().unwrap()].get(&key).cloned();
        set.map(|set| set.records().iter().map(ToString::to_string).collect()).unwrap_or_default()
    }

    fn note(&self, what: String) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    fn change(&self, zone: &ZoneName, change: &Change) {
        let mut zones = self.zones.lock().unwrap();
        let sets = zones.get_mut(zone).unwrap();
        let key = change.key();
        let before: Vec<RecordData> = sets.get(&key).map(|set| set.records().to_vec()).unwrap_or_default();
        let (ttl, after) = match change {
            Change::Replace(set) => (set.ttl(), set.records().to_vec()),
            Change::Delete(_) => (crate::Ttl::ZERO, Vec::new()),
            Change::Extend(set) => (set.ttl(), [before, set.records().to_vec()].concat()),
            Change::Prune(_, record) => {
                (crate::Ttl::MINUTE, before.into_iter().filter(|other| other != record).collect())
            }
        };
        let _before = if after.is_empty() {
            sets.remove(&key)
        } else {
            sets.insert(key.clone(), RecordSet::new(key.name, ttl, after).unwrap())
        };
    }
}

#[async_trait]
impl DnsZones for Stage {
    async fn capabilities(&self) -> Result<Capabilities> {
        Ok(Capabilities {
            version: self.version,
            lua_records: true,
            lua_record_updates: true,
            geoip: false,
            edns_client_subnet: false,
            dnssec: true,
            health_check_interval: 5,
            health_check_expire_delay: 3600,
            lua_insert_whitespace: false,
        })
    }

    async fn zones(&self) -> Result<Vec<ZoneName>> {
        panic!("all zones are read")
    }

    async fn zone(&self, zone: &ZoneName) -> Result<Zone> {
        self.note(format!("zone {zone}"));
        if !self.zones.lock().unwrap().contains_key(zone) {
            return Err(Error::new(ErrorKind::NotFound, "read a zone").with_code("zone_not_found"));
        }
        let (kind, serial) = (ZoneKind::Native, Serial(1));
        Ok(Zone {
            name: zone.clone(),
            kind,
            serial,
            edited_serial: serial,
            dnssec: false,
            soa_edit_api: Some(SoaEditApi::Increase),
            api_rectify: true,
            nsec3param: String::new(),
            account: String::new(),
            primaries: Vec::new(),
        })
    }

    async fn create_zone(&self, _spec: &ZoneSpec) -> Result<Zone> {
        panic!("a zone is made")
    }

    async fn delete_zone(&self, zone: &ZoneName) -> Result<()> {
        self.zones.lock().unwrap().remove(zone);
        Ok(())
    }

    async fn record_sets(&self, _zone: &ZoneName) -> Result<Vec<RecordSet>> {
        panic!("a whole zone is read")
    }

    async fn find(
        &self,
        zone: &ZoneName,
        name: &DomainName,
        kind: Option<RecordType>,
    ) -> Result<Vec<RecordSet>> {
        self.note(format!("find {name}"));
        let zones = self.zones.lock().unwrap();
        let Some(sets) = zones.get(zone) else {
            return Err(Error::new(ErrorKind::NotFound, "read a zone").with_code("zone_not_found"));
        };
        let found =
            sets.values().filter(|set| set.name() == name && kind.is_none_or(|kind| set.kind() == kind));
        Ok(found.cloned().collect())
    }

    async fn apply(&self, zone: &ZoneName, changes: &ChangeSet) -> Result<Applied> {
        for change in changes.changes() {
            self.note(change.to_string());
            self.change(zone, change);
        }
        if let Some(change) = self.rival.lock().unwrap().pop() {
            self.change(zone, &change);
        }
        Ok(Applied::one(changes.len()))
    }
}

#[async_trait]
impl DnsClient for Stage {
    async fn ask(&self, _server: SocketAddr, question: &Question) -> Result<DnsAnswer> {
        let zones = self.zones.lock().unwrap();
        let key = RecordKey { name: question.name().clone(), kind: question.kind() };
        let mut answer = DnsAnswer::empty(ResponseCode::NoError);
        answer.authoritative = true;
        for set in zones.values().filter_map(|sets| sets.get(&key)) {
            answer.answers.extend(set.records().iter().map(|data| AnswerRecord {
                name: set.name().clone(),
                ttl: set.ttl(),
                data: data.clone(),
            }));
        }
        Ok(answer)
    }
}
