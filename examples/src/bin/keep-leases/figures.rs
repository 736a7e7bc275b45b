//! The figures of a run.

use std::fmt;
use std::time::Duration;

use catalyst_openbao::KeeperReport;
use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    pub leases: u32,
    pub due_per_second: u32,
    pub lease_ttl_s: u64,
    /// How fast they were made.
    pub made_per_second: f64,
    /// While all were kept.
    pub renewed_per_second: f64,
    pub renewed: u64,
    /// Tries that were repeated.
    pub failed: u64,
    /// Leases that were lost, by the keeper or at the database.
    pub lost: usize,
    pub late_p50_ms: f64,
    pub late_p99_ms: f64,
    pub late_most_ms: f64,
    /// Of one core, while renewals went on, and while nothing was due.
    pub busy_cpu_percent: f64,
    pub idle_cpu_percent: f64,
    /// By what the process grew from the first lease to the last, whatever for.
    pub resident_bytes_per_lease: u64,
}

impl Figures {
    pub(crate) fn late(&mut self, report: &KeeperReport) {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        (self.renewed, self.failed) = (report.renewed, report.failed);
        self.late_p50_ms = ms(report.late_p50);
        self.late_p99_ms = ms(report.late_p99);
        self.late_most_ms = ms(report.latest);
    }

    /// Whether what is promised was kept.
    pub(crate) fn in_time(&self) -> bool {
        self.lost == 0 && self.late_most_ms < 1e3
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} leases of {} s, made at {:.0} a second",
            self.leases, self.lease_ttl_s, self.made_per_second
        )?;
        writeln!(
            f,
            "{} renewals at {:.0} a second, {} tries repeated, {} leases lost",
            self.renewed, self.renewed_per_second, self.failed, self.lost
        )?;
        writeln!(
            f,
            "late by {:.1} ms for half of them, {:.1} ms for all but one in a hundred, {:.1} ms at most",
            self.late_p50_ms, self.late_p99_ms, self.late_most_ms
        )?;
        write!(
            f,
            "{:.1} % of a core at that, {:.3} % while nothing is due; {} bytes of the process each",
            self.busy_cpu_percent, self.idle_cpu_percent, self.resident_bytes_per_lease
        )
    }
}
