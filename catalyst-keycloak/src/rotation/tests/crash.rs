//! Workers that die, calls that are lost, and several workers at once.

use std::time::Duration;

use catalyst_core::Secret;
use proptest::prelude::*;

use super::super::{NextStep, Phase, SecretRotation};
use super::realm::{DAY, Fate, HOUR, World};

const FATES: [Fate; 5] = [Fate::DieBefore, Fate::DieAfter, Fate::LoseAnswer, Fate::LoseRequest, Fate::Refuse];

/// A rotation that is due makes 21 calls; there is a fate for each.
const CALLS: u32 = 24;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// Due, with an application that holds what it read.
async fn due() -> (World, Secret) {
    let world = World::new();
    let NextStep::At(due) = world.rotation().advance().await.unwrap() else { panic!("not due yet") };
    world.pass(due.duration_since(world.now()).unwrap());
    let held = world.published().unwrap();
    (world, held)
}

/// Advances until there is nothing to do for a while; a worker that dies is followed by another.
async fn carry_on(world: &World, rotation: &mut SecretRotation) {
    for _ in 0..20 {
        match world.survive(rotation.advance()).await {
            Some(Ok(NextStep::At(when))) if when.duration_since(world.now()).unwrap() > HOUR => return,
            Some(_) => {}
            None => *rotation = world.rotation(),
        }
        world.pass(Duration::from_secs(30));
    }
    panic!("it does not come to an end: {:?}", world.record());
}

#[test]
fn at_whatever_call_a_worker_dies_or_fails_the_next_finishes_and_one_secret_is_made() {
    for fate in FATES {
        for call in 0..CALLS {
            runtime().block_on(async {
                let (world, held) = due().await;
                let mut rotation = world.rotation();
                world.fate(call, fate);
                carry_on(&world, &mut rotation).await;
                assert!(world.works(&held), "{fate:?} {call}: the old one works in its grace");
                let new = world.published().unwrap();
                assert!(new != held && world.works(&new), "{fate:?} {call}");
                world.pass(DAY);
                carry_on(&world, &mut rotation).await;
                assert!(!world.works(&held) && world.works(&new), "{fate:?} {call}");
                assert_eq!((world.made(), world.record().phase), (1, Phase::Idle), "{fate:?} {call}");
                let left = world.no_fate();
                assert!(!left || call >= 20, "{fate:?} {call} was met");
            });
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_was_made_and_not_written_down_is_found_and_not_made_again() {
    let (world, held) = due().await;
    // load, secrets, overlaps, save; load, secrets, overlaps, then it is made.
    world.fate(7, Fate::DieAfter);
    assert!(world.survive(world.rotation().advance()).await.is_none());
    assert_eq!((world.made(), world.record().phase), (1, Phase::Regenerating));
    assert_eq!(world.published().unwrap(), held, "applications still hold the old one");

    let other = world.rotation();
    let NextStep::At(when) = other.advance().await.unwrap() else { panic!("the lock is respected") };
    world.pass(when.duration_since(world.now()).unwrap());
    other.advance().await.unwrap();
    assert_eq!((world.made(), world.record().phase), (1, Phase::Grace));
    assert!(world.works(&held) && world.works(&world.published().unwrap()));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_may_still_be_on_its_way_is_waited_for() {
    let (world, held) = due().await;
    let rotation = world.rotation();
    world.fate(7, Fate::LoseRequest);
    let NextStep::At(when) = rotation.advance().await.unwrap() else { panic!("it waits") };
    assert_eq!(world.made(), 0);
    assert!(when > world.now());
    // It arrives late.
    let late = world.regenerate_by_hand();
    rotation.advance().await.unwrap();
    assert_eq!((world.made(), world.published().unwrap()), (1, late));
    assert!(world.works(&held));
}

#[tokio::test(start_paused = true)]
async fn of_many_workers_at_once_one_works() {
    let (world, held) = due().await;
    let workers: Vec<_> = (0..8).map(|_| world.rotation()).collect();
    let results = futures(workers.iter().map(SecretRotation::advance)).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!((world.made(), world.record().number), (1, 2));
    assert!(world.works(&held));
}

/// All of them side by side, on one task.
async fn futures<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        for (future, done) in all.iter_mut().filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(output) = future.as_mut().poll(cx) {
                *done = Some(output);
            }
        }
        if all.iter().all(|(_, done)| done.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    all.into_iter().filter_map(|(_, done)| done).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Two workers, a fault every few hours, half a year: applications read their secret every hour.
    #[test]
    fn whatever_fails_no_application_holds_a_secret_that_is_refused(
        faults in proptest::collection::vec((0u32..40, 0usize..5, 0u32..2), 1..120)
    ) {
        runtime().block_on(async {
            let world = World::new();
            let mut workers = [world.rotation(), world.rotation()];
            workers[0].advance().await.unwrap();
            let mut held = world.published().unwrap();
            for hour in 0..24 * 180_usize {
                world.pass(HOUR);
                // Faults come thick where the rotation is, around day 83 and 166.
                let near = (24 * 82..24 * 86).contains(&(hour % (24 * 84)));
                if near {
                    let (call, fate, _) = faults[hour % faults.len()];
                    world.fate(call, FATES[fate]);
                }
                let which = faults[hour % faults.len()].2 as usize;
                if world.survive(workers[which].advance()).await.is_none() {
                    workers[which] = world.rotation();
                }
                prop_assert!(world.works(&held), "hour {hour}: {:?}", world.record());
                held = world.published().unwrap();
                prop_assert!(world.works(&held), "hour {hour}: {:?}", world.record());
            }
            let number = world.record().number;
            prop_assert!(u64::from(world.made()) + 1 - number <= 1, "made {} for {number}", world.made());
            prop_assert!(number <= 4, "one secret in 83 days: {number}");
            Ok(())
        })?;
    }
}
