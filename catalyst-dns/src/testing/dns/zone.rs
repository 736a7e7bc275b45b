//! Looking into a zone (RFC 1034 section 4.3.2).

use super::ZoneSnapshot;
use super::reply::{DNSKEY, Rrset};
use super::wire;
use crate::{DomainName, RecordData, RecordKey, RecordSet, RecordType, Soa};

/// What stands at a name.
pub(super) enum Place {
    /// Sets stand at the name, or at the wildcard that covers it.
    Sets(DomainName),
    /// Nothing stands there, but something does below.
    Empty,
    Nothing,
}

impl ZoneSnapshot {
    pub(super) fn apex(&self) -> &DomainName {
        self.name().apex()
    }

    pub(super) fn is_signed(&self) -> bool {
        self.keys().iter().any(|state| state.active)
    }

    /// The sets at `name`; records that are disabled are as good as none.
    pub(super) fn at<'a>(&'a self, name: &'a DomainName) -> impl Iterator<Item = &'a RecordSet> {
        let from = RecordKey { name: name.clone(), kind: RecordType::A };
        let here = self.sets().range(from..).take_while(move |(key, _)| key.name == *name);
        here.map(|(_, set)| set).filter(|set| !set.records().is_empty())
    }

    pub(super) fn set(&self, name: &DomainName, kind: RecordType) -> Option<&RecordSet> {
        let set = self.sets().get(&RecordKey { name: name.clone(), kind })?;
        Some(set).filter(|set| !set.records().is_empty())
    }

    pub(super) fn has_sets(&self, name: &DomainName) -> bool {
        self.at(name).next().is_some()
    }

    /// Whether something stands below `name`. In the order of names, what is below follows at once.
    fn is_above_something(&self, name: &DomainName) -> bool {
        let from = RecordKey { name: name.clone(), kind: RecordType::A };
        let below = self.sets().range(from..).skip_while(|(key, _)| key.name == *name);
        below.take_while(|(key, _)| key.name.is_within(name)).any(|(_, set)| !set.records().is_empty())
    }

    pub(super) fn exists(&self, name: &DomainName) -> bool {
        name == self.apex() || self.has_sets(name) || self.is_above_something(name)
    }

    /// The highest cut between the zone and `name`, if a child zone begins there.
    pub(super) fn cut(&self, name: &DomainName) -> Option<DomainName> {
        let mut above = name.clone();
        let mut found = None;
        while above != *self.apex() {
            if self.set(&above, RecordType::Ns).is_some() {
                found = Some(above.clone());
            }
            above = above.parent()?;
        }
        found
    }

    /// The nearest name above `name` that exists.
    pub(super) fn encloser(&self, name: &DomainName) -> DomainName {
        let mut above = name.parent();
        while let Some(name) = above {
            if self.exists(&name) {
                return name;
            }
            above = name.parent();
        }
        self.apex().clone()
    }

    pub(super) fn place(&self, name: &DomainName) -> Place {
        if self.has_sets(name) {
            return Place::Sets(name.clone());
        }
        if self.exists(name) {
            return Place::Empty;
        }
        let wildcard = self.wildcard(name).filter(|wildcard| self.has_sets(wildcard));
        wildcard.map_or(Place::Nothing, Place::Sets)
    }

    /// The wildcard that would cover `name`, which does not exist (RFC 4592 section 3.3.1).
    pub(super) fn wildcard(&self, name: &DomainName) -> Option<DomainName> {
        self.encloser(name).child("*").ok()
    }

    /// The start of the zone, with the time for which a negative answer may be kept (RFC 2308 section 5).
    pub(super) fn soa(&self) -> Option<(&Soa, u32)> {
        let set = self.set(self.apex(), RecordType::Soa)?;
        match set.records().first()? {
            RecordData::Soa(soa) => Some((soa, soa.minimum.min(set.ttl().as_secs()))),
            _ => None,
        }
    }

    /// The DNSKEY set that its keys make; with those that stand in the zone as records.
    pub(super) fn dnskeys(&self) -> Option<Rrset> {
        let ttl = self.soa()?.1;
        let published =
            self.keys().iter().filter(|state| state.published).map(|state| wire::dnskey(state.key.dnskey()));
        let stored = self.set(self.apex(), RecordType::Dnskey);
        let mut data: Vec<_> =
            stored.into_iter().flat_map(RecordSet::records).filter_map(wire::data).chain(published).collect();
        data.sort_unstable();
        data.dedup();
        let (owner, source) = (self.apex().clone(), self.apex().clone());
        (!data.is_empty()).then_some(Rrset { owner, source, kind: DNSKEY, ttl, data })
    }
}

/// A set as it is sent, for `owner`.
pub(super) fn rrset(owner: &DomainName, set: &RecordSet) -> Option<Rrset> {
    let data: Vec<_> = set.records().iter().filter_map(wire::data).collect();
    let (owner, source, ttl) = (owner.clone(), set.name().clone(), set.ttl().as_secs());
    Some(Rrset { owner, source, kind: wire::code(set.kind())?, ttl, data })
}
