//! A few zones in memory, with the faults that an application has to survive.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;

use crate::{
    Applied, Capabilities, Change, ChangeSet, DnsZones, DomainName, Error, ErrorKind, RecordData, RecordKey,
    RecordSet, RecordType, Result, Serial, Soa, Zone, ZoneName, ZoneSpec,
};

/// What the store was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Sets,
    Find(RecordKey),
    Apply(usize),
}

#[derive(Debug, Default)]
pub(super) struct Store {
    zones: Mutex<BTreeMap<ZoneName, Vec<RecordSet>>>,
    calls: Mutex<Vec<Call>>,
    /// Answered instead of the call, one for each.
    faults: Mutex<Vec<(ZoneName, Error)>>,
    /// Somebody else writes these right after the zone was read, one for each read.
    others: Mutex<Vec<ChangeSet>>,
    pub(super) serial_stands_still: bool,
    pub(super) latency: Duration,
}

impl Store {
    pub(super) fn with(zone: ZoneName, sets: Vec<RecordSet>) -> Self {
        let store = Self::default();
        store.zones.lock().unwrap().insert(zone, sets);
        store
    }

    pub(super) fn add(&self, zone: ZoneName, sets: Vec<RecordSet>) {
        self.zones.lock().unwrap().insert(zone, sets);
    }

    pub(super) fn sets(&self, zone: &ZoneName) -> Vec<RecordSet> {
        self.zones.lock().unwrap()[zone].clone()
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub(super) fn fail(&self, zone: ZoneName, error: Error) {
        self.faults.lock().unwrap().push((zone, error));
    }

    pub(super) fn somebody_writes(&self, changes: ChangeSet) {
        self.others.lock().unwrap().push(changes);
    }

    fn write(&self, zone: &ZoneName, changes: &ChangeSet) {
        let mut zones = self.zones.lock().unwrap();
        let sets = zones.get_mut(zone).unwrap();
        change(sets, changes);
        if !self.serial_stands_still {
            bump(sets);
        }
    }

    async fn called(&self, zone: &ZoneName, call: Call) -> Result<()> {
        self.calls.lock().unwrap().push(call);
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        let mut faults = self.faults.lock().unwrap();
        match faults.iter().position(|(name, _)| name == zone) {
            Some(at) => Err(faults.remove(at).1),
            None => Ok(()),
        }
    }

    fn read(&self, zone: &ZoneName) -> Result<Vec<RecordSet>> {
        let missing = || Error::new(ErrorKind::NotFound, "read a zone").with_code("zone_not_found");
        self.zones.lock().unwrap().get(zone).cloned().ok_or_else(missing)
    }
}

/// Makes the changes, as a server does.
pub(super) fn change(sets: &mut Vec<RecordSet>, changes: &ChangeSet) {
    for change in changes.changes() {
        let key = change.key();
        sets.retain(|set| set.key() != key);
        match change {
            Change::Replace(set) => sets.push(set.clone()),
            Change::Delete(_) => {}
            other => panic!("no plan has {other}"),
        }
    }
}

fn bump(sets: &mut [RecordSet]) {
    for set in sets.iter_mut().filter(|set| set.kind() == RecordType::Soa) {
        let RecordData::Soa(soa) = &set.records()[0] else { unreachable!() };
        let soa = Soa { serial: Serial(soa.serial.0 + 1), ..soa.clone() };
        *set = RecordSet::new(set.name().clone(), set.ttl(), [RecordData::Soa(soa)]).unwrap();
    }
}

#[async_trait]
impl DnsZones for Store {
    async fn capabilities(&self) -> Result<Capabilities> {
        panic!("nobody asks for this while a plan is applied")
    }

    async fn zones(&self) -> Result<Vec<ZoneName>> {
        panic!("nobody asks for this while a plan is applied")
    }

    async fn zone(&self, _zone: &ZoneName) -> Result<Zone> {
        panic!("nobody asks for this while a plan is applied")
    }

    async fn create_zone(&self, _spec: &ZoneSpec) -> Result<Zone> {
        panic!("nobody asks for this while a plan is applied")
    }

    async fn delete_zone(&self, _zone: &ZoneName) -> Result<()> {
        panic!("nobody asks for this while a plan is applied")
    }

    async fn record_sets(&self, zone: &ZoneName) -> Result<Vec<RecordSet>> {
        self.called(zone, Call::Sets).await?;
        let sets = self.read(zone)?;
        let mut others = self.others.lock().unwrap();
        if !others.is_empty() {
            self.write(zone, &others.remove(0));
        }
        Ok(sets)
    }

    async fn find(
        &self,
        zone: &ZoneName,
        name: &DomainName,
        kind: Option<RecordType>,
    ) -> Result<Vec<RecordSet>> {
        let kind = kind.unwrap();
        self.called(zone, Call::Find(RecordKey { name: name.clone(), kind })).await?;
        let sets = self.read(zone)?;
        Ok(sets.into_iter().filter(|set| set.name() == name && set.kind() == kind).collect())
    }

    async fn apply(&self, zone: &ZoneName, changes: &ChangeSet) -> Result<Applied> {
        self.called(zone, Call::Apply(changes.len())).await?;
        self.write(zone, changes);
        Ok(Applied::one(changes.len()))
    }
}
