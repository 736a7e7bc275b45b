//! How many secrets are looked at in a second.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Lets one through after the other, so far apart; without a limit, all at once.
#[derive(Debug)]
pub(super) struct Pace {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// At most so many in a second; zero means as many as there are.
    pub(super) fn per_second(limit: u32) -> Self {
        let gap = if limit == 0 { Duration::ZERO } else { Duration::from_secs(1) / limit };
        Self { gap, next: Mutex::new(None) }
    }

    pub(super) async fn turn(&self) {
        if self.gap.is_zero() {
            return;
        }
        let at = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let at = next.map_or_else(Instant::now, |at| at.max(Instant::now()));
            *next = Some(at + self.gap);
            at
        };
        sleep_until(at).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_hundred_a_second_take_their_time_and_no_limit_takes_none() {
        let (start, pace) = (Instant::now(), Pace::per_second(100));
        for _ in 0..201 {
            pace.turn().await;
        }
        assert_eq!(start.elapsed().as_secs(), 2);
        let (start, free) = (Instant::now(), Pace::per_second(0));
        free.turn().await;
        assert!(start.elapsed().is_zero());
    }
}
