//! What is answered to a question (RFC 1034 section 4.3.2, as PowerDNS 4.7 does it).

use hickory_proto::op::ResponseCode;

use super::lua::{self, Asked};
use super::reply::{DNSKEY, Reply, Rrset, records};
use super::zone::{Place, rrset};
use super::{ZoneSnapshot, ZoneView, wire};
use crate::{DomainName, RecordData, RecordSet, RecordType};

/// The longest chain of CNAMEs.
const MAX_CHAIN: u32 = 10;

const CNAME: u16 = 5;
const DS: u16 = 43;
pub(super) const ANY: u16 = 255;

/// One question, and what it takes to answer it.
pub(super) struct Resolve<'a> {
    pub(super) view: &'a dyn ZoneView,
    pub(super) asked: Asked<'a>,
    pub(super) kind: u16,
    /// The time, if signatures are wanted.
    pub(super) signed: Option<u32>,
}

/// How a lookup ended.
enum Step {
    Done,
    Failed,
    /// A CNAME led elsewhere.
    Follow(DomainName),
}

impl Resolve<'_> {
    pub(super) fn answer(&self, name: DomainName) -> Reply {
        let mut reply = Reply::new(ResponseCode::NoError);
        let mut owner = name;
        for chain in 0..=MAX_CHAIN {
            let Some(zone) = self.zone_of(&owner) else {
                if chain == 0 {
                    reply.code = ResponseCode::Refused;
                }
                return reply;
            };
            reply.authoritative = true;
            match self.step(&zone, &owner, &mut reply) {
                Step::Done => return reply,
                Step::Failed => break,
                Step::Follow(target) => owner = target,
            }
        }
        Reply { authoritative: true, ..Reply::new(ResponseCode::ServFail) }
    }

    /// The DS of a zone stands in the zone above (RFC 4035 section 3.1.4.1).
    fn zone_of(&self, name: &DomainName) -> Option<ZoneSnapshot> {
        let zone = self.view.zone_of(name)?;
        if self.kind == DS && zone.apex() == name {
            let above = name.parent().and_then(|parent| self.view.zone_of(&parent));
            return Some(above.unwrap_or(zone));
        }
        Some(zone)
    }

    fn step(&self, zone: &ZoneSnapshot, owner: &DomainName, reply: &mut Reply) -> Step {
        if zone.soa().is_none() {
            return Step::Failed;
        }
        if let Some(cut) = zone.cut(owner).filter(|cut| cut != owner || self.kind != DS) {
            return self.referral(zone, &cut, reply);
        }
        match zone.place(owner) {
            Place::Sets(source) => self.sets(zone, owner, &source, reply),
            Place::Empty => self.negative(zone, &[owner], reply),
            Place::Nothing => {
                reply.code = ResponseCode::NXDomain;
                match zone.wildcard(owner) {
                    Some(wildcard) => self.negative(zone, &[owner, &wildcard], reply),
                    None => self.negative(zone, &[owner], reply),
                }
            }
        }
    }

    fn sets(&self, zone: &ZoneSnapshot, owner: &DomainName, source: &DomainName, reply: &mut Reply) -> Step {
        let mut found = Vec::new();
        if self.kind == DNSKEY && owner == zone.apex() {
            found.extend(zone.dnskeys());
        } else {
            let wanted = |set: &&RecordSet| self.kind == ANY || wire::code(set.kind()) == Some(self.kind);
            found.extend(zone.at(source).filter(wanted).filter_map(|set| rrset(owner, set)));
        }
        match self.computed(zone, owner, source) {
            Ok(computed) => found.extend(computed),
            Err(_fault) => return Step::Failed,
        }
        if found.iter().all(|set| set.data.is_empty()) {
            found.extend(zone.set(source, RecordType::Cname).and_then(|set| rrset(owner, set)));
        }
        found.retain(|set| !set.data.is_empty());
        if found.is_empty() {
            return self.negative(zone, &[owner, source], reply);
        }
        let target = found.iter().find(|set| set.kind == CNAME).and_then(|set| cname(zone, source, set));
        for set in &found {
            reply.answers.extend(records(zone, set, self.signed));
        }
        for set in zone.at(source).filter(|set| wire::code(set.kind()) == Some(self.kind)) {
            add_hosts(zone, set, self.signed, reply);
        }
        if owner != source {
            // That nothing closer than the wildcard exists.
            self.prove(zone, &[owner], reply);
        }
        match target.filter(|_| self.kind != CNAME && self.kind != ANY) {
            Some(target) => Step::Follow(target),
            None => Step::Done,
        }
    }

    /// What LUA records at the name answer with.
    fn computed(
        &self,
        zone: &ZoneSnapshot,
        owner: &DomainName,
        source: &DomainName,
    ) -> Result<Vec<Rrset>, lua::Fault> {
        let Some(set) = zone.set(source, RecordType::Lua) else { return Ok(Vec::new()) };
        let mut found: Vec<Rrset> = Vec::new();
        for record in set.records() {
            let RecordData::Lua(record) = record else { continue };
            let Some(kind) = wire::code(record.kind()) else { continue };
            if kind != self.kind && kind != CNAME && self.kind != ANY {
                continue;
            }
            let data = lua::answer(record, &self.asked)?.iter().filter_map(wire::data).collect();
            let (owner, source, ttl) = (owner.clone(), source.clone(), set.ttl().as_secs());
            found.push(Rrset { owner, source, kind, ttl, data });
        }
        Ok(found)
    }

    fn referral(&self, zone: &ZoneSnapshot, cut: &DomainName, reply: &mut Reply) -> Step {
        reply.authoritative = !reply.answers.is_empty();
        let Some(servers) = zone.set(cut, RecordType::Ns) else { return Step::Failed };
        // A child zone speaks for its servers, so this set is not signed.
        if let Some(set) = rrset(cut, servers) {
            reply.authority.extend(records(zone, &set, None));
        }
        if self.wants_signatures(zone) {
            match zone.set(cut, RecordType::Ds).and_then(|set| rrset(cut, set)) {
                Some(set) => reply.authority.extend(records(zone, &set, self.signed)),
                None => self.prove(zone, &[cut], reply),
            }
        }
        add_hosts(zone, servers, None, reply);
        Step::Done
    }

    /// The SOA, and the proof that there is nothing at `names`.
    fn negative(&self, zone: &ZoneSnapshot, names: &[&DomainName], reply: &mut Reply) -> Step {
        let Some((_, ttl)) = zone.soa() else { return Step::Failed };
        let set = zone.set(zone.apex(), RecordType::Soa).and_then(|set| rrset(zone.apex(), set));
        // Signed with the TTL of the set, and sent with that of negative answers.
        let soa = set.into_iter().flat_map(|set| records(zone, &set, self.signed));
        reply.authority.extend(soa.map(|mut record| {
            record.ttl = ttl;
            record
        }));
        self.prove(zone, names, reply);
        Step::Done
    }

    fn prove(&self, zone: &ZoneSnapshot, names: &[&DomainName], reply: &mut Reply) {
        if self.wants_signatures(zone) {
            let proof = zone.proof(names);
            reply.authority.extend(proof.iter().flat_map(|set| records(zone, set, self.signed)));
        }
    }

    fn wants_signatures(&self, zone: &ZoneSnapshot) -> bool {
        self.signed.is_some() && zone.is_signed()
    }
}

/// The addresses of the hosts that a set names, as far as they stand in the zone.
fn add_hosts(zone: &ZoneSnapshot, set: &RecordSet, signed: Option<u32>, reply: &mut Reply) {
    for record in set.records() {
        let host = match record {
            RecordData::Ns(host) => host,
            RecordData::Mx(mx) => &mx.exchange,
            RecordData::Srv(srv) => &srv.target,
            _ => continue,
        };
        let sets = [RecordType::A, RecordType::Aaaa].into_iter().filter_map(|kind| zone.set(host, kind));
        for set in sets.filter_map(|set| rrset(host, set)) {
            reply.additional.extend(records(zone, &set, signed));
        }
    }
}

/// Where a CNAME leads, be it in the zone or computed.
fn cname(zone: &ZoneSnapshot, source: &DomainName, set: &Rrset) -> Option<DomainName> {
    let stored = zone.set(source, RecordType::Cname).and_then(|set| set.records().first());
    match stored {
        Some(RecordData::Cname(target)) => Some(target.clone()),
        _ => wire::read_name(set.data.first()?),
    }
}
