//! What may be done with a path.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a policy allows on a path, and what `sys/capabilities` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Capability {
    /// Write what is not there yet.
    Create,
    /// Read.
    Read,
    /// Write what is there, and every other POST and PUT.
    Update,
    /// Merge into what is there.
    Patch,
    /// Delete.
    Delete,
    /// List.
    List,
    /// List with everything below.
    Scan,
    /// Use paths that are protected beyond policies, together with what the request needs otherwise.
    Sudo,
    /// Nothing at all, whatever else is allowed.
    Deny,
    /// Everything: what the server answers for a root token. No policy can grant it.
    Root,
}

impl Capability {
    /// As the server names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::List => "list",
            Self::Scan => "scan",
            Self::Sudo => "sudo",
            Self::Deny => "deny",
            Self::Root => "root",
        }
    }

    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "create" => Self::Create,
            "read" => Self::Read,
            "update" => Self::Update,
            "patch" => Self::Patch,
            "delete" => Self::Delete,
            "list" => Self::List,
            "scan" => Self::Scan,
            "sudo" => Self::Sudo,
            "deny" => Self::Deny,
            "root" => Self::Root,
            _ => return None,
        })
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
