//! How long to wait before trying again: exponential, with full jitter, pure.

use std::time::Duration;

/// Delays that double from `base` to `cap`, each drawn between `floor` and that value.
///
/// Full jitter spreads the clients of a server that just came back; the floor keeps a loop from spinning.
///
/// ```
/// use std::time::Duration;
/// use catalyst_core::Backoff;
///
/// let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
/// assert_eq!(backoff.delay(3, 1.0), Duration::from_millis(400));
/// assert!(backoff.delay(30, 1.0) <= Duration::from_secs(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
    floor: Duration,
}

impl Backoff {
    /// Doubles from `base` up to `cap`; the floor is a quarter of the base.
    pub const fn new(base: Duration, cap: Duration) -> Self {
        #[allow(clippy::cast_possible_truncation, reason = "exact for the first half a million years")]
        let micros = base.as_micros() as u64;
        Self { base, cap, floor: Duration::from_micros(micros / 4) }
    }

    /// Never waits less than `floor`.
    #[must_use]
    pub const fn floor(mut self, floor: Duration) -> Self {
        self.floor = floor;
        self
    }

    /// Never waits more than `limit` either, unless that is below the floor.
    #[must_use]
    pub fn shorten(mut self, limit: Duration) -> Self {
        self.cap = self.cap.min(limit).max(self.floor);
        self
    }

    /// The delay after `failures` failures in a row (1 is the first), with `jitter` in `[0, 1]`; what lies outside
    /// is clamped.
    pub fn delay(&self, failures: u32, jitter: f64) -> Duration {
        let doubled =
            self.base.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
        let ceiling = doubled.min(self.cap).max(self.floor);
        let share = if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 1.0 };
        self.floor + ceiling.saturating_sub(self.floor).mul_f64(share)
    }
}

/// Where the randomness of a delay comes from; tests fix it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Jitter {
    /// A fresh number for each draw.
    #[default]
    Random,
    /// Always this one.
    Fixed(f64),
}

impl Jitter {
    /// A number in `[0, 1)`, or the fixed one.
    pub fn draw(self) -> f64 {
        match self {
            Self::Random => fastrand::f64(),
            Self::Fixed(share) => share,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_delay_lies_between_floor_and_cap(failures in 0u32..200, jitter in 0.0f64..=1.0, base in 1u64..5_000, cap in 1u64..100_000) {
            let (base, cap) = (Duration::from_millis(base), Duration::from_millis(base.max(cap)));
            let backoff = Backoff::new(base, cap);
            let delay = backoff.delay(failures, jitter);
            prop_assert!(delay <= cap && delay >= base / 4);
        }

        #[test]
        fn without_jitter_delays_never_shrink(failures in 1u32..60) {
            let backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(60));
            prop_assert!(backoff.delay(failures, 1.0) <= backoff.delay(failures + 1, 1.0));
        }
    }
}
