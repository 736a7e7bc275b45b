//! What is wanted and what is there, brought together by name.
//!
//! A server gives its sets in an order of its own (PowerDNS: by the octets of the names from the right, descending).
//! Sorting them by name would touch each name a dozen times; here each is hashed once, and 16 bytes are kept for it.

use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;

use super::claim::Claim;
use super::desired::Want;
use super::step::At;
use crate::{DomainName, RecordSet};

/// All sets at one name.
pub(super) struct NameGroup<'a> {
    /// Those that are wanted.
    pub(super) wants: Range<usize>,
    /// Those that are there, by type.
    pub(super) haves: &'a mut Vec<Have>,
}

/// A set that is there.
pub(super) struct Have {
    pub(super) index: usize,
    /// Whether a set of its type is wanted at its name.
    pub(super) wanted: bool,
    pub(super) claim: Claim,
}

impl Have {
    pub(super) fn at(&self) -> At {
        At::new(self.index)
    }
}

/// Calls `each` for every name at which something is wanted or there, in no order that means anything. `wants` are in
/// the order of plans.
pub(super) fn groups(wants: &[Want], current: &[RecordSet], mut each: impl FnMut(NameGroup<'_>)) {
    let hasher = RandomState::new();
    let wanted_name = |index: usize| wants[index].set.name();
    let name = |index: usize| current[index].name();
    let wanted = order(&hasher, first_of_names(wants), wanted_name);
    let there = order(&hasher, 0..current.len(), name);
    let (mut wanted, mut there) = (wanted.as_slice(), there.as_slice());
    let mut haves = Vec::new();
    loop {
        let next = [wanted.first().map(|one| one.key(wanted_name)), there.first().map(|one| one.key(name))];
        let Some(key) = next.into_iter().flatten().min() else { return };
        let range = match wanted.split_first() {
            Some((one, rest)) if next[0] == Some(key) => {
                wanted = rest;
                same_name_from(wants, one.index())
            }
            _ => 0..0,
        };
        let (here, rest) = there.split_at(there.iter().take_while(|one| one.key(name) == key).count());
        there = rest;
        haves.clear();
        haves.extend(here.iter().map(|one| have(one.index(), &wants[range.clone()], current)));
        haves.sort_unstable_by_key(|have| (current[have.index].kind(), have.index));
        each(NameGroup { wants: range, haves: &mut haves });
    }
}

fn have(index: usize, wants: &[Want], current: &[RecordSet]) -> Have {
    let wanted = wants.iter().any(|want| want.set.kind() == current[index].kind());
    Have { index, wanted, claim: Claim::Nobodys }
}

/// The places at which the wants of a name begin.
fn first_of_names(wants: &[Want]) -> impl Iterator<Item = usize> {
    let begins = |index: usize| index == 0 || wants[index].set.name() != wants[index - 1].set.name();
    (0..wants.len()).filter(move |index| begins(*index))
}

fn same_name_from(wants: &[Want], start: usize) -> Range<usize> {
    let name = wants[start].set.name();
    start..start + wants[start..].iter().take_while(|want| want.set.name() == name).count()
}

/// A place in a list, and the hash of the name there.
#[derive(Clone, Copy)]
struct Hashed {
    hash: u64,
    index: u32,
}

impl Hashed {
    fn index(self) -> usize {
        self.index as usize
    }

    /// The name is looked at where hashes are the same: names that only share a hash are told apart.
    fn key<'a>(self, name: impl Fn(usize) -> &'a DomainName) -> (u64, &'a DomainName) {
        (self.hash, name(self.index()))
    }
}

/// The places with those of one name together.
fn order<'a>(
    hasher: &RandomState,
    places: impl Iterator<Item = usize>,
    name: impl Fn(usize) -> &'a DomainName + Copy,
) -> Vec<Hashed> {
    let places = places.filter_map(|place| {
        Some(Hashed { hash: hasher.hash_one(name(place).as_str()), index: u32::try_from(place).ok()? })
    });
    let mut order: Vec<Hashed> = places.collect();
    order.sort_unstable_by(|one, other| {
        one.hash.cmp(&other.hash).then_with(|| name(one.index()).cmp(name(other.index())))
    });
    order
}
