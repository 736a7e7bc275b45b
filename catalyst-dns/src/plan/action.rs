//! What a plan does with one record set.

use std::fmt;

use super::Refusal;
use crate::{DomainName, RecordKey, RecordSet};

/// What a plan does with one record set, or does not do. `Display` writes a line as a person reads a diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action<'a> {
    /// It is new.
    Create(&'a RecordSet),
    /// It is the owner's and changes.
    Update {
        /// As it is.
        before: &'a RecordSet,
        /// As it will be.
        after: &'a RecordSet,
    },
    /// It is the owner's and is not wanted any more; or the policy names it and it stands in the way.
    Delete(&'a RecordSet),
    /// It had no owner; the policy names it.
    Adopt {
        /// As it is.
        before: &'a RecordSet,
        /// As it will be; often the same.
        after: &'a RecordSet,
    },
    /// It has another owner; the policy names both.
    Transfer {
        /// As it is, if more than the mark of the other owner is there.
        before: Option<&'a RecordSet>,
        /// As it will be; often the same.
        after: &'a RecordSet,
        /// Whose it was.
        from: &'a str,
    },
    /// It stays, and its mark is to name another resource.
    Relabel(&'a RecordSet),
    /// A mark of the owner goes whose record set is not there: it would prove the ownership of what others write.
    Forget {
        /// The name of the mark.
        mark: &'a DomainName,
    },
    /// It is not written.
    Refuse(Refusal<'a>),
}

impl<'a> Action<'a> {
    /// One stable word, for logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create(_) => "create",
            Self::Update { .. } => "update",
            Self::Delete(_) => "delete",
            Self::Adopt { .. } => "adopt",
            Self::Transfer { .. } => "transfer",
            Self::Relabel(_) => "relabel",
            Self::Forget { .. } => "forget",
            Self::Refuse(_) => "refuse",
        }
    }

    /// The set as it is, if it is there and concerned.
    pub fn before(&self) -> Option<&'a RecordSet> {
        match *self {
            Self::Update { before, .. } | Self::Adopt { before, .. } => Some(before),
            Self::Transfer { before, .. } => before,
            Self::Delete(set) | Self::Relabel(set) => Some(set),
            Self::Create(_) | Self::Forget { .. } | Self::Refuse(_) => None,
        }
    }

    /// The set as it will be, if it will be there and is concerned.
    pub fn after(&self) -> Option<&'a RecordSet> {
        match *self {
            Self::Create(set) | Self::Relabel(set) => Some(set),
            Self::Update { after, .. } | Self::Adopt { after, .. } | Self::Transfer { after, .. } => {
                Some(after)
            }
            Self::Delete(_) | Self::Forget { .. } | Self::Refuse(_) => None,
        }
    }

    /// The set that it is about; of a mark without a set, the mark.
    pub fn key(&self) -> RecordKey {
        match self {
            Self::Forget { mark } => RecordKey { name: (*mark).clone(), kind: crate::RecordType::Txt },
            Self::Refuse(refusal) => refusal.set.key(),
            Self::Create(set) | Self::Delete(set) | Self::Relabel(set) => set.key(),
            Self::Update { after, .. } | Self::Adopt { after, .. } | Self::Transfer { after, .. } => {
                after.key()
            }
        }
    }
}

impl fmt::Display for Action<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Create(set) => write!(f, "+ {set}"),
            Self::Delete(set) => write!(f, "- {set}"),
            Self::Update { before, after } => {
                f.write_str("~ ")?;
                write_change(before, after, f)
            }
            Self::Adopt { before, after } => {
                f.write_str("* ")?;
                write_change(before, after, f)?;
                f.write_str(" (adopted)")
            }
            Self::Transfer { before, after, from } => {
                f.write_str("* ")?;
                write_change(before.unwrap_or(after), after, f)?;
                write!(f, " (from \"{}\")", catalyst_core::redact::text(from, 80))
            }
            Self::Relabel(set) => write!(f, "* {set} (its mark)"),
            Self::Forget { mark } => write!(f, "- {mark} (a mark without its record)"),
            Self::Refuse(refusal) => {
                write!(f, "! {} {} refused: {refusal}", refusal.set.name(), refusal.set.kind())
            }
        }
    }
}

/// The set as it is, and what becomes of it if anything does.
fn write_change(before: &RecordSet, after: &RecordSet, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{before}")?;
    if !before.disabled().is_empty() {
        write!(f, " and {} disabled", before.disabled().len())?;
    }
    if before == after {
        return Ok(());
    }
    f.write_str(" ->")?;
    if before.ttl() != after.ttl() {
        write!(f, " {}", after.ttl())?;
    }
    if before.records() == after.records() {
        return Ok(());
    }
    for (index, record) in after.records().iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(f, "{comma} {record}")?;
    }
    Ok(())
}
