//! How a flip went.

use std::fmt;
use std::time::Duration;

use catalyst_core::{Error, Result};

use super::{ServerView, Standing};
use crate::Ds;
use crate::registrar::cause::Cause;
use crate::registrar::{NameServers, RegisteredDomain};

/// How a flip went, and where the domain stands now.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "a flip that was rolled back is told here, not by an error; FlipReport::done makes it one"]
pub struct FlipReport {
    /// The domain.
    pub domain: RegisteredDomain,
    /// The registrar's name.
    pub registrar: &'static str,
    /// The name servers that it had.
    pub before: NameServers,
    /// The name servers that it was to have.
    pub after: NameServers,
    /// What became of it.
    pub outcome: FlipOutcome,
    /// What became of the way back.
    pub rollback: Rollback,
    /// Which set the parent's servers serve, as last seen.
    pub standing: Standing,
    /// What each of them says, as last seen.
    pub parents: Vec<ServerView>,
    /// What the registrar tells, as last seen; `None` if it does not answer.
    pub at_registrar: Option<NameServers>,
    /// The DS that the parent had.
    pub ds_before: Vec<Ds>,
    /// What became of them.
    pub ds: DsState,
    /// How long each step took.
    pub steps: Vec<StepTime>,
}

/// What became of a flip.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FlipOutcome {
    /// The domain had the set already. Nothing was written.
    Unchanged,
    /// Registrar and parent have the new set.
    Flipped,
    /// It did not come to the new set, for this reason; [`FlipReport::rollback`] and [`FlipReport::standing`] tell
    /// where the domain stands.
    NotFlipped(Error),
    /// The registrar has no call for it: a person must do this, and then [`Flipper::verify`](super::Flipper::verify).
    ManualNeeded(String),
}

/// What became of the way back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Rollback {
    /// There was nothing to take back.
    NotNeeded,
    /// The registrar tells the old set: it was written back, or nothing had come of the first write after all.
    RolledBack {
        /// Whether the parent's servers serve it too, for some time without a break. If not, they may still come to;
        /// the record stays in the journal.
        verified: bool,
    },
    /// The registrar did not take the old set, or does not tell it. The record stays in the journal, and
    /// [`Flipper::resume`](super::Flipper::resume) tries again.
    RollbackFailed {
        /// Why.
        error: Error,
    },
}

/// What became of the DS in the parent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DsState {
    /// They were not touched.
    Untouched,
    /// They are these now.
    Changed(Vec<Ds>),
    /// They were changed, and are the old ones again.
    Restored,
    /// They were changed, and could not be put back: until that is done by hand, the domain is unsigned or has more DS
    /// than keys.
    RestoreFailed(Error),
}

/// The steps of a flip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// The old set is read from the registrar, and the delegation and the DS from the parent.
    ReadOld,
    /// The new servers are asked.
    CheckServers,
    /// The DS is changed, and the caches are given time.
    ChangeDs,
    /// The new set is written.
    Write,
    /// The registrar's task is followed.
    FollowTask,
    /// The registrar is asked what it has.
    ReadBack,
    /// The parent's servers are asked.
    AskParent,
    /// The old set is written back, and that is verified.
    RollBack,
}

/// How long a step took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepTime {
    /// The step.
    pub step: Step,
    /// How long.
    pub elapsed: Duration,
}

impl FlipReport {
    /// The report of a domain that has the new set now.
    ///
    /// # Errors
    /// What kept it from that, with where the domain stands; `manual_only` if a person must act.
    pub fn done(self) -> Result<Self> {
        match &self.outcome {
            FlipOutcome::Unchanged | FlipOutcome::Flipped => Ok(self),
            FlipOutcome::NotFlipped(error) => {
                let why = error.help().map_or_else(|| error.kind().to_string(), str::to_owned);
                Err(error.clone().with_help(format!("{why}; {}", self.rollback)))
            }
            FlipOutcome::ManualNeeded(what) => {
                let error = Cause::ManualOnly.unasked(self.registrar, "flip name servers", &self.domain);
                Err(error.with_help(what.clone()))
            }
        }
    }

    /// How long all steps took together.
    pub fn elapsed(&self) -> Duration {
        self.steps.iter().map(|step| step.elapsed).sum()
    }
}

impl fmt::Display for Rollback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNeeded => f.write_str("the old name servers were not touched"),
            Self::RolledBack { verified: true } => f.write_str("the old name servers are back, and verified"),
            Self::RolledBack { verified: false } => {
                f.write_str("the old name servers were written back, and the parent does not serve them yet")
            }
            Self::RollbackFailed { error } => {
                write!(f, "the old name servers could not be written back ({error})")
            }
        }
    }
}

impl fmt::Display for FlipReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: ", self.domain, self.registrar)?;
        match &self.outcome {
            FlipOutcome::Unchanged => write!(f, "has {} already", self.after)?,
            FlipOutcome::Flipped => write!(f, "from {} to {}", self.before, self.after)?,
            FlipOutcome::NotFlipped(error) => write!(f, "not flipped: {error}; {}", self.rollback)?,
            FlipOutcome::ManualNeeded(what) => f.write_str(what)?,
        }
        write!(f, "; the parent serves {}", self.standing)
    }
}
