//! The model's time.
//!
//! It runs on tokio's monotonic clock, so a paused test moves it, plus what [`ModelClock::advance`] has added. Wall
//! time, which stands in timestamps, is derived from the same clock and moves with it.

use std::time::{Duration, SystemTime};

use catalyst_core::Clock;
use tokio::time::Instant;

#[derive(Clone, Copy, Debug)]
pub(super) struct ModelClock {
    start: Instant,
    start_wall: SystemTime,
    ahead: Duration,
}

impl ModelClock {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), start_wall: Clock::system().now(), ahead: Duration::ZERO }
    }

    pub(super) fn now(&self) -> Instant {
        Instant::now() + self.ahead
    }

    /// Moves this clock ahead of tokio's for good.
    pub(super) fn advance(&mut self, by: Duration) {
        self.ahead += by;
    }

    /// When a moment of this clock comes on tokio's own.
    pub(super) fn on_tokio(&self, at: Instant) -> Instant {
        at.checked_sub(self.ahead).unwrap_or(self.start)
    }

    pub(super) fn wall(&self, at: Instant) -> SystemTime {
        self.start_wall + at.saturating_duration_since(self.start)
    }

    pub(super) fn unix(&self, at: Instant) -> i64 {
        let since = self.wall(at).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    }

    /// As the server writes it: RFC 3339 in UTC with nanoseconds.
    pub(super) fn text(&self, at: Instant) -> String {
        humantime::format_rfc3339_nanos(self.wall(at)).to_string()
    }
}

/// Whole seconds as the server answers them: rounded to the nearest.
pub(super) fn seconds(duration: Duration) -> u64 {
    (duration + Duration::from_millis(500)).as_secs()
}

/// A duration as Go prints it, in whole seconds: `1h`, `1m40s`, `28s`.
pub(super) fn go_text(duration: Duration) -> String {
    let total = seconds(duration);
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60);
    let mut text = String::new();
    for (amount, unit) in [(hours, "h"), (minutes, "m"), (rest, "s")] {
        if amount > 0 {
            text += &amount.to_string();
            text += unit;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_printed_as_the_server_does() {
        for (secs, text) in [(0, "0s"), (28, "28s"), (60, "1m"), (100, "1m40s"), (3600, "1h"), (3601, "1h1s")]
        {
            assert_eq!(go_text(Duration::from_secs(secs)), text);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn wall_time_moves_with_the_paused_clock_and_with_the_hand() {
        let mut clock = ModelClock::new();
        let before = clock.unix(clock.now());
        tokio::time::advance(Duration::from_secs(5)).await;
        clock.advance(Duration::from_secs(10));
        assert_eq!(clock.unix(clock.now()) - before, 15);
        assert_eq!(clock.on_tokio(clock.now()), Instant::now());
    }
}
