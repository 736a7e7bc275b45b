//! What a server or a resolver would refuse, found before anything is sent.

use super::RecordData;
use crate::DomainName;

/// What is wrong with `records` at `name`, if anything is.
pub(super) fn fault(_name: &DomainName, _records: &[RecordData]) -> Option<&'static str> {
    None
}
