//! Tests of plans.

mod apply;
mod bad_input;
mod compatible;
mod corpus;
mod ownership;
mod policy;
mod properties;
mod show;
mod store;

use std::sync::Arc;

use super::{Desired, Owner, PlanPolicy, ZonePlan};
use crate::{RecordData, RecordKey, RecordSet, RecordType, Text, Ttl, ZoneName};

pub(super) const OURS: &str = "sovereign.example";

pub(super) fn zone() -> ZoneName {
    "example.org".parse().unwrap()
}

/// `name kind content…`, with a TTL of 60 seconds; the name is relative to example.org.
pub(super) fn set(name: &str, kind: &str, contents: &[&str]) -> RecordSet {
    let kind: RecordType = kind.parse().unwrap();
    let records = contents.iter().map(|content| RecordData::parse(kind, content).unwrap());
    RecordSet::new(zone().child(name).unwrap(), Ttl::MINUTE, records).unwrap()
}

pub(super) fn a(name: &str, address: &str) -> RecordSet {
    set(name, "A", &[address])
}

pub(super) fn key(name: &str, kind: &str) -> RecordKey {
    RecordKey { name: zone().child(name).unwrap(), kind: kind.parse().unwrap() }
}

/// A mark at `name` below the zone, as its owner would write it.
pub(super) fn mark(name: &str, owner: &str, resource: &str) -> RecordSet {
    let text = format!("heritage=external-dns,external-dns/owner={owner},external-dns/resource={resource}");
    let name = crate::DomainName::from_server(&format!("{name}.{}", zone().as_str())).unwrap();
    RecordSet::new(name, Ttl::MINUTE, [RecordData::Txt(Text::new(text).unwrap())]).unwrap()
}

/// A mark of ours.
pub(super) fn ours(name: &str) -> RecordSet {
    mark(name, OURS, "catalyst")
}

pub(super) fn infrastructure() -> Vec<RecordSet> {
    vec![
        set("@", "SOA", &["ns1.example.net. hostmaster.example.org. 7 10800 3600 604800 60"]),
        set("@", "NS", &["ns1.example.net.", "ns2.example.net."]),
    ]
}

pub(super) fn desired(sets: impl IntoIterator<Item = RecordSet>) -> Desired {
    Desired::builder(Owner::new(OURS).unwrap())
        .allow_empty()
        .zone(&zone())
        .sets(&zone(), sets)
        .build()
        .unwrap()
}

pub(super) fn plan(
    wanted: impl IntoIterator<Item = RecordSet>,
    current: impl IntoIterator<Item = RecordSet>,
    policy: PlanPolicy,
) -> ZonePlan {
    let current = infrastructure().into_iter().chain(current).collect();
    ZonePlan::new(&desired(wanted).zones()[0], &Arc::new(policy), current)
}

/// The lines of the actions.
pub(super) fn lines(plan: &ZonePlan) -> Vec<String> {
    plan.actions().map(|action| action.to_string()).collect()
}

/// What a server would have after the plan.
pub(super) fn after(plan: &ZonePlan) -> Vec<RecordSet> {
    let mut sets = plan.current().to_vec();
    store::change(&mut sets, &plan.change_set().unwrap());
    sets
}
