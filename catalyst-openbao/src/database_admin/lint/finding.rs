//! What was found, and where.

use std::fmt;

use super::Rule;
use crate::database_admin::DatabaseRole;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// It is written, and told.
    Warning,
    /// It is refused.
    Error,
}

/// The lists of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatementList {
    /// How a user is made.
    Creation,
    /// How it is dropped.
    Revocation,
    /// What is done when its lease is prolonged.
    Renewal,
    /// What is done when making it fails.
    Rollback,
    /// How a password is changed.
    Rotation,
}

impl StatementList {
    /// The name of the role's field.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creation => "creation_statements",
            Self::Revocation => "revocation_statements",
            Self::Renewal => "renew_statements",
            Self::Rollback => "rollback_statements",
            Self::Rotation => "rotation_statements",
        }
    }
}

/// Where something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// In which list; none is the role as a whole.
    pub list: Option<StatementList>,
    /// In which of its statements, from 0; none is the list as a whole.
    pub statement: Option<usize>,
    /// At which byte of the statement.
    pub offset: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.list.map_or("the role", StatementList::as_str))?;
        if let Some(statement) = self.statement {
            write!(f, "[{statement}]")?;
        }
        match self.offset {
            Some(offset) => write!(f, " at byte {offset}"),
            None => Ok(()),
        }
    }
}

/// One thing that is wrong with a role.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule that it breaks.
    pub rule: Rule,
    /// How bad it is: that of the rule, or a warning where the role allows it.
    pub severity: Severity,
    /// Where it was found.
    pub place: Place,
    /// What to do.
    pub help: &'static str,
}

impl Finding {
    pub(super) fn new(rule: Rule, place: Place) -> Self {
        Self { rule, severity: rule.severity(), place, help: rule.help() }
    }

    /// About a role as a whole.
    pub(in crate::database_admin) fn of_role(broken: Rule, role: &DatabaseRole) -> Self {
        Self::new(broken, Place { list: None, statement: None, offset: None }).allowed_by(role)
    }

    pub(super) fn allowed_by(mut self, role: &DatabaseRole) -> Self {
        if role.allowed.contains(&self.rule) {
            self.severity = Severity::Warning;
        }
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}: {}", self.rule, self.place, self.help)
    }
}
