//! Proofs that something is not there: NSEC (RFC 4034 section 4, RFC 4035 section 3.1.3).

use std::collections::BTreeSet;

use super::reply::{DNSKEY, Rrset};
use super::sign::RRSIG;
use super::{ZoneSnapshot, wire};
use crate::{DomainName, RecordData, RecordKey, RecordType};

const NSEC: u16 = 47;

impl ZoneSnapshot {
    /// The NSEC records that stand at, or before, each of these names; each once.
    pub(super) fn proof(&self, names: &[&DomainName]) -> Vec<Rrset> {
        let owners: BTreeSet<_> = names.iter().map(|name| self.at_or_before(name)).collect();
        owners.iter().filter_map(|owner| self.nsec(owner)).collect()
    }

    fn nsec(&self, owner: &DomainName) -> Option<Rrset> {
        let mut data = wire::name(&self.after(owner));
        data.extend(bitmap(&self.kinds(owner)));
        let ttl = self.soa()?.1;
        Some(Rrset { owner: owner.clone(), source: owner.clone(), kind: NSEC, ttl, data: vec![data] })
    }

    /// Whether the zone speaks for the sets at `name`, rather than a child zone.
    fn speaks_for(&self, name: &DomainName) -> bool {
        self.has_sets(name) && self.cut(name).is_none_or(|cut| cut == *name)
    }

    fn at_or_before(&self, name: &DomainName) -> DomainName {
        if self.speaks_for(name) {
            return name.clone();
        }
        let before = RecordKey { name: name.clone(), kind: RecordType::A };
        let owners = self.sets().range(..before).rev().map(|(key, _)| &key.name);
        owners.into_iter().find(|owner| self.speaks_for(owner)).unwrap_or(self.apex()).clone()
    }

    /// The next name; after the last one, the apex.
    fn after(&self, name: &DomainName) -> DomainName {
        let from = RecordKey { name: name.clone(), kind: RecordType::A };
        let owners = self.sets().range(from..).map(|(key, _)| &key.name);
        owners
            .into_iter()
            .find(|owner| *owner != name && self.speaks_for(owner))
            .unwrap_or(self.apex())
            .clone()
    }

    /// The types at `name`: of a LUA record, the type that it answers with, as PowerDNS has it.
    fn kinds(&self, name: &DomainName) -> BTreeSet<u16> {
        let is_cut = self.cut(name).is_some();
        let mut kinds = BTreeSet::from([NSEC, RRSIG]);
        for set in self.at(name) {
            if is_cut && !matches!(set.kind(), RecordType::Ns | RecordType::Ds) {
                continue;
            }
            kinds.extend(set.records().iter().filter_map(|record| match record {
                RecordData::Lua(lua) => wire::code(lua.kind()),
                other => wire::code(other.kind()),
            }));
        }
        if name == self.apex() && self.dnskeys().is_some() {
            kinds.insert(DNSKEY);
        }
        kinds
    }
}

/// The types in windows of 256 (RFC 4034 section 4.1.2).
fn bitmap(kinds: &BTreeSet<u16>) -> Vec<u8> {
    let mut out = Vec::new();
    for window in 0..=u8::MAX {
        let mut bits = [0_u8; 32];
        let mut length = 0_u8;
        for kind in kinds.iter().map(|kind| kind.to_be_bytes()).filter(|octets| octets[0] == window) {
            bits[usize::from(kind[1] / 8)] |= 0x80 >> (kind[1] % 8);
            length = length.max(kind[1] / 8 + 1);
        }
        if length > 0 {
            out.extend([window, length]);
            out.extend(&bits[..usize::from(length)]);
        }
    }
    out
}
