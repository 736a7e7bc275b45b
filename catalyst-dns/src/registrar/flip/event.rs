//! What is told while a flip is under way.

use std::time::Duration;

use catalyst_core::Error;

use super::Standing;
use crate::Ds;
use crate::registrar::{NameServers, TaskId};

/// What has happened, for progress and for the audit log. No event holds a secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FlipEvent {
    /// The old set is known.
    Began {
        /// What the domain has.
        before: NameServers,
        /// What it shall have.
        after: NameServers,
    },
    /// A flip that was interrupted goes on.
    Resumed,
    /// The new servers serve the zone, all the same version.
    ServersReady,
    /// The DS in the parent is about to become these.
    ChangingDs(Vec<Ds>),
    /// Caches are given this long to forget the old DS.
    WaitingForCaches(Duration),
    /// A set is about to be written.
    Writing(NameServers),
    /// The registrar took it, maybe as a task.
    Accepted(Option<TaskId>),
    /// The write failed; the error tells whether its outcome is known.
    WriteFailed(Error),
    /// The registrar's task ended.
    TaskEnded(Result<(), Error>),
    /// The registrar tells these now.
    ReadBack(NameServers),
    /// What the parent's servers serve now.
    ParentServes(Standing),
    /// The old set is going to be written back, for this reason.
    RollingBack(Error),
    /// The journal could not be written; the flip goes on.
    JournalFailed(Error),
}
