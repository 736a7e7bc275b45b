//! The comparison of what is wanted with what is there. Pure.

use std::cmp::Ordering;

use super::claim::{Claim, Claims, is_mark};
use super::conflict;
use super::cut::{Cuts, is_cut};
use super::desired::{DesiredZone, Want};
use super::limits::Tally;
use super::mark::Mark;
use super::names::{Have, NameGroup, groups};
use super::step::{At, Doing, Step};
use super::{Breach, PlanPolicy, RefusalCode, Touch};
use crate::{DomainName, RecordData, RecordSet, RecordType, Soa};

/// The actions, in the order of the names, and the limits that they break.
pub(super) fn plan(
    desired: &DesiredZone,
    policy: &PlanPolicy,
    current: &[RecordSet],
) -> (Vec<Step>, Vec<Breach>) {
    let mut claims = Claims::new(desired, current);
    let cuts = cuts(desired, policy, current, &mut claims);
    let wants = desired.wants();
    let mut planner =
        Planner { desired, policy, current, wants, claims, cuts, steps: Vec::new(), tally: Tally::default() };
    groups(wants, current, |mut group| planner.group(&mut group));
    if policy.may_delete() {
        planner.steps.extend(planner.claims.left_over().map(Step::forget));
    }
    let breaches = planner.tally.breaches(policy, desired.name());
    let mut steps = planner.steps;
    steps.sort_by(|one, other| in_order(one, other, wants, current));
    (steps, breaches)
}

/// By name; what goes stands before what comes. Most steps of a large plan are about wanted sets, which are in order.
fn in_order(one: &Step, other: &Step, wants: &[Want], current: &[RecordSet]) -> Ordering {
    match (one.want.is_somewhere(), other.want.is_somewhere()) {
        (true, true) => one.want.cmp(&other.want),
        (comes, other_comes) => {
            let by_name = name(one, wants, current).cmp(&name(other, wants, current));
            by_name.then(comes.cmp(&other_comes))
        }
    }
}

/// What a step is about.
fn name<'a>(step: &Step, wants: &'a [Want], current: &'a [RecordSet]) -> Option<&'a DomainName> {
    let wanted = step.want.get(wants).map(|want| &want.set);
    wanted.or_else(|| step.have.get(current)).or_else(|| step.mark.get(current)).map(RecordSet::name)
}

/// Delegations that are there and stay, and those that are wanted.
fn cuts<'a>(
    desired: &'a DesiredZone,
    policy: &PlanPolicy,
    current: &'a [RecordSet],
    claims: &mut Claims<'_>,
) -> Cuts<'a> {
    let wanted = desired.wants().iter().map(|want| (&want.set, At::NOWHERE));
    let there = current.iter().enumerate().filter(|(_, set)| is_cut(desired.name(), set));
    let staying = there.filter(|(index, set)| {
        let goes = policy.may_delete() && !desired.wants_set(set);
        !(goes && matches!(claims.of(At::new(*index), set), Claim::Ours(_)))
    });
    Cuts::new(desired.name(), wanted.chain(staying.map(|(index, set)| (set, At::new(index)))))
}

struct Planner<'a> {
    desired: &'a DesiredZone,
    policy: &'a PlanPolicy,
    current: &'a [RecordSet],
    wants: &'a [Want],
    claims: Claims<'a>,
    cuts: Cuts<'a>,
    steps: Vec<Step>,
    tally: Tally,
}

/// What becomes of a wanted set: what is done, with what is there, and the mark of that.
type Verdict = (Option<Doing>, At, At);

impl Planner<'_> {
    /// All sets at one name.
    fn group(&mut self, group: &mut NameGroup<'_>) {
        for have in group.haves.iter_mut() {
            let set = &self.current[have.index];
            have.claim = self.claims.of(have.at(), set);
            let Claim::Ours(mark) = have.claim else { continue };
            self.tally.owned(set.kind());
            if !have.wanted && self.policy.may_delete() && !self.is_apex(set) {
                self.tally.touched(set.kind(), Touch::Delete);
                self.steps.push(Step::delete(have.at(), mark));
            }
        }
        for want in group.wants.clone() {
            self.want(want, group.haves);
        }
    }

    /// One wanted set.
    fn want(&mut self, want: usize, haves: &mut [Have]) {
        let set = &self.wants[want].set;
        let there = haves.iter().find(|have| self.current[have.index].kind() == set.kind());
        let (doing, have, mark) = match (self.hidden(set), there) {
            (Some(refused), _) => refused,
            (None, None) => self.absent(set),
            (None, Some(have)) => self.present(want, have),
        };
        let refuses = matches!(doing, Some(Doing::Refuse(_)));
        let fresh = matches!(doing, Some(Doing::Create | Doing::Adopt | Doing::Transfer));
        let blocked = if refuses { None } else { self.blocked(set, fresh, haves) };
        let (doing, have, mark) = blocked.unwrap_or((doing, have, mark));
        if !matches!(doing, Some(Doing::Refuse(_))) {
            self.evict(set, haves);
        }
        let Some(doing) = doing else { return };
        if doing == Doing::Update {
            self.tally.touched(set.kind(), Touch::Update);
        }
        self.steps.push(Step::with(doing, At::new(want), have, mark));
    }

    /// Refusals for which it does not matter what is at the name.
    fn hidden(&self, set: &RecordSet) -> Option<Verdict> {
        if self.is_apex(set) && !self.policy.allows_apex(set.kind()) {
            return Some((Some(Doing::Refuse(RefusalCode::Protected)), At::NOWHERE, At::NOWHERE));
        }
        let cut = self.cuts.hides(self.desired.name(), set)?;
        Some((Some(Doing::Refuse(RefusalCode::BelowCut)), cut, At::NOWHERE))
    }

    /// A wanted set that is not there; its mark may be.
    fn absent(&mut self, set: &RecordSet) -> Verdict {
        let (doing, mark) = match self.claims.at_own_label(set) {
            Claim::Theirs(mark) if self.transfers(mark, set, true) => (Doing::Transfer, mark),
            Claim::Theirs(mark) => (Doing::Refuse(RefusalCode::ForeignOwner), mark),
            Claim::Ours(mark) => (Doing::Create, mark),
            Claim::Nobodys | Claim::Evicted => (Doing::Create, At::NOWHERE),
        };
        (Some(doing), At::NOWHERE, mark)
    }

    /// A wanted set that is there.
    fn present(&self, want: usize, have: &Have) -> Verdict {
        let (want, set) = (&self.wants[want], &self.current[have.index]);
        let consented = self.consents(have, set);
        let (doing, mark) = match have.claim {
            Claim::Ours(mark) if !same(&want.set, set) => (Some(Doing::Update), mark),
            Claim::Ours(mark) => {
                let found = mark.get(self.current).and_then(Mark::read);
                let right = |found: Mark<'_>| found.says(self.desired.owner(), want.resource.as_ref());
                ((!found.is_some_and(right)).then_some(Doing::Relabel), mark)
            }
            Claim::Theirs(mark) if consented => (Some(Doing::Transfer), mark),
            Claim::Theirs(mark) => (Some(Doing::Refuse(RefusalCode::ForeignOwner)), mark),
            Claim::Nobodys | Claim::Evicted if consented => (Some(Doing::Adopt), At::NOWHERE),
            Claim::Nobodys | Claim::Evicted => (Some(Doing::Refuse(RefusalCode::Unowned)), At::NOWHERE),
        };
        (doing, have.at(), mark)
    }

    /// What the other sets at its name have against a set. One that is ours already is only held back by what
    /// contradicts it.
    fn blocked(&self, set: &RecordSet, fresh: bool, haves: &[Have]) -> Option<Verdict> {
        haves.iter().find_map(|have| {
            let other = &self.current[have.index];
            let same_kind = other.kind() == set.kind();
            let code = if same_kind { None } else { self.objection(set, fresh, have, other) }?;
            let mark = match have.claim {
                Claim::Ours(mark) | Claim::Theirs(mark) => mark,
                Claim::Nobodys | Claim::Evicted => At::NOWHERE,
            };
            Some((Some(Doing::Refuse(code)), have.at(), mark))
        })
    }

    fn objection(&self, set: &RecordSet, fresh: bool, have: &Have, other: &RecordSet) -> Option<RefusalCode> {
        match have.claim {
            // What is wanted side by side was checked when it was gathered.
            Claim::Ours(_) if have.wanted => return None,
            Claim::Ours(_) => {
                let stays = !self.policy.may_delete() || self.is_apex(other);
                let contradicts = stays && conflict::between(set, other).is_some();
                return contradicts.then_some(RefusalCode::DeleteNotAllowed);
            }
            Claim::Evicted => return None,
            Claim::Theirs(_) | Claim::Nobodys => {}
        }
        let conflict = conflict::between_writers(set, other);
        if self.consents(have, other) && (have.wanted || conflict.is_some()) {
            return None;
        }
        let of_the_zone = self.is_apex(other) || conflict::is_signature(other.kind());
        let taken = fresh && !of_the_zone && !self.policy.shares_names();
        conflict.map(conflict::Conflict::code).or_else(|| taken.then_some(RefusalCode::NameTaken))
    }

    /// Deletes what the policy names and what contradicts a set that is ours or about to be.
    fn evict(&mut self, set: &RecordSet, haves: &mut [Have]) {
        for have in haves.iter_mut().filter(|have| !have.wanted) {
            let mark = match have.claim {
                Claim::Theirs(mark) => mark,
                Claim::Nobodys => At::NOWHERE,
                Claim::Ours(_) | Claim::Evicted => continue,
            };
            let other = &self.current[have.index];
            if conflict::between_writers(set, other).is_some() && self.consents(have, other) {
                have.claim = Claim::Evicted;
                self.steps.push(Step::delete(have.at(), mark));
            }
        }
    }

    /// Whether the policy names a set of somebody else. What is itself a mark is never taken.
    fn consents(&self, have: &Have, set: &RecordSet) -> bool {
        let wanted = have.wanted;
        match have.claim {
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

    fn is_apex(&self, set: &RecordSet) -> bool {
        matches!(set.kind(), RecordType::Ns | RecordType::Soa) && set.name() == self.desired.name().apex()
    }
}

/// Whether there is nothing to change. The serial of a SOA is the server's.
fn same(want: &RecordSet, have: &RecordSet) -> bool {
    match (want.records(), have.records()) {
        ([RecordData::Soa(wanted)], [RecordData::Soa(found)]) => {
            want.ttl() == have.ttl() && Soa { serial: found.serial, ..wanted.clone() } == *found
        }
        _ => want == have,
    }
}

/// The SOA of the zone, if it is there.
pub(super) fn soa<'a>(current: &'a [RecordSet], apex: &DomainName) -> Option<&'a Soa> {
    let mut at_apex = current.iter().filter(|set| set.kind() == RecordType::Soa && set.name() == apex);
    at_apex.find_map(|set| match set.records().first() {
        Some(RecordData::Soa(soa)) => Some(soa),
        _ => None,
    })
}
