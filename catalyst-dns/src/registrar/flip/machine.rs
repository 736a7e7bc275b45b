//! What comes after what: the part of a flip from the write on, pure.
//!
//! Each stage ends with what was seen, after as many looks as its time allows, and [`next`] says where that leads. The
//! stages have an order and never go back, so that a flip ends whatever is seen.

use super::Standing;
use crate::registrar::TaskId;

/// Where a flip is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The new set is about to be written.
    Write,
    /// The registrar works on it.
    Follow(TaskId),
    /// The registrar must tell the new set.
    ReadBack,
    /// The parent's servers must serve the new set.
    Parent,
    /// The registrar said no: it must still tell the old set.
    ConfirmRegistrar,
    /// And so must the parent's servers.
    ConfirmParent,
    /// The old set is about to be written.
    Restore,
    /// The registrar works on that.
    RestoreFollow(TaskId),
    /// The registrar must tell the old set.
    RestoreReadBack,
    /// The parent's servers must serve the old set; `Unknown` if they do not, and the registrar still tells it.
    RestoreParent,
    /// Nothing more is done.
    End(End),
}

/// How a flip ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Registrar and parent have the new set.
    Flipped,
    /// Nothing was changed.
    Kept,
    /// The old set was written back and the registrar tells it; `verified` if the parent serves it too.
    RolledBack { verified: bool },
    /// The registrar does not tell the old set.
    RollbackFailed,
}

/// What a stage ended with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The write was taken, maybe as a task.
    Accepted(Option<TaskId>),
    /// The write was refused, certainly without effect.
    Refused,
    /// Nobody knows whether the write had an effect.
    Doubtful,
    /// The task is done.
    TaskDone,
    /// The task failed.
    TaskFailed,
    /// The task is not done in its time, or cannot be followed.
    TaskLate,
    /// What the registrar tells, or what the parent's servers serve; `Unknown` if they are silent.
    Shows(Standing),
}

/// The stage after `stage`, if it ended with `seen`.
pub(crate) fn next(stage: &Stage, seen: &Seen) -> Stage {
    use Seen::{Accepted, Refused, Shows, TaskFailed};
    match (stage, seen) {
        (Stage::Write, Accepted(Some(task))) => Stage::Follow(task.clone()),
        (Stage::Write, Refused) | (Stage::Follow(_), TaskFailed) => Stage::ConfirmRegistrar,
        // A doubt is resolved by reading, and so is a task that nobody hears of.
        (Stage::Write | Stage::Follow(_), _) => Stage::ReadBack,
        (Stage::ReadBack, Shows(Standing::After)) => Stage::Parent,
        (Stage::Parent, Shows(Standing::After)) => Stage::End(End::Flipped),
        (Stage::ConfirmRegistrar, Shows(Standing::Before)) => Stage::ConfirmParent,
        (Stage::ConfirmParent, Shows(Standing::Before | Standing::Unknown)) => Stage::End(End::Kept),
        // What was written in doubt may still arrive, so that the old set is written even where it is seen.
        (Stage::ReadBack | Stage::Parent | Stage::ConfirmRegistrar | Stage::ConfirmParent, _) => {
            Stage::Restore
        }
        (Stage::Restore, Accepted(Some(task))) => Stage::RestoreFollow(task.clone()),
        // Whatever became of the write, what the registrar tells counts.
        (Stage::Restore | Stage::RestoreFollow(_), _) => Stage::RestoreReadBack,
        (Stage::RestoreReadBack, Shows(Standing::Before)) => Stage::RestoreParent,
        (Stage::RestoreParent, Shows(Standing::Before)) => Stage::End(End::RolledBack { verified: true }),
        (Stage::RestoreParent, Shows(Standing::Unknown)) => Stage::End(End::RolledBack { verified: false }),
        (Stage::RestoreReadBack | Stage::RestoreParent, _) => Stage::End(End::RollbackFailed),
        (Stage::End(end), _) => Stage::End(*end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seen() -> impl Strategy<Value = Seen> {
        prop_oneof![
            Just(Seen::Accepted(None)),
            Just(Seen::Accepted(Some(TaskId("7".into())))),
            Just(Seen::Refused),
            Just(Seen::Doubtful),
            Just(Seen::TaskDone),
            Just(Seen::TaskFailed),
            Just(Seen::TaskLate),
            prop::sample::select(vec![
                Standing::Before,
                Standing::After,
                Standing::Mixed,
                Standing::Other,
                Standing::Unknown
            ])
            .prop_map(Seen::Shows),
        ]
    }

    fn rank(stage: &Stage) -> u8 {
        match stage {
            Stage::Write => 0,
            Stage::Follow(_) => 1,
            Stage::ReadBack | Stage::ConfirmRegistrar => 2,
            Stage::Parent | Stage::ConfirmParent => 3,
            Stage::Restore => 4,
            Stage::RestoreFollow(_) => 5,
            Stage::RestoreReadBack => 6,
            Stage::RestoreParent => 7,
            Stage::End(_) => 8,
        }
    }

    proptest! {
        #[test]
        fn a_flip_ends_whatever_is_seen_and_claims_only_what_was_seen(sights in prop::collection::vec(seen(), 9)) {
            let (mut stage, mut path) = (Stage::Write, Vec::new());
            for seen in &sights {
                if matches!(stage, Stage::End(_)) {
                    break;
                }
                let after = next(&stage, seen);
                prop_assert!(rank(&after) > rank(&stage));
                path.push((stage, seen.clone()));
                stage = after;
            }
            let Stage::End(end) = stage else { return Err(TestCaseError::fail("no end")) };
            let showed = |stage, standing| path.contains(&(stage, Seen::Shows(standing)));
            let restored = path.iter().any(|(stage, _)| *stage == Stage::Restore);
            match end {
                End::Flipped => {
                    prop_assert!(showed(Stage::ReadBack, Standing::After) && showed(Stage::Parent, Standing::After));
                    prop_assert!(!restored);
                }
                End::Kept => prop_assert!(showed(Stage::ConfirmRegistrar, Standing::Before) && !restored),
                End::RolledBack { verified } => {
                    prop_assert!(restored && showed(Stage::RestoreReadBack, Standing::Before));
                    prop_assert_eq!(verified, showed(Stage::RestoreParent, Standing::Before));
                }
                End::RollbackFailed => prop_assert!(restored),
            }
        }
    }
}
