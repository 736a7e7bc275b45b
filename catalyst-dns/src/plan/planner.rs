//! The comparison of what is wanted with what is there. Pure; its cost is one sort of what is there and one pass.

use std::collections::HashMap;
use std::ops::Range;

use super::conflict;
use super::cut::Cuts;
use super::desired::{DesiredZone, Want};
use super::limits::Tally;
use super::mark::{Mark, OldName};
use super::{Breach, PlanPolicy, RefusalCode, Touch};
use crate::{DomainName, RecordData, RecordSet, RecordType};

/// A place in a list of sets; small, for there are many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At(u32);

impl At {
    pub(super) const NOWHERE: Self = Self(u32::MAX);

    fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    pub(super) fn get<T>(self, list: &[T]) -> Option<&T> {
        list.get(usize::try_from(self.0).ok()?)
    }

    fn get_mut<T>(self, list: &mut [T]) -> Option<&mut T> {
        list.get_mut(usize::try_from(self.0).ok()?)
    }
}

/// What is done with one set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Create,
    Update,
    Delete,
    Adopt,
    Transfer,
    Relabel,
    Forget,
    Refuse(RefusalCode),
}

/// One action: places in the lists of the plan, so that nothing is copied.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) doing: Doing,
    pub(super) want: At,
    pub(super) have: At,
    /// The mark of what is there, or of what is not there any more.
    pub(super) mark: At,
}

/// Whose a set is.
#[derive(Clone, Copy)]
enum Claim {
    Ours(At),
    Theirs(At),
    Nobodys,
    /// Somebody else's; the policy lets it be deleted, which is planned already.
    Evicted,
}

/// The actions, in the order of the names, and the limits that they break. `current` is in the order of plans.
pub(super) fn plan(
    desired: &DesiredZone,
    policy: &PlanPolicy,
    current: &[RecordSet],
) -> (Vec<Step>, Vec<Breach>) {
    let texts = current.iter().enumerate().filter(|(_, set)| set.kind() == RecordType::Txt);
    let mut planner = Planner {
        desired,
        policy,
        current,
        wants: desired.wants(),
        texts: texts.map(|(index, set)| (set.name().as_str(), At::new(index))).collect(),
        claimed: vec![false; current.len()],
        cuts: Cuts::default(),
        steps: Vec::new(),
        tally: Tally::default(),
        buffer: String::new(),
    };
    planner.find_cuts();
    planner.walk();
    planner.forget();
    let breaches = planner.tally.breaches(policy, desired.name());
    (planner.steps, breaches)
}

struct Planner<'a> {
    desired: &'a DesiredZone,
    policy: &'a PlanPolicy,
    current: &'a [RecordSet],
    wants: &'a [Want],
    /// The TXT sets by name, for marks are found by name.
    texts: HashMap<&'a str, At>,
    /// The marks whose sets are there or are wanted.
    claimed: Vec<bool>,
    cuts: Cuts<'a>,
    steps: Vec<Step>,
    tally: Tally,
    buffer: String,
}

impl Planner<'_> {
    /// Delegations that are there and stay, and those that are wanted.
    fn find_cuts(&mut self) {
        let (zone, current, wants) = (self.desired.name(), self.current, self.wants);
        let mut cuts: Vec<&RecordSet> = wants.iter().map(|want| &want.set).collect();
        for set in current.iter().filter(|set| set.kind() == RecordType::Ns && set.name() != zone.apex()) {
            let goes = self.policy.may_delete() && !self.is_wanted(set);
            if !(goes && matches!(self.claim(set), Claim::Ours(_))) {
                cuts.push(set);
            }
        }
        self.cuts = Cuts::new(zone, cuts.into_iter());
    }

    /// Goes through both lists at once, name by name.
    fn walk(&mut self) {
        let (mut want, mut have) = (0, 0);
        let mut claims = Vec::new();
        let (wants, current) = (self.wants, self.current);
        loop {
            let wanted = wants.get(want).map(|want| want.set.name());
            let name = match (wanted, current.get(have).map(RecordSet::name)) {
                (None, None) => return,
                (Some(one), Some(other)) => one.min(other),
                (Some(name), None) | (None, Some(name)) => name,
            };
            let want_end = end(wants, want, |want| want.set.name() == name);
            let have_end = end(current, have, |set| set.name() == name);
            claims.clear();
            claims.extend(current[have..have_end].iter().map(|set| self.claim(set)));
            let mut group = Group { wants: want..want_end, haves: have..have_end, claims: &mut claims };
            self.group(&mut group);
            (want, have) = (want_end, have_end);
        }
    }

    /// All sets at one name.
    fn group(&mut self, group: &mut Group<'_>) {
        for (index, claim) in group.haves.clone().zip(group.claims.iter()) {
            let (set, Claim::Ours(mark)) = (&self.current[index], *claim) else { continue };
            self.tally.owned(set.kind());
            if !group.wants_kind(self.wants, set.kind()) && self.policy.may_delete() && !self.is_apex(set) {
                self.tally.touched(set.kind(), Touch::Delete);
                self.push(Doing::Delete, At::NOWHERE, At::new(index), mark);
            }
        }
        for want in group.wants.clone() {
            self.want(want, group);
        }
    }

    /// One wanted set.
    fn want(&mut self, want: usize, group: &mut Group<'_>) {
        let (at, set) = (At::new(want), &self.wants[want].set);
        if self.is_apex(set) && !self.policy.allows_apex(set.kind()) {
            return self.push(Doing::Refuse(RefusalCode::Protected), at, At::NOWHERE, At::NOWHERE);
        }
        if let Some(cut) = self.cuts.hides(self.desired.name(), set) {
            let have =
                self.current.iter().position(|one| std::ptr::eq(one, cut)).map_or(At::NOWHERE, At::new);
            return self.push(Doing::Refuse(RefusalCode::BelowCut), at, have, At::NOWHERE);
        }
        let (doing, have, mark) = match group.find(self.current, set.kind()) {
            None => self.absent(want),
            Some(index) => self.present(want, index, group.claim(index)),
        };
        if let Some(doing @ Doing::Refuse(_)) = doing {
            return self.push(doing, at, have, mark);
        }
        let fresh = matches!(doing, Some(Doing::Create | Doing::Adopt | Doing::Transfer));
        if let Some((code, have, mark)) = self.blocked(set, fresh, group) {
            return self.push(Doing::Refuse(code), at, have, mark);
        }
        let Some(doing) = doing else { return };
        self.evict(set, group);
        if doing == Doing::Update {
            self.tally.touched(set.kind(), Touch::Update);
        }
        self.push(doing, at, have, mark);
    }

    /// A wanted set that is not there; its mark may be.
    fn absent(&mut self, want: usize) -> (Option<Doing>, At, At) {
        let set = &self.wants[want].set;
        let doing = match self.marked(set) {
            Claim::Theirs(mark) if !self.transfers(mark, set, true) => {
                return (Some(Doing::Refuse(RefusalCode::ForeignOwner)), At::NOWHERE, mark);
            }
            Claim::Theirs(mark) => (Doing::Transfer, mark),
            Claim::Ours(mark) => (Doing::Create, mark),
            Claim::Nobodys | Claim::Evicted => (Doing::Create, At::NOWHERE),
        };
        (Some(doing.0), At::NOWHERE, doing.1)
    }

    /// A wanted set that is there.
    fn present(&mut self, want: usize, index: usize, claim: Claim) -> (Option<Doing>, At, At) {
        let (want, have, at) = (&self.wants[want], &self.current[index], At::new(index));
        let consented = self.consents(claim, have, true);
        match claim {
            Claim::Ours(mark) if !same(&want.set, have) => (Some(Doing::Update), at, mark),
            Claim::Ours(mark) => {
                let found = mark.get(self.current).and_then(Mark::read);
                let right =
                    found.is_some_and(|found| found.says(self.desired.owner(), want.resource.as_ref()));
                ((!right).then_some(Doing::Relabel), at, mark)
            }
            Claim::Theirs(mark) if consented => (Some(Doing::Transfer), at, mark),
            Claim::Theirs(mark) => (Some(Doing::Refuse(RefusalCode::ForeignOwner)), at, mark),
            Claim::Nobodys | Claim::Evicted if consented => (Some(Doing::Adopt), at, At::NOWHERE),
            Claim::Nobodys | Claim::Evicted => (Some(Doing::Refuse(RefusalCode::Unowned)), at, At::NOWHERE),
        }
    }

    /// What others, or deletions that are not allowed, have against a set at its name.
    fn blocked(&self, set: &RecordSet, fresh: bool, group: &Group<'_>) -> Option<(RefusalCode, At, At)> {
        for index in group.haves.clone() {
            let (other, claim) = (&self.current[index], group.claim(index));
            let wanted = group.wants_kind(self.wants, other.kind());
            if other.kind() == set.kind() || matches!(claim, Claim::Evicted) {
                continue;
            }
            let mark = match claim {
                // What is wanted beside each other was checked when it was read.
                Claim::Ours(_) if wanted => continue,
                Claim::Ours(mark) => {
                    let stays = !self.policy.may_delete() || self.is_apex(other);
                    if stays && conflict::between(set, other).is_some() {
                        return Some((RefusalCode::DeleteNotAllowed, At::new(index), mark));
                    }
                    continue;
                }
                Claim::Theirs(mark) => mark,
                Claim::Nobodys | Claim::Evicted => At::NOWHERE,
            };
            let conflict = conflict::between_writers(set, other);
            if self.consents(claim, other, wanted) && (wanted || conflict.is_some()) {
                continue;
            }
            if let Some(conflict) = conflict {
                return Some((conflict.code(), At::new(index), mark));
            }
            let of_the_zone = self.is_apex(other) || conflict::is_signature(other.kind());
            if fresh && !of_the_zone && !self.policy.shares_names() {
                return Some((RefusalCode::NameTaken, At::new(index), mark));
            }
        }
        None
    }

    /// Deletes what the policy names and what contradicts a set that is about to be written.
    fn evict(&mut self, set: &RecordSet, group: &mut Group<'_>) {
        for (index, position) in group.haves.clone().zip(0..) {
            let (other, claim) = (&self.current[index], group.claims[position]);
            let mark = match claim {
                Claim::Theirs(mark) => mark,
                Claim::Nobodys => At::NOWHERE,
                Claim::Ours(_) | Claim::Evicted => continue,
            };
            let wanted = group.wants_kind(self.wants, other.kind());
            let in_the_way = !wanted && conflict::between_writers(set, other).is_some();
            if in_the_way && self.consents(claim, other, false) {
                group.claims[position] = Claim::Evicted;
                self.push(Doing::Delete, At::NOWHERE, At::new(index), mark);
            }
        }
    }

    /// Whether the policy names a set of somebody else. What is itself a mark is never taken.
    fn consents(&self, claim: Claim, set: &RecordSet, wanted: bool) -> bool {
        match claim {
            Claim::Ours(_) => true,
            _ if is_mark(set) => false,
            _ if self.is_apex(set) => wanted && self.policy.allows_apex(set.kind()),
            _ if !wanted && !self.policy.may_delete() => false,
            Claim::Nobodys => self.policy.adopts(|| set.key(), wanted),
            Claim::Theirs(mark) => self.transfers(mark, set, wanted),
            Claim::Evicted => false,
        }
    }

    fn transfers(&self, mark: At, set: &RecordSet, wanted: bool) -> bool {
        let mark = mark.get(self.current).and_then(Mark::read);
        mark.is_some_and(|mark| self.policy.transfers(|| set.key(), mark.owner, wanted))
    }

    /// Whose a set is. Only a mark at the set's own label proves that it is ours; any mark proves that it is not.
    fn claim(&mut self, set: &RecordSet) -> Claim {
        if is_mark(set) {
            return self.texts.get(set.name().as_str()).map_or(Claim::Nobodys, |at| Claim::Theirs(*at));
        }
        match self.marked(set) {
            Claim::Nobodys => self.marked_as_before(set),
            claim => claim,
        }
    }

    /// Whose a set is by the mark at its own label, whether the set is there or not.
    fn marked(&mut self, set: &RecordSet) -> Claim {
        let format = self.desired.format();
        let own = format.write_name(self.desired.name(), set.name(), set.kind(), &mut self.buffer);
        let Some(at) = self.texts.get(self.buffer.as_str()).copied().filter(|_| own) else {
            return Claim::Nobodys;
        };
        let Some(found) = at.get(self.current) else { return Claim::Nobodys };
        if let Some(claimed) = at.get_mut(&mut self.claimed) {
            *claimed = true;
        }
        if self.is_ours(found) { Claim::Ours(at) } else { Claim::Theirs(at) }
    }

    fn marked_as_before(&mut self, set: &RecordSet) -> Claim {
        for which in OldName::ALL {
            self.desired.format().write_old_name(which, set.name(), set.kind(), &mut self.buffer);
            let Some(at) = self.texts.get(self.buffer.as_str()).copied() else { continue };
            let Some(found) = at.get(self.current) else { continue };
            // A mark of ours at such a name is that of another set.
            if is_mark(found) && !self.is_ours(found) {
                return Claim::Theirs(at);
            }
        }
        Claim::Nobodys
    }

    fn is_ours(&self, mark: &RecordSet) -> bool {
        mark.records().len() == 1 && Mark::read(mark).is_some_and(|mark| mark.is_of(self.desired.owner()))
    }

    /// Marks of ours whose sets somebody removed.
    fn forget(&mut self) {
        if !self.policy.may_delete() {
            return;
        }
        let texts = self.current.iter().enumerate().filter(|(_, set)| set.kind() == RecordType::Txt);
        for (index, set) in texts {
            let reserved = self.desired.format().reserves(set.name());
            if !self.claimed[index] && reserved && self.is_ours(set) {
                self.push(Doing::Forget, At::NOWHERE, At::NOWHERE, At::new(index));
            }
        }
    }

    fn is_apex(&self, set: &RecordSet) -> bool {
        matches!(set.kind(), RecordType::Ns | RecordType::Soa) && set.name() == self.desired.name().apex()
    }

    fn is_wanted(&self, set: &RecordSet) -> bool {
        self.wants.binary_search_by(|want| conflict::order(&want.set, set)).is_ok()
    }

    fn push(&mut self, doing: Doing, want: At, have: At, mark: At) {
        self.steps.push(Step { doing, want, have, mark });
    }
}

/// The sets of one name.
struct Group<'c> {
    wants: Range<usize>,
    haves: Range<usize>,
    claims: &'c mut Vec<Claim>,
}

impl Group<'_> {
    fn claim(&self, index: usize) -> Claim {
        self.claims.get(index - self.haves.start).copied().unwrap_or(Claim::Nobodys)
    }

    fn find(&self, current: &[RecordSet], kind: RecordType) -> Option<usize> {
        self.haves.clone().find(|index| current[*index].kind() == kind)
    }

    fn wants_kind(&self, wants: &[Want], kind: RecordType) -> bool {
        wants[self.wants.clone()].iter().any(|want| want.set.kind() == kind)
    }
}

fn end<T>(list: &[T], start: usize, belongs: impl Fn(&T) -> bool) -> usize {
    start + list[start..].iter().take_while(|item| belongs(item)).count()
}

fn is_mark(set: &RecordSet) -> bool {
    set.kind() == RecordType::Txt && Mark::read(set).is_some()
}

/// Whether there is nothing to change. The serial of a SOA is the server's.
fn same(want: &RecordSet, have: &RecordSet) -> bool {
    match (want.records(), have.records()) {
        ([RecordData::Soa(wanted)], [RecordData::Soa(found)]) => {
            let mut wanted = wanted.clone();
            wanted.serial = found.serial;
            want.ttl() == have.ttl() && wanted == *found
        }
        _ => want == have,
    }
}

/// Brings the sets of a zone into the order of plans. PowerDNS gives its names in exactly the opposite order, so that
/// most of the work is done; any other order is sorted.
pub(super) fn sort(current: &mut [RecordSet]) {
    if current.is_sorted_by(|one, other| one.name() >= other.name()) {
        current.reverse();
    }
    if !current.is_sorted_by(|one, other| one.name() <= other.name()) {
        return current.sort_unstable_by(conflict::order);
    }
    for same_name in current.chunk_by_mut(|one, other| one.name() == other.name()) {
        same_name.sort_unstable_by_key(RecordSet::kind);
    }
}

/// The SOA of the zone, if it is there.
pub(super) fn soa<'a>(current: &'a [RecordSet], apex: &DomainName) -> Option<&'a crate::Soa> {
    current.iter().filter(|set| set.kind() == RecordType::Soa && set.name() == apex).find_map(|set| match set
        .records()
        .first()
    {
        Some(RecordData::Soa(soa)) => Some(soa),
        _ => None,
    })
}
