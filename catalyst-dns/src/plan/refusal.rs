//! What a plan must not do, and why.

use std::fmt;

use catalyst_core::{Error, ErrorKind};

use crate::RecordSet;

/// Why a wanted set is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RefusalCode {
    /// The set has another owner's mark, or a mark that cannot be read.
    ForeignOwner,
    /// The set is there and nobody has marked it.
    Unowned,
    /// Somebody else has another record at the name.
    NameTaken,
    /// A CNAME would stand beside somebody else's record, or beside somebody else's CNAME.
    CnameConflict,
    /// Somebody else's record answers for the same type, or also says where the name leads.
    TypeConflict,
    /// NS and SOA of the apex are not to be changed.
    Protected,
    /// Another zone answers for the name.
    BelowCut,
    /// A set of ours stands in the way, and the policy does not delete.
    DeleteNotAllowed,
}

impl RefusalCode {
    /// One stable word, for logs, metrics and [`Error::code`].
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ForeignOwner => "foreign_owner",
            Self::Unowned => "unowned",
            Self::NameTaken => "name_taken",
            Self::CnameConflict => "cname_conflict",
            Self::TypeConflict => "type_conflict",
            Self::Protected => "protected",
            Self::BelowCut => "below_cut",
            Self::DeleteNotAllowed => "delete_not_allowed",
        }
    }

    /// What can be done about it.
    pub fn help(self) -> &'static str {
        match self {
            Self::ForeignOwner => {
                "its owner releases it, or PlanPolicy::transfer names the set and the owner"
            }
            Self::Unowned => "if it is to be yours, PlanPolicy::adopt names it",
            Self::NameTaken => "take another name, or allow PlanPolicy::share_names",
            Self::CnameConflict | Self::TypeConflict => {
                "take another name; or PlanPolicy::adopt (or transfer) names the other set, which then goes"
            }
            Self::Protected => "PlanPolicy::allow_apex names the type",
            Self::BelowCut => "write it in the zone that the name servers there answer for",
            Self::DeleteNotAllowed => "the policy must allow deletions for a set to change its type",
        }
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A wanted set that is not written. `Display` says why: `owned by "openova" (ingress/shop/web)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal<'a> {
    /// Why.
    pub code: RefusalCode,
    /// What was wanted.
    pub set: &'a RecordSet,
    /// What stands in the way, if a set does.
    pub in_the_way: Option<&'a RecordSet>,
    /// Whose it is, if a mark says so.
    pub owner: Option<&'a str>,
    /// For what, as the mark says.
    pub resource: Option<&'a str>,
}

impl Refusal<'_> {
    /// As an error that names the set.
    pub fn to_error(&self) -> Error {
        Error::new(ErrorKind::Conflict, "plan changes")
            .with_code(self.code.as_str())
            .with_target(self.set.key().to_string())
            .with_help(format!("{self}; {}", self.code.help()))
    }

    fn write_owner(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.owner {
            Some(owner) => write!(f, "owned by \"{}\"", shown(owner))?,
            None => f.write_str("nobody has marked it")?,
        }
        match self.resource {
            Some(resource) if !resource.is_empty() => write!(f, " ({})", shown(resource)),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            RefusalCode::Protected => return f.write_str("NS and SOA of the apex are protected"),
            RefusalCode::ForeignOwner if self.owner.is_none() => {
                return f.write_str("it has a mark that cannot be read, which may be encrypted");
            }
            RefusalCode::ForeignOwner => return self.write_owner(f),
            RefusalCode::Unowned => f.write_str("it is there already, and ")?,
            RefusalCode::BelowCut if self.in_the_way.is_none() => {
                return f.write_str("the desired state delegates a name above it to other servers");
            }
            RefusalCode::BelowCut => f.write_str("other name servers answer for it, by ")?,
            RefusalCode::CnameConflict => f.write_str("a CNAME stands alone, and here is ")?,
            RefusalCode::DeleteNotAllowed => f.write_str("in the way, and not to be deleted, is ")?,
            RefusalCode::NameTaken | RefusalCode::TypeConflict => f.write_str("somebody else has ")?,
        }
        let Some(set) = self.in_the_way else { return Ok(()) };
        if self.code == RefusalCode::Unowned {
            return self.write_owner(f);
        }
        write!(f, "{} {}", set.name(), set.kind())?;
        if self.owner.is_some() {
            f.write_str(", ")?;
            self.write_owner(f)?;
        }
        Ok(())
    }
}

/// What somebody else wrote, so that it can do no harm to a terminal.
fn shown(text: &str) -> String {
    catalyst_core::redact::text(text, 80)
}
