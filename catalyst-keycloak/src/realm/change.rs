//! What became of a thing that was ensured.

use crate::Outcome;

/// What an `ensure` of a realm, or of something in it, found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RealmChange {
    /// Created, updated or as it was.
    pub outcome: Outcome,
    /// What differed, in words: the drift of what was edited by hand. Never holds a secret.
    pub changes: Vec<String>,
    /// Requests that read.
    pub reads: u32,
    /// Requests that wrote.
    pub writes: u32,
}

impl RealmChange {
    /// Whether everything was as declared.
    pub fn is_unchanged(&self) -> bool {
        self.outcome == Outcome::Unchanged
    }
}
