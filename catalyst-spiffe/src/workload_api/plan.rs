//! The supervisor's decisions, without its doing: when to ask again, when to stop trusting a silent stream, how
//! loudly to complain.

use std::time::{Duration, SystemTime};

use catalyst_core::{Backoff, Jitter};

/// A session counts as good once an update was accepted and it then lived this long.
const SETTLED: Duration = Duration::from_secs(1);

/// How a session with the agent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It never began, broke, ended, fell silent, or carried something unreadable.
    Failed,
    /// The agent said that it has no identity for us.
    Denied,
}

/// The pauses between sessions.
#[derive(Clone, Debug)]
pub(super) struct Ladder {
    failed: u32,
    denied: u32,
    jitter: Jitter,
}

impl Ladder {
    const FAILED: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    const DENIED: Backoff =
        Backoff::new(Duration::from_secs(1), Duration::from_secs(10)).floor(Duration::from_secs(1));

    pub(super) fn new(jitter: Jitter) -> Self {
        Self { failed: 0, denied: 0, jitter }
    }

    /// The pause before the next session. `lived` is the time from the last session's first accepted update to its
    /// end, if it had one.
    pub(super) fn pause(&mut self, ending: Ending, lived: Option<Duration>) -> Duration {
        if lived.is_some_and(|lived| lived >= SETTLED) {
            (self.failed, self.denied) = (0, 0);
        }
        let (backoff, failures) = match ending {
            Ending::Failed => (Self::FAILED, &mut self.failed),
            Ending::Denied => (Self::DENIED, &mut self.denied),
        };
        *failures = failures.saturating_add(1);
        backoff.delay(*failures, self.jitter.draw())
    }
}

/// How long to wait for the next update after one was received at `now`: until 60 % of the SVID's life are over, for
/// it is renewed at half of it. When that has passed, a quarter of what is left, so that a lasting outage of the
/// server behind the agent is followed without a storm; never less than a twentieth of the life within 1 to 30 s.
pub(super) fn watchdog(now: SystemTime, not_before: SystemTime, not_after: SystemTime) -> Duration {
    const LONGEST: Duration = Duration::from_secs(24 * 3600);
    let life = not_after.duration_since(not_before).unwrap_or(Duration::ZERO);
    let left = not_after.duration_since(now).unwrap_or(Duration::ZERO);
    let until_suspicious = left.saturating_sub(life * 2 / 5);
    let floor = (life / 20).clamp(Duration::from_secs(1), Duration::from_secs(30));
    until_suspicious.max(left / 4).max(floor).min(LONGEST)
}

/// How loudly a failure is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Volume {
    /// It repeats what was said.
    Quiet,
    /// It is new.
    Warn,
    /// The identity will end, or has ended, before anybody can look: said once per outage.
    Alarm,
}

/// Says a thing three times and then goes on quietly until it changes.
#[derive(Debug, Default)]
pub(super) struct Damper {
    same: u32,
    code: Option<&'static str>,
    alarmed: bool,
}

impl Damper {
    /// `remaining` and `life` are those of the SVID in use, if there is one.
    pub(super) fn failed(
        &mut self,
        code: Option<&'static str>,
        remaining: Option<(Duration, Duration)>,
    ) -> Volume {
        self.same = if self.same > 0 && self.code == code { self.same.saturating_add(1) } else { 1 };
        self.code = code;
        let ending = remaining.is_some_and(|(left, life)| left < life * 3 / 10);
        if ending && !std::mem::replace(&mut self.alarmed, true) {
            Volume::Alarm
        } else if self.same <= 3 {
            Volume::Warn
        } else {
            Volume::Quiet
        }
    }

    /// Returns whether there was something to recover from.
    pub(super) fn recovered(&mut self) -> bool {
        std::mem::take(self).same > 0
    }
}

#[cfg(test)]
mod tests {
    use super::Volume::{Alarm, Quiet, Warn};
    use super::*;
    use proptest::prelude::*;

    const MILLI: Duration = Duration::from_millis(1);

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn pauses_double_and_start_over_only_after_a_settled_session() {
        let mut ladder = Ladder::new(Jitter::Fixed(1.0));
        let pauses: Vec<u128> =
            (0..8).map(|_| ladder.pause(Ending::Failed, Some(999 * MILLI)).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(ladder.pause(Ending::Failed, Some(SETTLED)), 100 * MILLI);
    }

    #[test]
    fn denials_have_their_own_ladder() {
        let mut ladder = Ladder::new(Jitter::Fixed(1.0));
        let pauses: Vec<u64> = (0..6).map(|_| ladder.pause(Ending::Denied, None).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 10, 10]);
        assert_eq!(ladder.pause(Ending::Failed, None), 100 * MILLI);
    }

    #[test]
    fn a_five_minute_svid_is_given_until_60_percent_and_then_ever_less() {
        let (from, to) = (at(1000), at(1310));
        assert_eq!(watchdog(at(1010), from, to).as_secs(), 176);
        assert_eq!(watchdog(at(1186), from, to).as_secs(), 31);
        assert_eq!(watchdog(at(1300), from, to).as_millis(), 15_500);
        assert_eq!(watchdog(at(2000), from, to).as_millis(), 15_500);
    }

    #[test]
    fn the_same_complaint_is_made_three_times_and_the_alarm_once() {
        let mut damper = Damper::default();
        let fine = Some((200 * MILLI, 300 * MILLI));
        let volumes: Vec<_> = (0..5).map(|_| damper.failed(Some("agent_down"), fine)).collect();
        assert_eq!(volumes, [Warn, Warn, Warn, Quiet, Quiet]);
        assert_eq!(damper.failed(Some("no_socket"), fine), Warn);
        let ending = Some((80 * MILLI, 300 * MILLI));
        assert_eq!(damper.failed(Some("no_socket"), ending), Alarm);
        assert_eq!(damper.failed(Some("no_socket"), ending), Warn);
        assert_eq!(damper.failed(Some("no_socket"), ending), Quiet);
        assert!(damper.recovered() && !damper.recovered());
        assert_eq!(damper.failed(Some("no_socket"), ending), Alarm);
    }

    proptest! {
        #[test]
        fn no_sequence_of_endings_makes_the_source_spin(endings in proptest::collection::vec((any::<bool>(), 0u64..1_000), 1..200), jitter in 0.0f64..1.0) {
            let mut ladder = Ladder::new(Jitter::Fixed(jitter));
            for (denied, lived) in endings {
                let ending = if denied { Ending::Denied } else { Ending::Failed };
                let pause = ladder.pause(ending, Some(MILLI * u32::try_from(lived).unwrap()));
                let (floor, cap) = if denied { (1_000, 10_000) } else { (25, 5_000) };
                prop_assert!(pause >= floor * MILLI && pause <= cap * MILLI);
            }
        }

        #[test]
        fn the_watchdog_neither_spins_nor_sleeps_past_the_end(start in 0u64..1_000_000, life in 1u64..10_000_000, elapsed in 0u64..20_000_000) {
            let (from, to, now) = (at(start), at(start + life), at(start + elapsed));
            let wait = watchdog(now, from, to);
            prop_assert!(wait >= Duration::from_secs(1));
            // A fresh SVID is looked at while at least 40 % of its life are left, unless it is too short for that.
            let left = Duration::from_secs(life.saturating_sub(elapsed));
            prop_assert!(wait <= left.max(Duration::from_secs(30)));
        }
    }
}
