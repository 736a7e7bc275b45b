//! Reading a rotating value allocates nothing. A binary of its own, for the allocator that counts is the whole
//! process's.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should fail there")]

use std::hint::black_box;

use allocation_counter::measure;
use catalyst_sdk::rotation::{self, Policy, Rotating};

#[path = "../benches/fixed/mod.rs"]
mod fixed;

use fixed::Fixed;

/// More guards at once than `ArcSwap` has room for without a shared counter.
const MANY: usize = 20;

/// A rotating value of which this thread has read once: the first read of a thread sets up what the later ones use.
async fn started() -> Rotating<String> {
    let rotating = rotation::start(Fixed, Policy::default()).await.unwrap();
    assert_eq!(*rotating.current(), "hunter2");
    rotating
}

/// How often the current thread allocates in `work`.
fn allocations(work: impl FnOnce()) -> u64 {
    measure(work).count_total
}

#[test]
fn the_counter_sees_an_allocation() {
    assert_eq!(allocations(|| drop(black_box(Box::new(1)))), 1);
}

#[tokio::test(start_paused = true)]
async fn the_current_value_is_read_without_an_allocation() {
    let rotating = started().await;
    let read = || assert_eq!(*black_box(rotating.current()), "hunter2");
    assert_eq!(allocations(|| (0..1000).for_each(|_| read())), 0);
}

#[tokio::test(start_paused = true)]
async fn many_readers_at_once_allocate_nothing_either() {
    let rotating = started().await;
    let held = || {
        let guards: [_; MANY] = std::array::from_fn(|_| rotating.current());
        assert!(black_box(&guards).iter().all(|guard| **guard == "hunter2"));
    };
    assert_eq!(allocations(held), 0);
}

#[tokio::test(start_paused = true)]
async fn a_generation_is_pinned_and_released_without_an_allocation() {
    let rotating = started().await;
    let pin = || {
        let pinned = rotating.checkout();
        assert_eq!(*black_box(pinned.clone()), "hunter2");
    };
    assert_eq!(allocations(|| (0..1000).for_each(|_| pin())), 0);
}

#[tokio::test(start_paused = true)]
async fn a_new_generation_is_read_without_an_allocation() {
    let rotating = started().await;
    let (mut updates, old) = (rotating.updates(), rotating.checkout());
    rotating.rotate_now();
    assert_eq!(updates.changed().await, Some(rotating.generation()));
    let read = || {
        assert_ne!(rotating.checkout().generation(), old.generation());
        assert_eq!(*black_box(rotating.current()), "hunter2");
    };
    assert_eq!(allocations(read), 0);
}
