//! An answer that grows.

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::NULL;
use hickory_proto::rr::{RData, Record, RecordType as WireType};

use super::sign::RRSIG;
use super::{ZoneSnapshot, wire};
use crate::DomainName;
use crate::dnssec::KeyRole;

pub(super) const DNSKEY: u16 = 48;

/// A record set of an answer.
#[derive(Clone, Debug)]
pub(super) struct Rrset {
    pub(super) owner: DomainName,
    /// Where it stands in the zone: the owner, or the wildcard that it comes from.
    pub(super) source: DomainName,
    pub(super) kind: u16,
    pub(super) ttl: u32,
    pub(super) data: Vec<Vec<u8>>,
}

/// The sections of an answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) code: ResponseCode,
    pub(super) authoritative: bool,
    pub(super) answers: Vec<Record>,
    pub(super) authority: Vec<Record>,
    pub(super) additional: Vec<Record>,
}

impl Reply {
    pub(super) fn new(code: ResponseCode) -> Self {
        let (answers, authority, additional) = (Vec::new(), Vec::new(), Vec::new());
        Self { code, authoritative: false, answers, authority, additional }
    }
}

/// The records of a set, with signatures if the zone has keys and `signed` wants them.
pub(super) fn records(zone: &ZoneSnapshot, set: &Rrset, signed: Option<u32>) -> Vec<Record> {
    let Some(owner) = wire::to_wire(&set.owner) else { return Vec::new() };
    let record = |kind: u16, data: &Vec<u8>| {
        let rdata = RData::Unknown { code: WireType::from(kind), rdata: NULL::with(data.clone()) };
        Record::from_rdata(owner.clone(), set.ttl, rdata)
    };
    let mut records: Vec<_> = set.data.iter().map(|data| record(set.kind, data)).collect();
    if let Some(now) = signed.filter(|_| !set.data.is_empty()) {
        let signatures = signers(zone, set.kind).filter_map(|key| key.sign(zone.name(), set, now));
        records.extend(signatures.map(|data| record(RRSIG, &data)));
    }
    records
}

/// The active keys that sign sets of this type: those for keys or those for data, and all where one kind is missing.
fn signers(zone: &ZoneSnapshot, kind: u16) -> impl Iterator<Item = &super::SigningKey> {
    let other = if kind == DNSKEY { KeyRole::Zsk } else { KeyRole::Ksk };
    let active = || zone.keys().iter().filter(|state| state.active).map(|state| &state.key);
    let fit = active().any(|key| key.role() != other);
    active().filter(move |key| !fit || key.role() != other)
}
