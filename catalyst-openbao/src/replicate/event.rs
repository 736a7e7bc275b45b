//! What the replicator tells of its work.

use std::fmt;
use std::time::Duration;

use catalyst_core::Error;

use super::conflict::Conflict;
use crate::RegionName;

/// Something that happened to a secondary. Paths and names of policies are no secrets; values are never told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ReplicaEvent {
    /// Versions, or settings, of a secret were copied.
    Copied {
        /// Where to.
        target: RegionName,
        /// The secret.
        path: String,
        /// How many versions.
        versions: usize,
    },
    /// A secret is gone on the primary, and now here.
    Removed {
        /// Where.
        target: RegionName,
        /// The secret.
        path: String,
    },
    /// A secret is left as it is until a person has looked.
    Conflict {
        /// Where.
        target: RegionName,
        /// The secret.
        path: String,
        /// Why.
        conflict: Conflict,
    },
    /// A policy was copied.
    PolicyCopied {
        /// Where to.
        target: RegionName,
        /// The policy.
        policy: String,
    },
    /// A policy is gone on the primary, and now here.
    PolicyRemoved {
        /// Where.
        target: RegionName,
        /// The policy.
        policy: String,
    },
    /// A policy is left as it is: somebody changed it on the secondary.
    PolicyConflict {
        /// Where.
        target: RegionName,
        /// The policy.
        policy: String,
    },
    /// All was looked at.
    Swept {
        /// Where.
        target: RegionName,
        /// What came of it.
        report: SweepReport,
    },
    /// A look failed; it is tried again.
    Failed {
        /// Where.
        target: RegionName,
        /// Why.
        error: Error,
    },
}

/// What came of a look at everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SweepReport {
    /// Secrets of the primary.
    pub secrets: usize,
    /// Secrets that were brought up to date.
    pub copied: usize,
    /// Secrets that were removed.
    pub removed: usize,
    /// Secrets and policies that are left alone.
    pub conflicts: usize,
    /// Secrets that changed faster than they could be copied; the next look takes them up.
    pub moving: usize,
    /// Policies that were written or removed.
    pub policies: usize,
    /// How long it took.
    pub took: Duration,
}

impl SweepReport {
    /// Whether the secondary now is what the primary was.
    pub fn is_complete(&self) -> bool {
        self.conflicts == 0 && self.moving == 0
    }
}

/// How far a secondary lags behind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplicaLag {
    /// Which.
    pub target: RegionName,
    /// All that was noted in the journals so long ago is here. None before the first look.
    pub journal: Option<Duration>,
    /// All that was in the primary so long ago is here, but for conflicts. None before the first look.
    pub sweep: Option<Duration>,
    /// Secrets that are known to be different still.
    pub behind: usize,
    /// Secrets and policies that are left alone until a person has looked.
    pub conflicts: usize,
}

/// Takes the events of a replicator. Called in the midst of its work: it must not block.
///
/// ```
/// use catalyst_openbao::replicate::{ReplicaEvent, ReplicaObserver};
///
/// #[derive(Debug)]
/// struct Conflicts(std::sync::atomic::AtomicUsize);
///
/// impl ReplicaObserver for Conflicts {
///     fn event(&self, event: &ReplicaEvent) {
///         if let ReplicaEvent::Conflict { .. } = event {
///             self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait ReplicaObserver: fmt::Debug + Send + Sync + 'static {
    /// Something happened.
    fn event(&self, event: &ReplicaEvent);
}

/// Writes the events into the log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LogEvents;

impl ReplicaObserver for LogEvents {
    fn event(&self, event: &ReplicaEvent) {
        match event {
            ReplicaEvent::Copied { target, path, versions } => {
                tracing::debug!(%target, %path, versions, "secret copied");
            }
            ReplicaEvent::Removed { target, path } => tracing::debug!(%target, %path, "secret removed"),
            ReplicaEvent::Conflict { target, path, conflict } => {
                tracing::warn!(%target, %path, %conflict, "secret left alone");
            }
            ReplicaEvent::PolicyCopied { target, policy } => {
                tracing::debug!(%target, %policy, "policy copied");
            }
            ReplicaEvent::PolicyRemoved { target, policy } => {
                tracing::debug!(%target, %policy, "policy removed");
            }
            ReplicaEvent::PolicyConflict { target, policy } => {
                tracing::warn!(%target, %policy, "policy left alone");
            }
            ReplicaEvent::Swept { target, report } => {
                tracing::debug!(%target, secrets = report.secrets, copied = report.copied, "swept");
            }
            ReplicaEvent::Failed { target, error } => {
                tracing::warn!(%target, %error, "the replicator could not look; it tries again");
            }
        }
    }
}
