//! What is to change in a zone, as one request.

use std::collections::HashSet;
use std::fmt;

use catalyst_core::{Error, ErrorKind, Result};

use crate::{RecordData, RecordKey, RecordSet};

/// The most changes of one set of changes.
pub(crate) const MAX_CHANGES: usize = 1_000_000;

/// One change of a record set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The set takes the place of the one that is there, or is new.
    Replace(RecordSet),
    /// The set goes; none there is no fault.
    Delete(RecordKey),
    /// One record joins the set, which keeps its others. Needs PowerDNS 4.9.12 or 5.0.2.
    Extend(RecordSet),
    /// One record leaves the set, which keeps its others. Needs PowerDNS 4.9.12 or 5.0.2.
    Prune(RecordKey, RecordData),
}

impl Change {
    /// The set that changes.
    pub fn key(&self) -> RecordKey {
        match self {
            Self::Replace(set) | Self::Extend(set) => set.key(),
            Self::Delete(key) | Self::Prune(key, _) => key.clone(),
        }
    }

    /// Those that take away stand first: a CNAME must be gone before an address takes its place in the same request.
    fn order(&self) -> u8 {
        match self {
            Self::Delete(_) => 0,
            Self::Prune(..) => 1,
            Self::Replace(_) => 2,
            Self::Extend(_) => 3,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replace(set) => write!(f, "replace {set}"),
            Self::Delete(key) => write!(f, "delete {key}"),
            Self::Extend(set) => write!(f, "extend {set}"),
            Self::Prune(key, record) => write!(f, "prune {key} {record}"),
        }
    }
}

/// Changes of one zone that are made together: all or none of them, as far as one request holds them.
///
/// Deletions stand before everything else, and no set changes twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet {
    changes: Vec<Change>,
}

impl ChangeSet {
    /// These changes, in the order in which the server wants them.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with code `duplicate_change` if a set is changed twice, `too_many_changes` above
    /// a million.
    pub fn new(changes: impl IntoIterator<Item = Change>) -> Result<Self> {
        let mut changes: Vec<Change> = changes.into_iter().take(MAX_CHANGES + 1).collect();
        let refused = |code, help: String| {
            Error::new(ErrorKind::InvalidRequest, "gather changes").with_code(code).with_help(help)
        };
        if changes.len() > MAX_CHANGES {
            return Err(refused("too_many_changes", format!("at most {MAX_CHANGES} changes at once")));
        }
        changes.sort_by_key(Change::order);
        // Not an ordered set: to order ten thousand names takes longer than to write them.
        let mut seen = HashSet::with_capacity(changes.len());
        if let Some(twice) = changes.iter().find(|change| !seen.insert(change.key())) {
            let help = "a record set changes at most once in a request";
            return Err(refused("duplicate_change", help.to_owned()).with_target(twice.key().to_string()));
        }
        Ok(Self { changes })
    }

    /// The changes, deletions first.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.changes.len()
    }
}
