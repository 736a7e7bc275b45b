//! What a bring-up did, or would do.

use std::fmt;

use super::Plan;

/// What a run did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// How far it had to go.
    pub outcome: Outcome,
    /// What was changed on the server.
    pub applied: Plan,
    /// How many root tokens of runs before were revoked.
    pub revoked_root_tokens: usize,
}

/// How far a run had to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It initialised the server, and did everything.
    BroughtUp,
    /// It finished what a run before began.
    Resumed,
    /// Nothing was left to do: the server was brought up before, and its seed is erased.
    AlreadyUp,
}

/// What a run would do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Preview {
    /// It would initialise the server and carry this out.
    BringUp(Plan),
    /// It would finish what a run before began: at most this. Only a run can see what of it was done.
    Resume(Plan),
    /// It would do nothing.
    AlreadyUp,
}

impl Report {
    pub(super) fn already_up() -> Self {
        Self { outcome: Outcome::AlreadyUp, applied: Plan::default(), revoked_root_tokens: 0 }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.outcome {
            Outcome::BroughtUp => "initialised and converged",
            Outcome::Resumed => "finished what was begun",
            Outcome::AlreadyUp => return f.write_str("brought up before, nothing to do"),
        };
        write!(f, "{what}\n{}", self.applied)
    }
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BringUp(plan) => write!(f, "would initialise, and then\n{plan}"),
            Self::Resume(plan) => write!(f, "would finish what was begun: at most\n{plan}"),
            Self::AlreadyUp => f.write_str("brought up before, nothing to do"),
        }
    }
}
