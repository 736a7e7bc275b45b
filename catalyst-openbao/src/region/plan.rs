//! Who may be written to, and who may be copied from: pure functions of the records of all regions.

use crate::RegionName;

use super::fence::Fence;

/// What a region answered when it was asked for its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    /// Nothing, in time.
    Nothing,
    /// That it has none.
    NoRecord,
    Record(Fence),
}

/// Whether the configured primary may be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may.
    Primary { epoch: u64 },
    /// No region has a record yet: the configured primary may take epoch 1.
    Unclaimed,
    /// It does not answer.
    Unreachable,
    /// Another one is primary since this epoch.
    Fenced { epoch: u64, by: RegionName },
    /// It was promoted, and has forgotten it, as after a restore.
    Forgotten { epoch: u64 },
    /// Two are primary in one epoch.
    SplitBrain { epoch: u64, one: RegionName, other: RegionName },
}

/// Judges by what all regions answered; `configured` is one of them.
pub(crate) fn verdict(configured: &RegionName, answers: &[(RegionName, Answered)]) -> Verdict {
    let records = || {
        answers.iter().filter_map(|(_, answered)| match answered {
            Answered::Record(fence) => Some(fence),
            _ => None,
        })
    };
    let own = answers.iter().find(|(name, _)| name == configured).map(|(_, answered)| answered);
    let Some(top) = records().max_by_key(|fence| fence.epoch) else {
        return match own {
            Some(Answered::NoRecord) => Verdict::Unclaimed,
            _ => Verdict::Unreachable,
        };
    };
    if let Some(other) = records().find(|fence| fence.epoch == top.epoch && fence.primary != top.primary) {
        return Verdict::SplitBrain {
            epoch: top.epoch,
            one: top.primary.clone(),
            other: other.primary.clone(),
        };
    }
    if top.primary != *configured {
        return Verdict::Fenced { epoch: top.epoch, by: top.primary.clone() };
    }
    match own {
        Some(Answered::Record(fence)) if fence.epoch == top.epoch => Verdict::Primary { epoch: top.epoch },
        Some(Answered::Nothing) | None => Verdict::Unreachable,
        _ => Verdict::Forgotten { epoch: top.epoch },
    }
}

/// The epoch of the next promotion.
pub(crate) fn next_epoch(answers: &[(RegionName, Answered)]) -> u64 {
    let epochs = answers.iter().map(|(_, answered)| match answered {
        Answered::Record(fence) => fence.epoch,
        _ => 0,
    });
    epochs.max().unwrap_or(0).saturating_add(1)
}

/// Whether one region may be copied into another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Replication {
    /// It may; `tell` says that the secondary is to be told who is primary.
    Go { epoch: u64, tell: bool },
    /// The source is not primary, or nobody is.
    NotPrimary,
    /// The secondary knows a newer primary.
    Fenced { epoch: u64, by: RegionName },
    /// Both are primary in one epoch.
    SplitBrain { epoch: u64 },
}

pub(crate) fn replication(source: &RegionName, ours: Option<&Fence>, theirs: Option<&Fence>) -> Replication {
    let Some(ours) = ours else { return Replication::NotPrimary };
    match theirs {
        Some(theirs) if theirs.epoch > ours.epoch => {
            Replication::Fenced { epoch: theirs.epoch, by: theirs.primary.clone() }
        }
        _ if ours.primary != *source => Replication::NotPrimary,
        Some(theirs) if theirs.epoch == ours.epoch && theirs.primary != ours.primary => {
            Replication::SplitBrain { epoch: ours.epoch }
        }
        theirs => Replication::Go { epoch: ours.epoch, tell: theirs != Some(ours) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(index: usize) -> RegionName {
        ["a", "b", "c"][index].parse().unwrap()
    }

    fn answers() -> impl Strategy<Value = Vec<(RegionName, Answered)>> {
        let one = prop_oneof![
            Just(Answered::Nothing),
            Just(Answered::NoRecord),
            (1u64..5, 0usize..3).prop_map(|(epoch, index)| Answered::Record(Fence::new(epoch, name(index)))),
        ];
        proptest::collection::vec(one, 3)
            .prop_map(|all| all.into_iter().enumerate().map(|(at, one)| (name(at), one)).collect())
    }

    proptest! {
        #[test]
        fn at_most_one_region_may_ever_be_written(answers in answers()) {
            let writable: Vec<_> = (0..3)
                .filter(|&index| matches!(verdict(&name(index), &answers), Verdict::Primary { .. }))
                .collect();
            prop_assert!(writable.len() <= 1, "{:?}", writable);
        }

        #[test]
        fn a_region_is_written_only_if_its_own_record_says_so_and_nobody_knows_better(answers in answers(), index in 0usize..3) {
            if let Verdict::Primary { epoch } = verdict(&name(index), &answers) {
                prop_assert_eq!(&answers[index].1, &Answered::Record(Fence::new(epoch, name(index))));
                for (_, answered) in &answers {
                    if let Answered::Record(fence) = answered {
                        prop_assert!(fence.epoch < epoch || fence.primary == name(index));
                    }
                }
            }
        }

        #[test]
        fn a_promotion_fences_all_others(answers in answers(), index in 0usize..3, told in 0usize..3) {
            let mut after = answers.clone();
            let fence = Fence::new(next_epoch(&answers), name(index));
            after[index].1 = Answered::Record(fence.clone());
            after[told].1 = Answered::Record(fence.clone());
            for other in (0..3).filter(|&other| other != index) {
                prop_assert_eq!(
                    verdict(&name(other), &after),
                    Verdict::Fenced { epoch: fence.epoch, by: name(index) }
                );
            }
        }

        #[test]
        fn two_regions_are_never_copied_into_each_other(one in 1u64..4, other in 1u64..4, first in 0usize..2, second in 0usize..2) {
            let (a, b) = (Fence::new(one, name(first)), Fence::new(other, name(second)));
            let goes = |source, ours, theirs| matches!(replication(&name(source), Some(ours), Some(theirs)), Replication::Go { .. });
            prop_assert!(!(goes(0, &a, &b) && goes(1, &b, &a)));
        }
    }

    #[test]
    fn a_region_that_was_restored_does_not_serve_writes() {
        let told = [
            (name(0), Answered::Record(Fence::new(1, name(0)))),
            (name(1), Answered::Record(Fence::new(2, name(0)))),
        ];
        assert_eq!(verdict(&name(0), &told), Verdict::Forgotten { epoch: 2 });
    }
}
