//! The figures of a run, as one line of JSON and as a few lines of text.

use std::time::Duration;

use serde::Serialize;

use crate::options::Options;
use crate::progress::{grouped, millis};
use crate::run::{Record, percentile};

/// What `--json` prints. Latencies are those of the short queries.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Summary {
    pub mode: &'static str,
    pub pool: &'static str,
    pub tasks: u16,
    pub pool_size: u16,
    pub lease_ttl_s: u64,
    pub seconds: f64,
    /// On both arms.
    pub queries: u64,
    pub failed: u64,
    pub first_error: Option<String>,
    pub rotations: usize,
    pub rotations_wanted: u32,
    pub p50_us: Option<u64>,
    pub p99_us: Option<u64>,
    pub p99_near_rotation_us: Option<u64>,
    pub p99_static_us: Option<u64>,
    /// Near a rotation, against the static credential.
    pub p99_ratio: Option<f64>,
    pub queries_near_rotation: u64,
    pub queries_static: u64,
    /// This process per query; with the fakes, their work is in it.
    pub cpu_us_per_query_static: Option<f64>,
    /// All that this process used, against what the same queries cost on the static credential.
    pub cpu_ratio: Option<f64>,
    pub min_overlap_ms: Option<u64>,
    /// Old pools that had to be taken from somebody who still used them.
    pub ended_in_use: usize,
    /// Users who should be gone by now and are not.
    pub old_users_left: usize,
    /// Queries that were counted but not measured.
    pub unmeasured: u64,
}

impl Summary {
    pub(crate) fn new(options: &Options, record: &Record, old_users_left: usize) -> Self {
        let figures = &record.figures;
        let near = percentile(&figures.near, 99.0);
        let fixed = percentile(&figures.fixed, 99.0);
        let each = per_query(record.cost.fixed, figures.queries_fixed);
        let queries = figures.queries_rotating + figures.queries_fixed;
        let all = per_query(record.cost.rotating + record.cost.fixed, queries).unwrap_or_default();
        let ratio = near.zip(fixed).filter(|(_, fixed)| *fixed > 0);
        Self {
            mode: options.mode(),
            pool: options.pool_name(),
            tasks: options.tasks,
            pool_size: options.pool_size,
            lease_ttl_s: options.lease_ttl,
            seconds: rounded(record.loaded.as_secs_f64()),
            queries: record.queries,
            failed: record.failed,
            first_error: record.failures.first().map(|(text, _)| text.clone()),
            rotations: record.swaps().len(),
            rotations_wanted: options.rotations,
            p50_us: percentile(&figures.rotating, 50.0),
            p99_us: percentile(&figures.rotating, 99.0),
            p99_near_rotation_us: near,
            p99_static_us: fixed,
            p99_ratio: ratio.map(|(near, fixed)| rounded(near as f64 / fixed as f64)),
            queries_near_rotation: figures.near.len(),
            queries_static: figures.queries_fixed,
            cpu_us_per_query_static: each.map(rounded),
            cpu_ratio: each.filter(|each| *each > 0.0).map(|each| rounded(all / each)),
            min_overlap_ms: record.timeline.min_overlap(record.loaded).map(whole_millis),
            ended_in_use: record.timeline.ended_in_use(),
            old_users_left,
            unmeasured: record.lost,
        }
    }

    /// Whether nobody noticed: no query failed, no user was left behind, and the rotations took place.
    pub(crate) fn passed(&self) -> bool {
        let enough = u32::try_from(self.rotations).is_ok_and(|rotations| rotations >= self.rotations_wanted);
        self.failed == 0 && self.old_users_left == 0 && enough
    }

    /// The result in one sentence.
    pub(crate) fn verdict(&self) -> String {
        let failed = match self.failed {
            0 => "no query failed".to_owned(),
            1 => "1 query failed".to_owned(),
            many => format!("{} queries failed", grouped(many)),
        };
        let left = match self.old_users_left {
            0 => "no old user is left".to_owned(),
            1 => "1 old user was left behind".to_owned(),
            many => format!("{many} old users were left behind"),
        };
        format!("{} rotations under {} queries: {failed}, {left}.", self.rotations, grouped(self.queries))
    }

    /// The rest, for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let time = |value: Option<u64>| value.map_or("–".to_owned(), millis);
        let ratio = self.p99_ratio.map_or(String::new(), |ratio| format!(", {ratio:.2} times as much"));
        let mut lines = vec![
            self.verdict(),
            format!("  short queries: p50 {}, p99 {}", time(self.p50_us), time(self.p99_us)),
            format!(
                "  p99 within half a second of a swap {}, with a credential that never changes {}{ratio}",
                time(self.p99_near_rotation_us),
                time(self.p99_static_us),
            ),
        ];
        if let Some(ratio) = self.cpu_ratio {
            lines.push(format!("  CPU of this process: {ratio:.2} times as much as with that credential"));
        }
        if let Some(overlap) = self.min_overlap_ms {
            lines.push(format!("  old and new user were good together for at least {overlap} ms"));
        }
        if self.ended_in_use > 0 {
            lines.push(format!("  {} old pools were ended while in use", self.ended_in_use));
        }
        if let Some(error) = &self.first_error {
            lines.push(format!("  most frequent failure: {error}"));
        }
        lines
    }
}

fn per_query(cost: Duration, queries: u64) -> Option<f64> {
    (queries > 0).then(|| cost.as_secs_f64() * 1e6 / queries as f64)
}

fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
