//! What a plan may do.

use std::collections::{BTreeMap, BTreeSet};

use super::{Limits, Owner};
use crate::{RecordKey, RecordType, ZoneName};

/// What a plan may do beyond writing sets that have a mark of the owner.
///
/// By default it changes at most 30 % of the owner's sets and deletes at most 30 %, from 10 sets on; leaves NS and SOA
/// of the apex alone; adopts nothing; and refuses a name at which somebody else has a record. A zone in which
/// anything is refused is not written at all.
#[derive(Clone, Debug, Default)]
#[must_use]
#[allow(clippy::struct_excessive_bools, reason = "each is a permission that is given or not")]
pub struct PlanPolicy {
    limits: Limits,
    of_zones: BTreeMap<ZoneName, Limits>,
    of_types: BTreeMap<RecordType, Limits>,
    keep: bool,
    share_names: bool,
    skip_refused: bool,
    apex: BTreeSet<RecordType>,
    adopt: BTreeSet<RecordKey>,
    adopt_unowned: bool,
    transfer: BTreeSet<(RecordKey, Owner)>,
    transfer_from: BTreeSet<Owner>,
}

impl PlanPolicy {
    /// How much of a zone may change at once.
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// How much of this zone may change at once, instead.
    pub fn zone_limits(mut self, zone: ZoneName, limits: Limits) -> Self {
        self.of_zones.insert(zone, limits);
        self
    }

    /// How many of the sets of one type may change at once, besides.
    pub fn type_limits(mut self, kind: RecordType, limits: Limits) -> Self {
        self.of_types.insert(kind, limits);
        self
    }

    /// Nothing is deleted: sets that are not wanted any more stay.
    pub fn upsert_only(self) -> Self {
        Self { keep: true, ..self }
    }

    /// Sets may stand beside those of others at one name, as long as they do not contradict each other: TXT beside
    /// another one's A, but not AAAA.
    pub fn share_names(self) -> Self {
        Self { share_names: true, ..self }
    }

    /// What is refused is left out, and the rest of the zone is written. Limits stop a zone all the same.
    pub fn skip_refused(self) -> Self {
        Self { skip_refused: true, ..self }
    }

    /// The set of this type at the apex, NS or SOA, may be changed, and is adopted. It is never deleted. Of a SOA the
    /// serial is left to the server.
    pub fn allow_apex(mut self, kind: RecordType) -> Self {
        self.apex.insert(kind);
        self
    }

    /// This set becomes the owner's although it has no mark. One that is not wanted and stands in the way of a wanted
    /// set, such as an A of pool-domain-manager where a LUA record is to be, is deleted.
    pub fn adopt(mut self, key: RecordKey) -> Self {
        self.adopt.insert(key);
        self
    }

    /// Every wanted set becomes the owner's if it is there without a mark.
    pub fn adopt_unowned(self) -> Self {
        Self { adopt_unowned: true, ..self }
    }

    /// This set becomes the owner's although `from` has marked it; otherwise as [`adopt`](Self::adopt).
    pub fn transfer(mut self, key: RecordKey, from: Owner) -> Self {
        self.transfer.insert((key, from));
        self
    }

    /// Every wanted set that `from` has marked becomes the owner's.
    pub fn transfer_from(mut self, from: Owner) -> Self {
        self.transfer_from.insert(from);
        self
    }

    pub(super) fn limits_of(&self, zone: &ZoneName) -> &Limits {
        self.of_zones.get(zone).unwrap_or(&self.limits)
    }

    pub(super) fn limits_of_types(&self) -> &BTreeMap<RecordType, Limits> {
        &self.of_types
    }

    pub(super) fn may_delete(&self) -> bool {
        !self.keep
    }

    pub(super) fn shares_names(&self) -> bool {
        self.share_names
    }

    pub(super) fn skips_refused(&self) -> bool {
        self.skip_refused
    }

    pub(super) fn allows_apex(&self, kind: RecordType) -> bool {
        self.apex.contains(&kind)
    }

    /// Whether a set without a mark may be taken; `wanted` says whether it is in the desired state.
    pub(super) fn adopts(&self, key: impl FnOnce() -> RecordKey, wanted: bool) -> bool {
        (wanted && self.adopt_unowned) || (!self.adopt.is_empty() && self.adopt.contains(&key()))
    }

    /// Whether a set with a mark of `from` may be taken.
    pub(super) fn transfers(&self, key: impl FnOnce() -> RecordKey, from: &str, wanted: bool) -> bool {
        if self.transfer.is_empty() && self.transfer_from.is_empty() {
            return false;
        }
        let Ok(from) = Owner::new(from) else { return false };
        (wanted && self.transfer_from.contains(&from)) || self.transfer.contains(&(key(), from))
    }
}
