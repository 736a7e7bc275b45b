//! Changes of records: all of one request, or none.

use std::collections::{BTreeMap, HashSet};

use super::edit::Gathered;
use super::zone::{serial_of, with_serial};
use super::{Comment, Edit, Refusal, State, StoredRecord, StoredSet, What, ZoneData, check, content, serial};
use crate::{Capabilities, DomainName, RecordKey, RecordType, Version};

/// What a PATCH tells of the serial: nothing if it did not move it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Patched {
    /// `X-PDNS-Old-Serial` and `X-PDNS-New-Serial`. Before 5.0 both are the new one.
    pub(crate) serials: Option<(u32, u32)>,
}

/// What the changes of one request share.
struct Patch<'a> {
    zone: &'a mut ZoneData,
    can: Capabilities,
    now: u32,
    /// What stood there before, to be put back if one change is refused.
    before: BTreeMap<RecordKey, Option<StoredSet>>,
    seen: HashSet<(RecordKey, String)>,
    soa_done: bool,
    changed: bool,
}

impl State {
    /// Changes the records of a zone: all of them, or none.
    pub(crate) fn patch(
        &mut self,
        zone: &DomainName,
        edits: impl Iterator<Item = Result<Edit, Refusal>>,
    ) -> Result<Patched, Refusal> {
        let (can, now) = (self.capabilities(), self.now());
        let data = self.zone_mut(zone)?;
        let mut patch = Patch {
            zone: data,
            can,
            now,
            before: BTreeMap::new(),
            seen: HashSet::new(),
            soa_done: false,
            changed: false,
        };
        for edit in edits {
            if let Err(refusal) = edit.and_then(|edit| patch.make(edit)) {
                patch.undo();
                return Err(refusal);
            }
        }
        Ok(patch.finish())
    }
}

impl Patch<'_> {
    fn make(&mut self, edit: Edit) -> Result<(), Refusal> {
        let extends = matches!(edit.what, What::Extend(_) | What::Prune(_));
        if let What::Unknown(change) = &edit.what {
            return Err(self.unknown(change));
        }
        if extends && !self.can.extend_and_prune() {
            return Err(self.unknown(edit.changetype()));
        }
        let change = edit.changetype().to_owned();
        let Edit { name, kind, what } = edit;
        let key = RecordKey { name, kind };
        let set = format!("RRset {} IN {kind}", key.name.as_str());
        if !self.seen.insert((key.clone(), change.clone())) && !extends {
            return Err(Refusal::unprocessable(format!("Duplicate {set} with changetype: {change}")));
        }
        if !matches!(what, What::Delete) && !key.name.is_within(&self.zone.name) {
            return Err(Refusal::unprocessable(format!("{set}: Name is out of zone")));
        }
        match what {
            What::Delete if kind == RecordType::Lua && !self.can.lua_record_updates => {
                Err(Refusal::unprocessable("Update of Lua records is not allowed"))
            }
            What::Delete => {
                self.put(key, StoredSet::default());
                Ok(())
            }
            What::Replace { records: None, comments: None } => {
                Err(Refusal::unprocessable(format!("No change for {set}")))
            }
            What::Replace { records, comments } => {
                let records = records.map(|records| self.checked(&key, records)).transpose()?;
                self.replace(key, records, comments.transpose()?)
            }
            What::Extend(gathered) => self.extend_or_prune(key, gathered, true),
            What::Prune(gathered) => self.extend_or_prune(key, gathered, false),
            What::Unknown(change) => Err(self.unknown(&change)),
        }
    }

    fn unknown(&self, change: &str) -> Refusal {
        if self.can.extend_and_prune() {
            Refusal::unprocessable(format!("Changetype '{change}' is not a valid value"))
        } else {
            Refusal::unprocessable("Changetype not understood")
        }
    }

    /// New records of a set, in the form and the order in which they are kept.
    fn checked(&mut self, key: &RecordKey, gathered: Gathered) -> Gathered {
        let (ttl, mut records) = gathered?;
        // Before 5.0 a negative one is kept, and served as 136 years.
        if self.can.version >= Version(5, 0, 0) && ttl > i32::MAX.unsigned_abs() {
            let text = "New RRsets are invalid: Key 'ttl' is not a positive Integer";
            return Err(Refusal::unprocessable(text));
        }
        let lenient = self.can.version >= Version(5, 1, 0);
        accept(key, &mut records, lenient)?;
        if key.kind == RecordType::Lua && !self.can.lua_record_updates && !records.is_empty() {
            let name = key.name.as_str();
            let text = format!("RRset {name} IN LUA: update of Lua records is not allowed");
            return Err(Refusal::unprocessable(text));
        }
        if key.kind == RecordType::Soa && key.name == self.zone.name {
            self.raise_soa(&mut records);
        }
        check::set(&self.zone.name, &key.name, key.kind, &mut records, self.can.version)?;
        Ok((ttl, records))
    }

    /// An SOA that somebody writes moves on by the zone's rule, too.
    fn raise_soa(&mut self, records: &mut [StoredRecord]) {
        let (api, edit) = (self.zone.setting("SOA-EDIT-API"), self.zone.setting("SOA-EDIT"));
        if api.is_empty() {
            return;
        }
        for record in records {
            let old = serial_of(&record.content).unwrap_or(0);
            record.content = with_serial(&record.content, serial::increased(old, api, edit, self.now));
            self.soa_done = true;
        }
    }

    fn replace(
        &mut self,
        key: RecordKey,
        records: Option<(u32, Vec<StoredRecord>)>,
        comments: Option<Vec<Comment>>,
    ) -> Result<(), Refusal> {
        let mut set = self.zone.sets.get(&key).cloned().unwrap_or_default();
        if let Some((ttl, records)) = records {
            fits(self.zone, &key)?;
            if records.is_empty() {
                set.comments.clear();
            }
            (set.ttl, set.records) = (ttl, records);
        }
        if let Some(comments) = comments {
            set.comments = comments;
        }
        self.put(key, set);
        Ok(())
    }

    fn extend_or_prune(&mut self, key: RecordKey, gathered: Gathered, extend: bool) -> Result<(), Refusal> {
        let (ttl, mut records) = gathered?;
        accept(&key, &mut records, self.can.version >= Version(5, 1, 0))?;
        let mut set = self.zone.sets.get(&key).cloned().unwrap_or_default();
        let Some(record) = records.pop() else { return Ok(()) };
        let at = set.records.iter().position(|present| present.content == record.content);
        match (extend, at) {
            (true, None) => {
                fits(self.zone, &key)?;
                if !set.records.is_empty() && set.ttl != ttl {
                    let name = key.name.as_str();
                    let text = "uses a different TTL value than the remainder of the RRset";
                    return Err(Refusal::unprocessable(format!("RRset {name} IN {}: {text}", key.kind)));
                }
                set.ttl = ttl;
                set.records.push(record);
            }
            (false, Some(at)) => drop(set.records.remove(at)),
            _ => return Ok(()),
        }
        let gathered = self.checked(&key, Ok((set.ttl, set.records)))?;
        (set.ttl, set.records) = gathered;
        if set.records.is_empty() {
            set.comments.clear();
        }
        self.put(key, set);
        Ok(())
    }

    fn put(&mut self, key: RecordKey, set: StoredSet) {
        let before = if set.is_empty() {
            self.zone.sets.remove(&key)
        } else {
            self.zone.sets.insert(key.clone(), set)
        };
        self.before.entry(key).or_insert(before);
        self.changed = true;
    }

    fn undo(self) {
        for (key, before) in self.before {
            match before {
                Some(set) => drop(self.zone.sets.insert(key, set)),
                None => drop(self.zone.sets.remove(&key)),
            }
        }
    }

    /// Moves the serial. A change that leaves everything as it was moves it too; only from 5.0.2 on, what extends a
    /// set by a record that is there and what prunes one that is not do nothing.
    fn finish(self) -> Patched {
        let old_server = !self.can.extend_and_prune();
        if self.soa_done || self.zone.setting("SOA-EDIT-API").is_empty() || !(self.changed || old_server) {
            return Patched::default();
        }
        let serials = self.zone.bump(self.now);
        let old_is_new = self.can.version < Version(5, 0, 0);
        Patched { serials: serials.map(|(old, new)| if old_is_new { (new, new) } else { (old, new) }) }
    }
}

/// Refuses contents that are not in the server's format, and keeps the others as the server does.
pub(super) fn accept(key: &RecordKey, records: &mut [StoredRecord], lenient: bool) -> Result<(), Refusal> {
    for record in records {
        record.content = content::accepted(key.kind, &record.content, lenient).map_err(|fault| {
            let (name, kind, content) = (key.name.as_str(), key.kind, &record.content);
            Refusal::unprocessable(format!("Record {name}/{kind} '{content}': {fault}"))
        })?;
    }
    Ok(())
}

/// Refuses a set that may not stand beside what is there.
fn fits(zone: &ZoneData, key: &RecordKey) -> Result<(), Refusal> {
    let set = format!("RRset {} IN {}", key.name.as_str(), key.kind);
    let (mut dname, mut ns) = (key.kind == RecordType::Dname, key.kind == RecordType::Ns);
    for (present, _) in zone.at(&key.name) {
        dname |= present.kind == RecordType::Dname;
        ns |= present.kind == RecordType::Ns;
        let exclusive = [present.kind, key.kind].contains(&RecordType::Cname);
        if present.kind != key.kind && exclusive {
            return Err(Refusal::unprocessable(format!("{set}: Conflicts with pre-existing RRset")));
        }
    }
    if dname && ns && key.name != zone.name {
        let text = format!("{set}: Cannot have both NS and DNAME except in zone apex");
        return Err(Refusal::unprocessable(text));
    }
    Ok(())
}
