//! What refusals of the server's own settings mean beyond their status.

use super::meaning::Meaning;

pub(super) fn meaning(_status: u16, _said: &str) -> Option<Meaning> {
    None
}
