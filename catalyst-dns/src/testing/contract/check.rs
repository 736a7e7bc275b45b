//! What the checks are made of.

use std::fmt::Debug;

use catalyst_core::{Error, ErrorKind, Result};

use crate::{
    Change, ChangeSet, DnsZones, DomainName, RecordData, RecordKey, RecordSet, RecordType, Serial, Ttl,
    ZoneName, ZoneSecurity, ZoneSpec,
};

/// A server by the traits of this crate.
pub trait Subject: Debug + Send + Sync {
    /// Its zones.
    fn zones(&self) -> &dyn DnsZones;

    /// The keys of its zones.
    fn security(&self) -> &dyn ZoneSecurity;
}

impl<T: DnsZones + ZoneSecurity> Subject for T {
    fn zones(&self) -> &dyn DnsZones {
        self
    }

    fn security(&self) -> &dyn ZoneSecurity {
        self
    }
}

#[track_caller]
pub(super) fn done<T>(result: Result<T>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what}: {error:?}"),
    }
}

/// Fails unless the result is the error with this kind and code, which leaves no doubt about what was done.
#[track_caller]
pub(super) fn refused<T: Debug>(result: Result<T>, kind: ErrorKind, code: &str) -> Error {
    match result {
        Ok(value) => panic!("expected the error {code}, and it succeeded: {value:?}"),
        Err(error) => {
            assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{error:?}");
            assert!(!error.outcome_unknown(), "a refusal leaves no doubt: {error:?}");
            error
        }
    }
}

/// A zone that no run before has used.
pub(super) struct TestZone<'a> {
    pub(super) zones: &'a dyn DnsZones,
    pub(super) name: ZoneName,
}

impl<'a> TestZone<'a> {
    /// One that is not there yet.
    pub(super) fn unborn(subject: &'a dyn Subject) -> Self {
        let name = format!("contract-{:016x}.test", fastrand::u64(..));
        Self { zones: subject.zones(), name: done(name.parse(), "a zone for the contract") }
    }

    /// One that is there.
    pub(super) async fn new(subject: &'a dyn Subject) -> Self {
        let zone = Self::unborn(subject);
        drop(done(zone.zones.create_zone(&zone.spec()).await, "create the zone"));
        zone
    }

    pub(super) fn spec(&self) -> ZoneSpec {
        ZoneSpec::new(self.name.clone(), ["ns1", "ns2"].map(|host| self.at(host)))
    }

    pub(super) fn at(&self, relative: &str) -> DomainName {
        done(self.name.child(relative), "a name in the zone")
    }

    pub(super) async fn serial(&self) -> Serial {
        done(self.zones.zone(&self.name).await, "read the zone").serial
    }

    pub(super) async fn apply(&self, changes: impl IntoIterator<Item = Change>) -> Result<crate::Applied> {
        let changes = done(ChangeSet::new(changes), "a set of changes");
        self.zones.apply(&self.name, &changes).await
    }

    pub(super) async fn find(&self, relative: &str) -> Vec<RecordSet> {
        done(self.zones.find(&self.name, &self.at(relative), None).await, "find record sets")
    }

    pub(super) async fn remove(self) {
        done(self.zones.delete_zone(&self.name).await, "delete the zone");
    }
}

pub(super) fn set(name: &DomainName, kind: RecordType, contents: &[&str]) -> RecordSet {
    let records = contents.iter().map(|content| done(RecordData::parse(kind, content), content));
    done(RecordSet::new(name.clone(), Ttl::MINUTE, records.collect::<Vec<_>>()), "a record set")
}

pub(super) fn replace(name: &DomainName, kind: RecordType, contents: &[&str]) -> Change {
    Change::Replace(set(name, kind, contents))
}

pub(super) fn delete(name: &DomainName, kind: RecordType) -> Change {
    Change::Delete(RecordKey { name: name.clone(), kind })
}
