//! What refusals of the Raft storage mean beyond their status.

use super::meaning::Meaning;

pub(super) fn meaning(_status: u16, _said: &str) -> Option<Meaning> {
    None
}
