//! How large the body of a change is, so that the mock cuts requests where the client does.

use crate::{Change, RecordData, RecordKey, RecordSet};

/// The most bytes of one body.
pub(super) const MAX_BODY: u64 = 1_500_000;

/// The bytes of a change in a body.
pub(super) fn of(change: &Change) -> u64 {
    match change {
        Change::Replace(set) | Change::Extend(set) => of_set(set),
        Change::Delete(key) => of_key(key),
        Change::Prune(key, record) => of_key(key) + of_record(record),
    }
}

fn of_set(set: &RecordSet) -> u64 {
    of_key(&set.key()) + 24 + set.records().iter().map(of_record).sum::<u64>()
}

fn of_key(key: &RecordKey) -> u64 {
    const FRAME: usize = r#"{"name":"","type":"","changetype":"REPLACE"},"#.len();
    bytes(FRAME + key.name.as_str().len() + key.kind.as_str().len())
}

fn of_record(record: &RecordData) -> u64 {
    const FRAME: usize = r#"{"content":"","disabled":false},"#.len();
    let content = record.to_string();
    bytes(FRAME + content.len() + content.matches(['"', '\\']).count())
}

fn bytes(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
