//! Why a role was not written.

use std::error::Error;
use std::fmt;

use super::{Finding, Severity};

/// How many findings a text names.
const SHOWN: usize = 4;

/// What was found in a role that was not written: the source of an error with code `statements_refused`.
///
/// ```
/// use catalyst_openbao::database_admin::{Refused, Rule};
/// use std::error::Error as _;
///
/// fn why(error: &catalyst_openbao::Error) -> Vec<Rule> {
///     let refused = error.source().and_then(|source| source.downcast_ref::<Refused>());
///     refused.map(|refused| refused.findings().iter().map(|finding| finding.rule).collect()).unwrap_or_default()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(Vec<Finding>);

impl Refused {
    pub(in crate::database_admin) fn new(findings: Vec<Finding>) -> Self {
        Self(findings)
    }

    /// All that was found, also what would not have been refused; worst first.
    pub fn findings(&self) -> &[Finding] {
        &self.0
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors: Vec<&Finding> =
            self.0.iter().filter(|finding| finding.severity == Severity::Error).collect();
        for (at, finding) in errors.iter().take(SHOWN).enumerate() {
            write!(f, "{}{finding}", if at == 0 { "" } else { "; " })?;
        }
        match errors.len().checked_sub(SHOWN) {
            Some(more) if more > 0 => write!(f, "; and {more} more"),
            _ => Ok(()),
        }
    }
}

impl Error for Refused {}
