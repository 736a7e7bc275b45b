//! What is printed: one line for each thing that a person wants to know. Never a value.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use catalyst_openbao::replicate::{ReplicaEvent, ReplicaLag, ReplicaObserver, SweepReport};

/// Prints a line; where nobody reads any more, it is lost.
pub(crate) fn line(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// Prints conflicts and failures as they happen, and counts the rest.
#[derive(Debug, Default)]
pub(crate) struct Printed {
    copied: AtomicUsize,
    removed: AtomicUsize,
}

impl Printed {
    /// What was copied and removed since it was asked last.
    pub(crate) fn take(&self) -> (usize, usize) {
        (self.copied.swap(0, Ordering::Relaxed), self.removed.swap(0, Ordering::Relaxed))
    }
}

impl ReplicaObserver for Printed {
    fn event(&self, event: &ReplicaEvent) {
        match event {
            ReplicaEvent::Copied { versions, .. } => {
                self.copied.fetch_add(*versions, Ordering::Relaxed);
            }
            ReplicaEvent::Removed { .. } => {
                self.removed.fetch_add(1, Ordering::Relaxed);
            }
            ReplicaEvent::Conflict { target, path, conflict } => {
                line(&format!("{target}: {path}: left alone: {conflict}"));
            }
            ReplicaEvent::PolicyCopied { target, policy } => {
                line(&format!("{target}: policy {policy} copied"));
            }
            ReplicaEvent::PolicyRemoved { target, policy } => {
                line(&format!("{target}: policy {policy} removed"));
            }
            ReplicaEvent::PolicyConflict { target, policy } => {
                line(&format!("{target}: policy {policy}: left alone: somebody changed it there"));
            }
            ReplicaEvent::Failed { target, error } => line(&format!("{target}: {error}; trying again")),
            _ => {}
        }
    }
}

/// What a look at everything did.
pub(crate) fn swept(report: &SweepReport) -> String {
    format!(
        "{} secrets, {} copied, {} removed, {} policies, {} conflicts in {:.1} s",
        report.secrets,
        report.copied,
        report.removed,
        report.policies,
        report.conflicts,
        report.took.as_secs_f64()
    )
}

/// How far a secondary is behind.
pub(crate) fn lag(lag: &ReplicaLag) -> String {
    let span = |span: Option<Duration>| {
        span.map_or_else(|| "unknown".to_owned(), |span| format!("{:.2} s", span.as_secs_f64()))
    };
    format!(
        "{}: journals {}, everything {}, {} secrets behind, {} conflicts",
        lag.target,
        span(lag.journal),
        span(lag.sweep),
        lag.behind,
        lag.conflicts
    )
}
