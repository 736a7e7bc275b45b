//! What happens to a secret, as it happens: for audit logs. Never holds one.

use std::sync::Arc;
use std::time::SystemTime;

use catalyst_core::Error;

use super::{Outcome, Phase, Reason};
use crate::ClientId;

/// Is told of every step. Called in the middle of the work, so it returns at once.
pub type RotationObserver = Arc<dyn Fn(&RotationEvent) + Send + Sync>;

/// One step of a rotation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RotationEvent {
    /// Whose secret.
    pub client: ClientId,
    /// The number of the secret that applications use, as the record counts.
    pub number: u64,
    /// When, on the worker's clock.
    pub at: SystemTime,
    /// What happened.
    pub kind: RotationEventKind,
}

/// What happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RotationEventKind {
    /// The client had no record; what the realm has was written down.
    Recorded,
    /// A worker took the lock.
    Locked {
        /// For which phase.
        phase: Phase,
        /// Why the rotation goes on or begins.
        reason: Reason,
        /// Whether another worker had begun and not come back.
        taken_over: bool,
    },
    /// The realm made a new secret. It is not written down yet.
    Regenerated,
    /// Making a secret got no answer; the realm is asked what is true before anything else is done.
    AnswerLost,
    /// The realm's secret is not the recorded one, and no rotation of ours explains it.
    DriftFound,
    /// The new secret was written down, where applications read it.
    Stored,
    /// The realm accepts the new secret.
    Verified,
    /// The old secret is kept until then.
    GraceBegun {
        /// The end of the grace.
        until: SystemTime,
    },
    /// The old secret was ended at the realm.
    OldEnded,
    /// The realm refuses the old secret.
    OldRefused,
    /// All is done.
    Finished {
        /// How it ended.
        outcome: Outcome,
    },
    /// A rotation was wanted and refused: the realm has no overlap.
    Unsupported,
    /// Somebody else wrote the record meanwhile; it is read again.
    Outrun,
    /// A step failed. What was done so far stands, and is gone on from.
    Failed {
        /// Why.
        error: Error,
    },
}

impl RotationEventKind {
    /// One stable word, for logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Locked { .. } => "locked",
            Self::Regenerated => "regenerated",
            Self::AnswerLost => "answer_lost",
            Self::DriftFound => "drift_found",
            Self::Stored => "stored",
            Self::Verified => "verified",
            Self::GraceBegun { .. } => "grace_begun",
            Self::OldEnded => "old_ended",
            Self::OldRefused => "old_refused",
            Self::Finished { .. } => "finished",
            Self::Unsupported => "unsupported",
            Self::Outrun => "outrun",
            Self::Failed { .. } => "failed",
        }
    }
}
