//! What happens to record sets, as it happens: for audit logs.

use std::sync::Arc;
use std::time::SystemTime;

use catalyst_core::Error;

use super::{Owner, RefusalCode, Warning};
use crate::{RecordKey, Serial, ZoneName};

/// Is told of every step. Called in the middle of the work, so it returns at once.
pub type ApplyObserver = Arc<dyn Fn(&ApplyEvent) + Send + Sync>;

/// One step of an application.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApplyEvent {
    /// In which zone.
    pub zone: ZoneName,
    /// Whose sets they are.
    pub owner: Owner,
    /// When, on the applier's clock.
    pub at: SystemTime,
    /// What happened.
    pub kind: ApplyEventKind,
}

/// What happened. What is in DNS is public, so sets stand here as they are.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ApplyEventKind {
    /// The zone is as it is wanted.
    Unchanged,
    /// A wanted set is not written.
    Refused {
        /// The set.
        key: RecordKey,
        /// Why.
        code: RefusalCode,
        /// Why, in words, with the owner of what stands in the way.
        reason: String,
    },
    /// Nothing of the zone is written: something is refused, or a limit is broken.
    Blocked {
        /// Why.
        error: Error,
    },
    /// Somebody else wrote the zone since it was read; it is read again.
    Outrun {
        /// The serial as it was read.
        read: Option<Serial>,
        /// The serial as it is.
        now: Option<Serial>,
    },
    /// The server made the changes; one [`Changed`](Self::Changed) for each follows.
    Written {
        /// How many changes, those of marks among them.
        changes: usize,
        /// How many requests.
        requests: u32,
    },
    /// A set has changed.
    Changed {
        /// The set.
        key: RecordKey,
        /// How, as [`Action::name`](super::Action::name).
        action: &'static str,
        /// As it was.
        before: Option<String>,
        /// As it is.
        after: Option<String>,
    },
    /// Something about the zone deserves a look.
    Warned {
        /// What.
        warning: Warning,
    },
    /// A read or the write failed. After a write without an answer it may have taken effect
    /// ([`Error::outcome_unknown`]); the next run finds out.
    Failed {
        /// Why.
        error: Error,
    },
}

impl ApplyEventKind {
    /// One stable word, for logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Refused { .. } => "refused",
            Self::Blocked { .. } => "blocked",
            Self::Outrun { .. } => "outrun",
            Self::Written { .. } => "written",
            Self::Changed { .. } => "changed",
            Self::Warned { .. } => "warned",
            Self::Failed { .. } => "failed",
        }
    }
}
