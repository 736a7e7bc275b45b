//! What is wrong with the new records of a set, beside their format.

use super::{Refusal, StoredRecord};
use crate::{DomainName, RecordType, Version};

/// Only one record at a name.
const SINGLE: &[RecordType] = &[RecordType::Cname, RecordType::Dname, RecordType::Soa];
const AT_APEX: &[RecordType] = &[RecordType::Soa, RecordType::Dnskey];
const NOT_AT_APEX: &[RecordType] = &[RecordType::Ds];

/// Sorts `records` as the server does, and refuses what may not stand in one set. From 5.1 on the words are others.
pub(super) fn set(
    zone: &DomainName,
    name: &DomainName,
    kind: RecordType,
    records: &mut [StoredRecord],
    version: Version,
) -> Result<(), Refusal> {
    records.sort_by(|one, other| one.content.cmp(&other.content));
    let new_words = version >= Version(5, 1, 0);
    let set = format!("{} IN {kind}", name.as_str());
    let refused = |old: String, new: &str| {
        let text = if new_words { format!("RRset {set}: {new}") } else { old };
        Err(Refusal::unprocessable(text))
    };
    for (index, record) in records.iter().enumerate() {
        let content = record.content.as_str();
        if index > 0 && SINGLE.contains(&kind) {
            return refused(format!("RRset {set} has more than one record"), "only one such record allowed");
        }
        if index > 0 && records[index - 1].content == content {
            return refused(
                format!("Duplicate record in RRset {set} with content \"{content}\""),
                &format!("duplicate record with content \"{content}\""),
            );
        }
        if name == zone && NOT_AT_APEX.contains(&kind) {
            return refused(format!("Record {set} is not allowed at apex"), "is not allowed at apex");
        }
        if name != zone && AT_APEX.contains(&kind) {
            return refused(format!("Record {set} is only allowed at apex"), "is only allowed at apex");
        }
        if let Some(host) = host(kind, content).filter(|host| !is_hostname(host)) {
            let words = format!("non-hostname content {host}");
            return refused(format!("RRset {set} {words}"), &words);
        }
    }
    Ok(())
}

/// The host that a record points to, where it must be one.
fn host(kind: RecordType, content: &str) -> Option<&str> {
    match kind {
        RecordType::Ns | RecordType::Mx | RecordType::Srv => content.rsplit(' ').next(),
        _ => None,
    }
}

fn is_hostname(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}
