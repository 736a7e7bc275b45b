//! When the operator looks again.

use std::time::Duration;

use super::yaml::Map;

/// When the operator reads the store again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refresh {
    /// At this interval, in whole seconds and at least one.
    Every(Duration),
    /// When the manifest changes. Operators before 0.16 refuse the field `refreshPolicy`.
    OnChange,
    /// Never again once the secret is made. Operators before 0.16 refuse the field `refreshPolicy`.
    CreatedOnce,
}

impl Default for Refresh {
    /// Hourly, as the operator does.
    fn default() -> Self {
        Self::Every(Duration::from_secs(3600))
    }
}

impl From<Duration> for Refresh {
    fn from(interval: Duration) -> Self {
        Self::Every(interval)
    }
}

impl Refresh {
    pub(super) fn write(self, spec: Map) -> Map {
        match self {
            Self::Every(span) => spec.field("refreshInterval", interval(span)),
            Self::OnChange => spec.field("refreshPolicy", "OnChange"),
            Self::CreatedOnce => spec.field("refreshPolicy", "CreatedOnce"),
        }
    }
}

/// As Go reads durations.
pub(super) fn interval(span: Duration) -> String {
    match span.as_secs().clamp(1, LONGEST_SECONDS) {
        seconds if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}

/// Go's durations end after 292 years; a hundred will do.
const LONGEST_SECONDS: u64 = 100 * 365 * 24 * 3600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_written_as_go_reads_them() {
        for (seconds, shown) in [(0, "1s"), (90, "90s"), (300, "5m"), (7200, "2h"), (u64::MAX, "876000h")] {
            assert_eq!(interval(Duration::from_secs(seconds)), shown);
        }
    }
}
