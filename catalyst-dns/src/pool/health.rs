//! What is wrong with the zones that the manager makes.

use std::fmt;

use crate::{RecordSet, RecordType, Zone};

/// A defect of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PoolDefect {
    /// `SOA-EDIT-API` is a word that PowerDNS does not know, so that the serial stands still.
    SerialStuck,
    /// The zone is signed, and the pool domain has no DS for it.
    NoDsInParent,
    /// The zone is not signed, as it must be on the platform.
    Unsigned,
}

impl fmt::Display for PoolDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SerialStuck => {
                "the serial stands still: SOA-EDIT-API is no kind that PowerDNS knows; set it to INCREASE"
            }
            Self::NoDsInParent => {
                "the zone is signed and the pool domain has no DS for it, so nobody validates; publish the DS"
            }
            Self::Unsigned => "the zone is not signed; the manager's DNSSEC step failed, or was not run",
        })
    }
}

/// What is wrong with `zone`, of whose parent `parent` holds the record sets at the zone's name.
pub fn defects(zone: &Zone, parent: &[RecordSet]) -> Vec<PoolDefect> {
    let ds = parent.iter().any(|set| set.kind() == RecordType::Ds && set.name() == zone.name.apex());
    let found = [
        (zone.soa_edit_api.is_none(), PoolDefect::SerialStuck),
        (zone.dnssec && !ds, PoolDefect::NoDsInParent),
        (!zone.dnssec, PoolDefect::Unsigned),
    ];
    found.into_iter().filter(|(is, _)| *is).map(|(_, defect)| defect).collect()
}
