//! Names in a zone for which name servers elsewhere answer.

use std::collections::HashMap;

use crate::{RecordData, RecordSet, RecordType, ZoneName};

/// The delegations of a zone: NS sets below its apex (RFC 1034 section 4.2.1).
#[derive(Default)]
pub(super) struct Cuts<'a> {
    sets: HashMap<&'a str, &'a RecordSet>,
}

impl<'a> Cuts<'a> {
    pub(super) fn new(zone: &ZoneName, sets: impl Iterator<Item = &'a RecordSet>) -> Self {
        let cuts = sets.filter(|set| set.kind() == RecordType::Ns && set.name() != zone.apex());
        Self { sets: cuts.map(|set| (set.name().as_str(), set)).collect() }
    }

    /// The delegation because of which nobody would see `set`.
    pub(super) fn hides(&self, zone: &ZoneName, set: &RecordSet) -> Option<&'a RecordSet> {
        if self.sets.is_empty() {
            return None;
        }
        let mut name = Some(set.name().clone());
        while let Some(at) = name.filter(|at| at != zone.apex()) {
            if let Some(cut) = self.sets.get(at.as_str()) {
                return (!belongs_to(set, cut)).then_some(*cut);
            }
            name = at.parent();
        }
        None
    }
}

/// The parent keeps the delegation itself, its DS, and the addresses of its name servers.
fn belongs_to(set: &RecordSet, cut: &RecordSet) -> bool {
    let is_glue = || {
        let target = RecordData::Ns(set.name().clone());
        matches!(set.kind(), RecordType::A | RecordType::Aaaa) && cut.records().contains(&target)
    };
    set.name() == cut.name() && matches!(set.kind(), RecordType::Ns | RecordType::Ds) || is_glue()
}
