//! What refusals of connections and roles of the database engine mean beyond their status.

use super::meaning::Meaning;

pub(super) fn meaning(_status: u16, _said: &str) -> Option<Meaning> {
    None
}
