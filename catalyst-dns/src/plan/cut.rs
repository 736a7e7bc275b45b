//! Names in a zone for which name servers elsewhere answer.

use std::collections::HashMap;

use super::step::At;
use crate::{RecordData, RecordSet, RecordType, ZoneName};

/// The delegations of a zone: NS sets below its apex (RFC 1034 section 4.2.1).
pub(super) struct Cuts<'a> {
    sets: HashMap<&'a str, (&'a RecordSet, At)>,
}

impl<'a> Cuts<'a> {
    /// Those among `sets`, each with its place among what is there.
    pub(super) fn new(zone: &ZoneName, sets: impl Iterator<Item = (&'a RecordSet, At)>) -> Self {
        let cuts = sets.filter(|(set, _)| is_cut(zone, set));
        Self { sets: cuts.map(|(set, at)| (set.name().as_str(), (set, at))).collect() }
    }

    /// The place of the delegation because of which nobody would see `set`.
    pub(super) fn hides(&self, zone: &ZoneName, set: &RecordSet) -> Option<At> {
        if self.sets.is_empty() {
            return None;
        }
        let mut name = Some(set.name().clone());
        while let Some(here) = name.filter(|here| here != zone.apex()) {
            if let Some((cut, at)) = self.sets.get(here.as_str()) {
                return (!belongs_to(set, cut)).then_some(*at);
            }
            name = here.parent();
        }
        None
    }
}

pub(super) fn is_cut(zone: &ZoneName, set: &RecordSet) -> bool {
    set.kind() == RecordType::Ns && set.name() != zone.apex()
}

/// The parent keeps the delegation itself, its DS, and the addresses of its name servers.
fn belongs_to(set: &RecordSet, cut: &RecordSet) -> bool {
    let is_glue = || {
        let target = RecordData::Ns(set.name().clone());
        matches!(set.kind(), RecordType::A | RecordType::Aaaa) && cut.records().contains(&target)
    };
    set.name() == cut.name() && matches!(set.kind(), RecordType::Ns | RecordType::Ds) || is_glue()
}
