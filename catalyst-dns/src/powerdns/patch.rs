//! The bodies of a set of changes, written once, measured, and cut only if they must be.

use std::collections::HashMap;
use std::fmt::Display;
use std::ops::Range;

use catalyst_core::{Error, ErrorKind, Result};
use serde::ser::{Serialize, SerializeSeq as _, SerializeStruct as _, Serializer};
use zeroize::Zeroizing;

use super::operation::Operation;
use super::refusal::SERVICE;
use crate::{Change, DomainName, RecordData, RecordKey, RecordSet, ZoneName};

const HEAD: &[u8] = b"{\"rrsets\":[";
const TAIL: &[u8] = b"]}";

/// The bodies of the requests that make the changes: one, if it fits into the limit.
#[derive(Debug)]
pub(super) struct Bodies {
    /// All changes, as the body of one request.
    whole: Vec<u8>,
    /// How many changes there are.
    changes: usize,
    /// Where the changes of each request stand in `whole`; none if that is the request.
    pieces: Vec<Vec<Range<usize>>>,
}

impl Bodies {
    /// Writes `changes`, in their order. All changes of one name stand in one piece, so that a CNAME that makes room for
    /// an address, or the other way around, is never parted from it.
    ///
    /// # Errors
    /// `out_of_zone`, `body_too_large`, each naming the record set.
    pub(super) fn new(zone: &ZoneName, changes: &[Change], limit: usize) -> Result<Self> {
        if let Some(change) = changes.iter().find(|change| !zone.contains(owner(change))) {
            return Err(refused("out_of_zone", "the name does not lie in the zone", &change.key()));
        }
        let (whole, ranges) = write(changes)?;
        let mut bodies = Self { whole, changes: changes.len(), pieces: Vec::new() };
        if bodies.whole.len() > limit {
            bodies.pieces = cut(changes, &ranges, limit)?;
        }
        Ok(bodies)
    }

    /// The size of the largest body.
    pub(super) fn largest(&self) -> usize {
        self.pieces.iter().map(|piece| size(piece)).max().unwrap_or(self.whole.len())
    }

    /// Each body with the number of its changes.
    pub(super) fn each(mut self) -> impl ExactSizeIterator<Item = (Zeroizing<Vec<u8>>, usize)> + Send {
        let pieces = if self.pieces.is_empty() { vec![Vec::new()] } else { std::mem::take(&mut self.pieces) };
        pieces.into_iter().map(move |piece| {
            if piece.is_empty() {
                return (Zeroizing::new(std::mem::take(&mut self.whole)), self.changes);
            }
            (Zeroizing::new(join(&self.whole, &piece)), piece.len())
        })
    }
}

/// All changes as one body, and where each of them stands in it.
fn write(changes: &[Change]) -> Result<(Vec<u8>, Vec<Range<usize>>)> {
    let mut whole = Vec::with_capacity(HEAD.len() + TAIL.len() + changes.len().saturating_mul(160));
    let mut ranges = Vec::with_capacity(changes.len());
    whole.extend_from_slice(HEAD);
    for change in changes {
        if !ranges.is_empty() {
            whole.push(b',');
        }
        let start = whole.len();
        write_change(change, &mut whole).map_err(|error| {
            refused("invalid_record", "the change cannot be written as JSON", &change.key())
                .with_source(error)
        })?;
        ranges.push(start..whole.len());
    }
    whole.extend_from_slice(TAIL);
    Ok((whole, ranges))
}

fn write_change(change: &Change, out: &mut Vec<u8>) -> serde_json::Result<()> {
    match change {
        Change::Replace(set) => serde_json::to_writer(out, &Replace(set)),
        Change::Delete(key) => serde_json::to_writer(out, &Delete(key)),
        // The server takes one record at a time, and several of one set.
        Change::Extend(set) => set.records().iter().enumerate().try_for_each(|(index, record)| {
            if index > 0 {
                out.push(b',');
            }
            let ttl = set.ttl().as_secs();
            serde_json::to_writer(&mut *out, &One { name: set.name(), record, ttl, how: "EXTEND" })
        }),
        // It wants a TTL, and does not look at it.
        Change::Prune(key, record) => {
            serde_json::to_writer(out, &One { name: &key.name, record, ttl: 0, how: "PRUNE" })
        }
    }
}

/// Which changes go into which request. Names fill one request after the other, in the order in which they come up, so
/// that there are as few as the limit allows.
fn cut(changes: &[Change], ranges: &[Range<usize>], limit: usize) -> Result<Vec<Vec<Range<usize>>>> {
    let mut groups: Vec<(Vec<usize>, usize)> = Vec::new();
    let mut of_name: HashMap<&DomainName, usize> = HashMap::new();
    for (index, (change, range)) in changes.iter().zip(ranges).enumerate() {
        let group = *of_name.entry(owner(change)).or_insert_with(|| {
            groups.push((Vec::new(), 0));
            groups.len() - 1
        });
        if let Some((members, size)) = groups.get_mut(group) {
            members.push(index);
            *size += range.len() + 1; // the comma
        }
    }
    let room = limit.saturating_sub(HEAD.len() + TAIL.len());
    let (mut pieces, mut piece, mut used): (Vec<Vec<usize>>, Vec<usize>, usize) = (Vec::new(), Vec::new(), 0);
    for (members, size) in groups {
        if size > room + 1 {
            let largest =
                members.iter().copied().max_by_key(|index| ranges[*index].len()).unwrap_or_default();
            let help = format!(
                "the changes of one name take {size} bytes, and a request has at most {limit} (body_limit); the largest \
                 set among them is named"
            );
            return Err(refused("body_too_large", &help, &changes[largest].key()));
        }
        if used + size > room + 1 {
            pieces.push(std::mem::take(&mut piece));
            used = 0;
        }
        piece.extend(members);
        used += size;
    }
    pieces.push(piece);
    Ok(pieces.into_iter().map(|piece| in_order(piece, ranges)).collect())
}

/// In the order of the change set again: what takes away stands first.
fn in_order(mut piece: Vec<usize>, ranges: &[Range<usize>]) -> Vec<Range<usize>> {
    piece.sort_unstable();
    piece.into_iter().map(|index| ranges[index].clone()).collect()
}

fn size(piece: &[Range<usize>]) -> usize {
    let changes: usize = piece.iter().map(|range| range.len() + 1).sum();
    HEAD.len() + changes.saturating_sub(1) + TAIL.len()
}

fn join(whole: &[u8], piece: &[Range<usize>]) -> Vec<u8> {
    let mut body = Vec::with_capacity(size(piece));
    body.extend_from_slice(HEAD);
    for (index, range) in piece.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&whole[range.clone()]);
    }
    body.extend_from_slice(TAIL);
    body
}

fn owner(change: &Change) -> &DomainName {
    match change {
        Change::Replace(set) | Change::Extend(set) => set.name(),
        Change::Delete(key) | Change::Prune(key, _) => &key.name,
    }
}

/// What cannot be sent, found before anything is.
pub(super) fn refused(code: &'static str, help: &str, key: &RecordKey) -> Error {
    Error::new(ErrorKind::InvalidRequest, Operation::ApplyChanges.name())
        .with_service(SERVICE)
        .with_code(code)
        .with_target(format!("{} {}", key.name.as_str(), key.kind))
        .with_help(help)
}

struct Replace<'a>(&'a RecordSet);

impl Serialize for Replace<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let set = self.0;
        let mut out = serializer.serialize_struct("rrset", 5)?;
        out.serialize_field("name", set.name().as_str())?;
        out.serialize_field("type", set.kind().as_str())?;
        out.serialize_field("ttl", &set.ttl().as_secs())?;
        out.serialize_field("changetype", "REPLACE")?;
        out.serialize_field("records", &Records { enabled: set.records(), disabled: set.disabled() })?;
        out.end()
    }
}

struct Delete<'a>(&'a RecordKey);

impl Serialize for Delete<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("rrset", 3)?;
        out.serialize_field("name", self.0.name.as_str())?;
        out.serialize_field("type", self.0.kind.as_str())?;
        out.serialize_field("changetype", "DELETE")?;
        out.end()
    }
}

/// One record that joins or leaves a set.
struct One<'a> {
    name: &'a DomainName,
    record: &'a RecordData,
    ttl: u32,
    how: &'static str,
}

impl Serialize for One<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("rrset", 5)?;
        out.serialize_field("name", self.name.as_str())?;
        out.serialize_field("type", self.record.kind().as_str())?;
        out.serialize_field("ttl", &self.ttl)?;
        out.serialize_field("changetype", self.how)?;
        out.serialize_field(
            "records",
            &Records { enabled: std::slice::from_ref(self.record), disabled: &[] },
        )?;
        out.end()
    }
}

/// What a set was read with and is not served goes back as it was: a new TTL must not delete it.
struct Records<'a> {
    enabled: &'a [RecordData],
    disabled: &'a [RecordData],
}

impl Serialize for Records<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_seq(Some(self.enabled.len() + self.disabled.len()))?;
        for (records, disabled) in [(self.enabled, false), (self.disabled, true)] {
            for record in records {
                out.serialize_element(&Record { record, disabled })?;
            }
        }
        out.end()
    }
}

struct Record<'a> {
    record: &'a RecordData,
    disabled: bool,
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("record", 2)?;
        out.serialize_field("content", &Shown(self.record))?;
        out.serialize_field("disabled", &self.disabled)?;
        out.end()
    }
}

/// Written as it is displayed, without a text in between.
struct Shown<T>(T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
