//! Reading record sets: straight from the answer into typed sets, one after the other.

use std::borrow::Cow;
use std::fmt;

use catalyst_core::http::Method;
use catalyst_core::{Error, Result};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::PowerDns;
use super::call::{Answer, Call};
use super::operation::Operation;
use super::path::Path;
use crate::{DomainName, RecordData, RecordSet, RecordType, Ttl, ZoneName};

impl PowerDns {
    pub(super) async fn all_sets(&self, zone: &ZoneName) -> Result<Vec<RecordSet>> {
        self.read_sets(zone, Path::zone(zone)).await
    }

    pub(super) async fn some_sets(
        &self,
        zone: &ZoneName,
        name: &DomainName,
        kind: Option<RecordType>,
    ) -> Result<Vec<RecordSet>> {
        let mut path = Path::zone(zone).query("rrset_name", name.as_str());
        if let Some(kind) = kind {
            path = path.query("rrset_type", kind.as_str());
        }
        let sets = self.read_sets(zone, path).await?;
        // A proxy or a server that drops the query answers with the whole zone.
        let asked = |set: &RecordSet| set.name() == name && kind.is_none_or(|kind| set.kind() == kind);
        Ok(sets.into_iter().filter(asked).collect())
    }

    async fn read_sets(&self, zone: &ZoneName, path: Path) -> Result<Vec<RecordSet>> {
        let call = Call::new(Operation::ReadRecords, Method::Get, path, zone.as_str());
        read(&self.api.send(&call).await?)
    }
}

/// The sets of a zone's answer.
pub(super) fn read(answer: &Answer) -> Result<Vec<RecordSet>> {
    let ZoneSets { rrsets: Sets { sets, fault } } = answer.json()?;
    match fault {
        None => Ok(sets),
        Some(fault) => Err(answer.unreadable(&fault)),
    }
}

#[derive(Deserialize)]
struct ZoneSets {
    rrsets: Sets,
}

/// Either all sets, or what is wrong with the first that cannot be read.
#[derive(Default)]
struct Sets {
    sets: Vec<RecordSet>,
    fault: Option<String>,
}

impl<'de> Deserialize<'de> for Sets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(SetsVisitor)
    }
}

struct SetsVisitor;

impl<'de> Visitor<'de> for SetsVisitor {
    type Value = Sets;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("record sets")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Sets, A::Error> {
        let mut sets = Sets::default();
        while let Some(wire) = seq.next_element::<WireSet<'de>>()? {
            match wire.read() {
                // Comments without records; 4.7 adds those of the whole zone to a read of one name (measured).
                Ok(_) if wire.records.is_empty() => {}
                Ok(set) => sets.sets.push(set),
                Err(error) => {
                    let help = error.help().unwrap_or("a record set cannot be read");
                    let name = catalyst_core::redact::text(&wire.name, 300);
                    sets.fault = Some(format!("the set {name} {} cannot be read: {help}", wire.kind));
                    while seq.next_element::<IgnoredAny>()?.is_some() {}
                }
            }
        }
        Ok(sets)
    }
}

#[derive(Deserialize)]
struct WireSet<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    ttl: i64,
    #[serde(borrow)]
    records: Vec<WireRecord<'a>>,
}

#[derive(Deserialize)]
struct WireRecord<'a> {
    #[serde(borrow)]
    content: Cow<'a, str>,
    #[serde(default)]
    disabled: bool,
}

impl WireSet<'_> {
    fn read(&self) -> Result<RecordSet, Error> {
        let (name, kind) = (DomainName::from_server(&self.name)?, self.kind.parse::<RecordType>()?);
        let (mut records, mut disabled) = (Vec::with_capacity(self.records.len()), Vec::new());
        for record in &self.records {
            let list = if record.disabled { &mut disabled } else { &mut records };
            list.push(RecordData::from_server(kind, &record.content));
        }
        // Beyond 2³¹ it counts as zero (RFC 2181 section 8): what this crate writes is never equal to it.
        let ttl = Ttl::checked(self.ttl).unwrap_or(Ttl::ZERO);
        Ok(RecordSet::from_server(name, kind, ttl, records, disabled))
    }
}
