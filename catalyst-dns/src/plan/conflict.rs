//! Which record sets cannot stand at one name.

use std::cmp::Ordering;

use super::RefusalCode;
use crate::{RecordData, RecordSet, RecordType};

/// Why two sets of one name cannot stand beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conflict {
    /// One of them is a CNAME.
    Cname,
    /// Both answer for the same type, or both say where the name leads.
    Type,
}

impl Conflict {
    pub(super) fn code(self) -> RefusalCode {
        match self {
            Self::Cname => RefusalCode::CnameConflict,
            Self::Type => RefusalCode::TypeConflict,
        }
    }

    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Cname => "a CNAME stands alone at its name (RFC 1034 section 3.6.2)",
            Self::Type => "both say where the name leads, or answer for the same type",
        }
    }
}

/// Whether two sets of one name and different types contradict each other, whoever wrote them.
pub(super) fn between(one: &RecordSet, other: &RecordSet) -> Option<Conflict> {
    if is_signature(one.kind()) || is_signature(other.kind()) {
        return None;
    }
    let answers = |set: &RecordSet, kind| answers_for(set, kind);
    if answers(one, RecordType::Cname) || answers(other, RecordType::Cname) {
        return Some(Conflict::Cname);
    }
    let known = [RecordType::A, RecordType::Aaaa];
    let computed = lua_kinds(one).chain(lua_kinds(other));
    known
        .into_iter()
        .chain(computed)
        .any(|kind| answers(one, kind) && answers(other, kind))
        .then_some(Conflict::Type)
}

/// The same between two writers: neither may say where a name leads if the other one does.
pub(super) fn between_writers(ours: &RecordSet, theirs: &RecordSet) -> Option<Conflict> {
    let leads = |set| [RecordType::A, RecordType::Aaaa].iter().any(|kind| answers_for(set, *kind));
    between(ours, theirs).or_else(|| (leads(ours) && leads(theirs)).then_some(Conflict::Type))
}

/// The order of sets in plans.
pub(super) fn order(one: &RecordSet, other: &RecordSet) -> Ordering {
    one.name().cmp(other.name()).then_with(|| one.kind().cmp(&other.kind()))
}

/// Written by whoever signs the zone, and no writer of the name.
pub(super) fn is_signature(kind: RecordType) -> bool {
    matches!(kind, RecordType::Other(name) if matches!(name.as_str(), "RRSIG" | "NSEC" | "NSEC3" | "NSEC3PARAM"))
}

fn answers_for(set: &RecordSet, kind: RecordType) -> bool {
    match set.kind() {
        RecordType::Alias => matches!(kind, RecordType::A | RecordType::Aaaa),
        RecordType::Lua => lua_kinds(set).any(|answered| answered == kind),
        own => own == kind,
    }
}

/// What the LUA records of a set answer with.
fn lua_kinds(set: &RecordSet) -> impl Iterator<Item = RecordType> {
    set.records().iter().filter_map(|record| match record {
        RecordData::Lua(lua) => Some(lua.kind()),
        _ => None,
    })
}
