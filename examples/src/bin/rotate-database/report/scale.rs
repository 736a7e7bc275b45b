//! From figures to places on the chart.

use crate::ledger::{Bucket, GRAIN};
use crate::timeline::{Life, Moment};

/// Columns of the chart: one for each bucket, or for several in a long run.
const MAX_COLUMNS: usize = 560;

/// One or several buckets.
pub(super) struct Column {
    pub from: f64,
    pub to: f64,
    pub bucket: Bucket,
}

impl Column {
    pub(super) fn seconds(&self) -> f64 {
        self.to - self.from
    }

    pub(super) fn rate(&self, queries: u32) -> f64 {
        f64::from(queries) / self.seconds()
    }
}

/// Neighbours are put together until there are few enough; a latency is then the worst of them.
pub(super) fn columns(buckets: &[Bucket]) -> Vec<Column> {
    let each = buckets.len().div_ceil(MAX_COLUMNS).max(1);
    let grain = GRAIN.as_secs_f64();
    let merge = |(number, buckets): (usize, &[Bucket])| {
        let from = (number * each) as f64 * grain;
        let mut merged = Bucket::default();
        for bucket in buckets {
            merged.rotating += bucket.rotating;
            merged.fixed += bucket.fixed;
            merged.failed += bucket.failed;
            merged.p50 = merged.p50.max(bucket.p50);
            merged.p99 = merged.p99.max(bucket.p99);
        }
        Column { from, to: from + buckets.len() as f64 * grain, bucket: merged }
    };
    buckets.chunks(each).enumerate().map(merge).collect()
}

/// The first lane that is free again, for each life; a lane is free a little after its bar.
pub(super) fn lanes(lives: &[Life], length: Moment) -> Vec<usize> {
    let mut free: Vec<Moment> = Vec::new();
    let mut taken = Vec::new();
    for life in lives {
        let end = life.end(length) + length / 200;
        let lane = free.iter().position(|until| *until <= life.begin()).unwrap_or(free.len());
        if lane == free.len() {
            free.push(end);
        } else {
            free[lane] = end;
        }
        taken.push(lane);
    }
    taken
}

/// A round number that is not less, and a step that divides it in four to eight.
pub(super) fn nice(most: f64) -> (f64, f64) {
    let power = 10f64.powf(most.log10().floor());
    let step = [0.2, 0.25, 0.5, 1.0, 2.0, 2.5].into_iter().map(|part| part * power);
    let step = step.into_iter().find(|step| most / step <= 6.0).unwrap_or(power);
    ((most / step).ceil() * step, step)
}

pub(super) fn decade(power: i32) -> String {
    match power {
        ..3 => format!("{} µs", 10u64.pow(power.max(0).unsigned_abs())),
        3..6 => format!("{} ms", 10u64.pow((power - 3).unsigned_abs())),
        _ => format!("{} s", 10u64.pow((power - 6).unsigned_abs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::tests::{ms, two_rotations};

    #[test]
    fn axes_end_at_round_numbers() {
        assert_eq!(nice(420.0), (500.0, 100.0));
        assert_eq!(nice(7.0), (8.0, 2.0));
        assert_eq!(nice(16.2), (20.0, 5.0));
        assert_eq!(
            (decade(2), decade(3), decade(5), decade(6)),
            ("100 µs".into(), "1 ms".into(), "100 ms".into(), "1 s".into())
        );
    }

    #[test]
    fn a_long_run_is_drawn_in_a_bounded_number_of_columns() {
        let mut buckets = vec![Bucket { rotating: 5, ..Bucket::default() }; 10_000];
        buckets[17].p99 = Some(9_000);
        let columns = columns(&buckets);
        assert!(columns.len() <= MAX_COLUMNS, "{}", columns.len());
        assert_eq!(columns.iter().map(|column| column.bucket.rotating).sum::<u32>(), 50_000);
        assert_eq!(columns[0].bucket.p99, Some(9_000), "the worst is kept");
        assert!((columns.last().unwrap().to - 1_000.0).abs() < 1e-6);
    }

    #[tokio::test]
    async fn lives_that_overlap_lie_in_different_lanes() {
        let timeline = two_rotations();
        assert_eq!(lanes(&timeline.lives, ms(7_000)), [0, 1, 0]);
    }
}
