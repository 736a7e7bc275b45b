//! A plan as the changes that a server makes.

use catalyst_core::{Error, ErrorKind, Result};

use super::ZonePlan;
use super::desired::Want;
use super::mark::{Mark, mark_set};
use super::planner;
use super::step::{Doing, Step};
use crate::{Change, ChangeSet, RecordData, RecordKey, RecordSet, RecordType, Soa};

impl ZonePlan {
    /// The changes of the zone and of its marks, as one set of changes. It is empty if there is nothing to do.
    ///
    /// A mark stands before its set where both are written, and after it where both go, so that what is cut in the
    /// middle (changes that do not fit into one body) leaves a mark without a set, which the next plan makes good, and
    /// never a set without a mark.
    ///
    /// # Errors
    /// As [`check`](Self::check): a plan that may not be applied has no changes.
    pub fn change_set(&self) -> Result<ChangeSet> {
        self.check()?;
        let mut changes = Vec::with_capacity(2 * self.steps.len());
        for step in &self.steps {
            self.changes_of(step, &mut changes)?;
        }
        ChangeSet::new(changes)
    }

    fn changes_of(&self, step: &Step, changes: &mut Vec<Change>) -> Result<()> {
        let want = step.want.get(self.desired().wants());
        let have = step.have.get(self.current());
        let mark = step.mark.get(self.current());
        match (step.doing, want, have) {
            (Doing::Refuse(_), ..) => {}
            (Doing::Forget, ..) => changes.extend(mark.map(|mark| Change::Delete(mark.key()))),
            (Doing::Delete, _, Some(have)) => {
                changes.push(Change::Delete(have.key()));
                changes.extend(mark.and_then(|mark| self.own_label(have, mark)).map(Change::Delete));
            }
            (doing, Some(want), have) => {
                changes.extend(self.new_mark(want, mark)?.map(Change::Replace));
                if doing != Doing::Relabel {
                    changes.push(Change::Replace(self.written(&want.set, have)?));
                }
            }
            (_, None, _) => return Err(Error::new(ErrorKind::Other, "gather changes")),
        }
        Ok(())
    }

    /// The mark that a set gets, unless it has it.
    fn new_mark(&self, want: &Want, mark: Option<&RecordSet>) -> Result<Option<RecordSet>> {
        let (owner, resource) = (self.desired().owner(), want.resource.as_ref());
        let found = mark.filter(|mark| mark.records().len() == 1).and_then(Mark::read);
        if found.is_some_and(|found| found.says(owner, resource)) {
            return Ok(None);
        }
        let name = self.desired().mark_name(&want.set)?;
        mark_set(name, owner, resource).map(Some)
    }

    /// The mark of a set that goes, if it stands at the set's own label; other marks may be those of other sets too.
    fn own_label(&self, have: &RecordSet, mark: &RecordSet) -> Option<RecordKey> {
        let name = self.desired().mark_name(have).ok()?;
        (name == *mark.name()).then(|| mark.key())
    }

    /// The set as it is written: a SOA with the serial that the zone has, from which the server goes on.
    fn written(&self, set: &RecordSet, have: Option<&RecordSet>) -> Result<RecordSet> {
        let (RecordType::Soa, [RecordData::Soa(soa)]) = (set.kind(), set.records()) else {
            return Ok(set.clone());
        };
        let now = have.and_then(|_| planner::soa(self.current(), self.zone().apex()));
        let serial = now.map_or(soa.serial, |now| now.serial);
        RecordSet::new(set.name().clone(), set.ttl(), [RecordData::Soa(Soa { serial, ..soa.clone() })])
    }
}
