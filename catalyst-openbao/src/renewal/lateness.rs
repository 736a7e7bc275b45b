//! How late renewals began.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// By powers of two of a microsecond: up to an hour, and whatever is later.
const STEPS: usize = 32;

/// Counts by how late it was: exact for the latest, to the next power of two for the others.
#[derive(Debug, Default)]
pub(super) struct Lateness {
    steps: [AtomicU64; STEPS],
    latest_us: AtomicU64,
}

impl Lateness {
    pub(super) fn note(&self, late: Duration) {
        let micros = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        // The number of bits: what is below 2^n is in the steps up to n.
        let step = (u64::BITS - micros.leading_zeros()) as usize;
        self.steps[step.min(STEPS - 1)].fetch_add(1, Ordering::Relaxed);
        self.latest_us.fetch_max(micros, Ordering::Relaxed);
    }

    pub(super) fn latest(&self) -> Duration {
        Duration::from_micros(self.latest_us.load(Ordering::Relaxed))
    }

    /// What `percent` of all were not later than.
    pub(super) fn within(&self, percent: u64) -> Duration {
        let counts = self.steps.each_ref().map(|step| step.load(Ordering::Relaxed));
        let wanted = (counts.iter().sum::<u64>() * percent).div_ceil(100);
        let mut seen = 0;
        for (step, count) in counts.iter().enumerate().take(STEPS - 1) {
            seen += count;
            if seen >= wanted {
                return Duration::from_micros((1 << step) - 1).min(self.latest());
            }
        }
        self.latest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_are_told_from_the_latest() {
        let late = Lateness::default();
        assert_eq!((late.within(50), late.latest()), (Duration::ZERO, Duration::ZERO));
        for _ in 0..99 {
            late.note(Duration::from_micros(900));
        }
        late.note(Duration::from_millis(70));
        // 900 µs are below 1,024 µs.
        assert_eq!([50, 99].map(|percent| late.within(percent)), [Duration::from_micros(1023); 2]);
        assert_eq!([late.within(100), late.latest()], [Duration::from_millis(70); 2]);
        late.note(Duration::MAX);
        assert_eq!(late.latest(), Duration::from_micros(u64::MAX));
    }
}
