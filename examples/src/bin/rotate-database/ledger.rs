//! Every query is booked where it finished; here the bookings become figures.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::database::Failure;
use crate::timeline::{Arm, Moment};

/// A short query this close to a swap counts as near it.
pub(crate) const NEAR: Duration = Duration::from_millis(500);
/// The grain of the timeline.
pub(crate) const GRAIN: Duration = Duration::from_millis(100);
/// A query is judged when every swap that could be near it is known.
const SETTLED: Duration = Duration::from_millis(700);
/// Bookings that wait in one shard; more are lost, and counted.
const MAX_WAITING: usize = 200_000;
/// Different texts of failures that are kept.
const MAX_TEXTS: usize = 20;

/// One query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Booking {
    pub from: Moment,
    pub to: Moment,
    pub arm: Arm,
    pub long: bool,
    pub failed: bool,
}

/// Where the tasks book. Each task has its own shard, so that booking costs no waiting.
#[derive(Debug)]
pub(crate) struct Ledger {
    shards: Vec<Mutex<Vec<Booking>>>,
    failures: Mutex<BTreeMap<String, u64>>,
    queries: AtomicU64,
    failed: AtomicU64,
    lost: AtomicU64,
}

impl Ledger {
    pub(crate) fn new(tasks: usize) -> Self {
        Self {
            shards: (0..tasks).map(|_| Mutex::default()).collect(),
            failures: Mutex::default(),
            queries: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        }
    }

    pub(crate) fn book(&self, task: usize, booking: Booking, failure: Option<Failure>) {
        self.queries.fetch_add(1, Ordering::Relaxed);
        if let Some(failure) = failure {
            self.failed.fetch_add(1, Ordering::Relaxed);
            let mut failures = lock(&self.failures);
            if failures.len() < MAX_TEXTS || failures.contains_key(&failure.0) {
                *failures.entry(failure.0).or_default() += 1;
            }
        }
        let mut shard = lock(&self.shards[task % self.shards.len()]);
        if shard.len() < MAX_WAITING {
            shard.push(booking);
        } else {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Queries so far, of both arms.
    pub(crate) fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    /// Failed queries so far, of both arms.
    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Queries that were counted but not measured.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// What failures said, and how often, most frequent first.
    pub(crate) fn failures(&self) -> Vec<(String, u64)> {
        let mut all: Vec<_> =
            lock(&self.failures).iter().map(|(text, count)| (text.clone(), *count)).collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        all
    }

    fn take(&self) -> Vec<Booking> {
        self.shards.iter().flat_map(|shard| std::mem::take(&mut *lock(shard))).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A tenth of a second of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// Queries that finished in it, by arm; failed ones included.
    pub rotating: u32,
    pub fixed: u32,
    pub failed: u32,
    /// Of the short ones, in microseconds; none if there were none.
    pub p50: Option<u32>,
    pub p99: Option<u32>,
}

/// Latencies of short queries, in microseconds.
pub(crate) struct Figures {
    pub rotating: Histogram<u64>,
    pub near: Histogram<u64>,
    pub fixed: Histogram<u64>,
    pub buckets: Vec<Bucket>,
    pub queries_rotating: u64,
    pub queries_fixed: u64,
    open: BTreeMap<usize, (Bucket, Vec<u32>)>,
    waiting: Vec<Booking>,
}

/// From a microsecond to a minute, to three digits.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).unwrap_or_else(|_| unreachable!("the bounds are in order"))
}

impl Figures {
    pub(crate) fn new() -> Self {
        Self {
            rotating: histogram(),
            near: histogram(),
            fixed: histogram(),
            buckets: Vec::new(),
            queries_rotating: 0,
            queries_fixed: 0,
            open: BTreeMap::new(),
            waiting: Vec::new(),
        }
    }

    /// Takes what was booked and judges what is old enough.
    pub(crate) fn settle(&mut self, ledger: &Ledger, swaps: &[Moment], now: Moment) {
        self.settle_until(ledger, swaps, now.saturating_sub(SETTLED));
    }

    /// Judges everything: the run is over.
    pub(crate) fn finish(&mut self, ledger: &Ledger, swaps: &[Moment]) {
        self.settle_until(ledger, swaps, Duration::MAX);
    }

    fn settle_until(&mut self, ledger: &Ledger, swaps: &[Moment], horizon: Moment) {
        let mut bookings = std::mem::take(&mut self.waiting);
        bookings.extend(ledger.take());
        for booking in bookings {
            if booking.to <= horizon {
                self.judge(booking, swaps);
            } else {
                self.waiting.push(booking);
            }
        }
        let grain = GRAIN.as_micros();
        let complete = usize::try_from(horizon.as_micros() / grain).unwrap_or(usize::MAX);
        while let Some(entry) = self.open.first_entry().filter(|entry| *entry.key() < complete) {
            let (number, (bucket, latencies)) = entry.remove_entry();
            self.buckets.resize(number, Bucket::default());
            self.buckets.push(close(bucket, latencies));
        }
    }

    fn judge(&mut self, booking: Booking, swaps: &[Moment]) {
        let latency = booking.to.saturating_sub(booking.from).as_micros();
        let latency = u32::try_from(latency).unwrap_or(u32::MAX);
        let number = usize::try_from(booking.to.as_micros() / GRAIN.as_micros()).unwrap_or(0);
        let (bucket, latencies) = self.open.entry(number.max(self.buckets.len())).or_default();
        match booking.arm {
            Arm::Rotating => {
                self.queries_rotating += 1;
                bucket.rotating += 1;
            }
            Arm::Fixed => {
                self.queries_fixed += 1;
                bucket.fixed += 1;
            }
        }
        if booking.failed {
            bucket.failed += 1;
        } else if !booking.long {
            latencies.push(latency);
            match booking.arm {
                Arm::Fixed => self.fixed.saturating_record(latency.into()),
                Arm::Rotating => {
                    self.rotating.saturating_record(latency.into());
                    if near(&booking, swaps) {
                        self.near.saturating_record(latency.into());
                    }
                }
            }
        }
    }
}

/// Whether a part of the query ran within half a second of a swap.
fn near(booking: &Booking, swaps: &[Moment]) -> bool {
    let next = swaps.partition_point(|swap| *swap + NEAR < booking.from);
    swaps.get(next).is_some_and(|swap| swap.saturating_sub(NEAR) <= booking.to)
}

fn close(mut bucket: Bucket, mut latencies: Vec<u32>) -> Bucket {
    latencies.sort_unstable();
    let rank = |hundredths: usize| (latencies.len() * hundredths).div_ceil(100).saturating_sub(1);
    bucket.p50 = latencies.get(rank(50)).copied();
    bucket.p99 = latencies.get(rank(99)).copied();
    bucket
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::tests::ms;

    fn short(from: u64, to: u64, arm: Arm) -> Booking {
        Booking { from: ms(from), to: ms(to), arm, long: false, failed: false }
    }

    #[test]
    fn short_queries_are_split_by_arm_and_by_their_distance_to_a_swap() {
        let ledger = Ledger::new(2);
        let swaps = [ms(1_000), ms(4_000)];
        for (task, booking) in [
            short(480, 499, Arm::Rotating),
            short(480, 500, Arm::Rotating),
            short(1_500, 1_502, Arm::Rotating),
            short(1_501, 1_502, Arm::Rotating),
            short(999, 1_001, Arm::Fixed),
            short(4_400, 4_403, Arm::Rotating),
            Booking { long: true, ..short(1_000, 1_800, Arm::Rotating) },
        ]
        .into_iter()
        .enumerate()
        {
            ledger.book(task, booking, None);
        }
        let mut figures = Figures::new();
        figures.finish(&ledger, &swaps);
        assert_eq!((figures.rotating.len(), figures.near.len(), figures.fixed.len()), (5, 3, 1));
        assert_eq!((figures.queries_rotating, figures.queries_fixed), (6, 1));
        assert_eq!(figures.near.max(), 20_015, "the value at the upper end of its class");
    }

    #[test]
    fn a_query_is_judged_once_its_swap_can_be_known() {
        let ledger = Ledger::new(1);
        ledger.book(0, short(900, 950, Arm::Rotating), None);
        let mut figures = Figures::new();
        figures.settle(&ledger, &[], ms(1_000));
        assert_eq!(figures.rotating.len(), 0, "a swap may still come");
        figures.settle(&ledger, &[ms(1_300)], ms(1_700));
        assert_eq!(figures.near.len(), 1);
    }

    #[test]
    fn buckets_hold_what_finished_in_them_and_gaps_are_empty() {
        let ledger = Ledger::new(1);
        for at in [10, 20, 320] {
            ledger.book(0, short(at - 2, at, Arm::Rotating), None);
        }
        let failed = Booking { failed: true, ..short(330, 340, Arm::Fixed) };
        ledger.book(0, failed, Some(Failure("gone".to_owned())));
        let mut figures = Figures::new();
        figures.finish(&ledger, &[]);
        assert_eq!(figures.buckets.len(), 4);
        assert_eq!((figures.buckets[0].rotating, figures.buckets[0].p99), (2, Some(2_000)));
        assert_eq!(figures.buckets[1], Bucket::default());
        assert_eq!((figures.buckets[3].fixed, figures.buckets[3].failed), (1, 1));
        assert_eq!(ledger.failures(), [("gone".to_owned(), 1)]);
    }

    #[test]
    fn a_ledger_that_nobody_empties_is_bounded() {
        let ledger = Ledger::new(1);
        for text in 0..50 {
            ledger.book(0, short(0, 1, Arm::Rotating), Some(Failure(text.to_string())));
        }
        assert_eq!((ledger.failed(), ledger.failures().len()), (50, MAX_TEXTS));
        for _ in 0..MAX_WAITING {
            ledger.book(0, short(0, 1, Arm::Rotating), None);
        }
        assert_eq!(ledger.lost(), 50);
    }
}
