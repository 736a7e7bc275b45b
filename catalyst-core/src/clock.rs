//! Wall time that a test can move.
//!
//! Deadlines are kept on tokio's monotonic clock, which tests pause. What is written into certificates and tokens
//! is wall time, and comes from here.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Tells the wall time. Cheap to clone.
///
/// ```
/// use std::time::Duration;
/// use catalyst_core::Clock;
///
/// let (clock, hand) = Clock::manual();
/// let before = clock.now();
/// hand.advance(Duration::from_secs(60));
/// assert_eq!(clock.now(), before + Duration::from_secs(60));
/// ```
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Manual(Arc<Mutex<SystemTime>>),
}

/// Moves a manual [`Clock`].
#[derive(Clone, Debug)]
pub struct ClockHand(Arc<Mutex<SystemTime>>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until its hand is moved; it starts at the machine's time.
    pub fn manual() -> (Self, ClockHand) {
        let time = Arc::new(Mutex::new(system_now()));
        (Self(Source::Manual(Arc::clone(&time))), ClockHand(time))
    }

    /// The time now.
    pub fn now(&self) -> SystemTime {
        match &self.0 {
            Source::System => system_now(),
            Source::Manual(time) => *time.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// What is left until `end`; zero if it is past.
    pub fn until(&self, end: SystemTime) -> Duration {
        end.duration_since(self.now()).unwrap_or(Duration::ZERO)
    }
}

impl ClockHand {
    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::System => "Clock(system)",
            Source::Manual(_) => "Clock(manual)",
        })
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn system_now() -> SystemTime {
    SystemTime::now()
}
