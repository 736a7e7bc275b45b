//! Whose the sets of a zone are.

use std::collections::HashMap;

use super::DesiredZone;
use super::mark::{Mark, OldName};
use super::step::At;
use crate::{RecordSet, RecordType};

/// Whose a set is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Claim {
    /// It has this mark of ours.
    Ours(At),
    /// It has this mark of somebody else, or is itself a mark.
    Theirs(At),
    /// It has no mark.
    Nobodys,
    /// It is not ours; the policy lets it be deleted, and that is planned already.
    Evicted,
}

/// Finds marks, by their names, and remembers which were found.
pub(super) struct Claims<'a> {
    desired: &'a DesiredZone,
    current: &'a [RecordSet],
    texts: HashMap<&'a str, At>,
    found: Vec<bool>,
    buffer: String,
}

impl<'a> Claims<'a> {
    pub(super) fn new(desired: &'a DesiredZone, current: &'a [RecordSet]) -> Self {
        let texts = current.iter().enumerate().filter(|(_, set)| set.kind() == RecordType::Txt);
        let texts = texts.map(|(index, set)| (set.name().as_str(), At::new(index))).collect();
        Self { desired, current, texts, found: vec![false; current.len()], buffer: String::new() }
    }

    /// Whose a set is. Only a mark of ours at the set's own label proves that it is ours; any mark proves that it is
    /// not.
    pub(super) fn of(&mut self, at: At, set: &RecordSet) -> Claim {
        if is_mark(set) {
            return Claim::Theirs(at);
        }
        match self.at_own_label(set) {
            Claim::Nobodys => self.at_old_label(set),
            claim => claim,
        }
    }

    /// Whose a set is by the mark at its own label, whether the set is there or not.
    pub(super) fn at_own_label(&mut self, set: &RecordSet) -> Claim {
        let format = self.desired.format();
        let own = format.write_name(self.desired.name(), set.name(), set.kind(), &mut self.buffer);
        let found = self.texts.get(self.buffer.as_str()).copied().filter(|_| own);
        let Some((at, mark)) = found.and_then(|at| Some((at, at.get(self.current)?))) else {
            return Claim::Nobodys;
        };
        if let Some(found) = at.get_mut(&mut self.found) {
            *found = true;
        }
        if self.is_ours(mark) { Claim::Ours(at) } else { Claim::Theirs(at) }
    }

    /// Where external-dns marked sets before 0.18, and where it does without a prefix.
    fn at_old_label(&mut self, set: &RecordSet) -> Claim {
        for which in OldName::ALL {
            if !self.desired.format().write_old_name(which, set.name(), set.kind(), &mut self.buffer) {
                continue;
            }
            let Some(at) = self.texts.get(self.buffer.as_str()).copied() else { continue };
            // A mark of ours there is that of another set.
            if at.get(self.current).is_some_and(|mark| is_mark(mark) && !self.is_ours(mark)) {
                return Claim::Theirs(at);
            }
        }
        Claim::Nobodys
    }

    /// Marks of ours that were not found by any set: somebody removed their sets.
    pub(super) fn left_over(&self) -> impl Iterator<Item = At> {
        let unfound = self.current.iter().enumerate().filter(|(index, _)| !self.found[*index]);
        unfound
            .filter(|(_, set)| self.desired.format().reserves(set.name()) && self.is_ours(set))
            .map(|(index, _)| At::new(index))
    }

    fn is_ours(&self, mark: &RecordSet) -> bool {
        mark.records().len() == 1 && Mark::read(mark).is_some_and(|mark| self.desired.claims(mark))
    }
}

/// Whether a set is itself a mark, whoever wrote it.
pub(super) fn is_mark(set: &RecordSet) -> bool {
    set.kind() == RecordType::Txt && Mark::read(set).is_some()
}
