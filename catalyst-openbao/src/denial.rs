//! Refusals of a token that is good: how often a new login is tried for them.

use std::time::Duration;

use tokio::time::Instant;

/// The first pause between two such logins; it doubles each time that the login did not help.
const FIRST: Duration = Duration::from_secs(60);
/// The longest.
const LONGEST: Duration = Duration::from_secs(3600);

#[derive(Debug)]
pub(crate) struct Denials {
    /// The session that was last found to be good, and when.
    alive: Option<(u64, Instant)>,
    not_before: Option<Instant>,
    pause: Duration,
}

impl Default for Denials {
    fn default() -> Self {
        Self { alive: None, not_before: None, pause: FIRST }
    }
}

impl Denials {
    /// Whether the session was found to be good after `asked`.
    pub(crate) fn knows_alive(&self, session: u64, asked: Instant) -> bool {
        self.alive.is_some_and(|(id, when)| id == session && when >= asked)
    }

    pub(crate) fn alive(&mut self, session: u64, now: Instant) {
        self.alive = Some((session, now));
    }

    /// Whether a new login may be tried now; then the next one may be only after the pause.
    pub(crate) fn may_log_in(&mut self, now: Instant) -> bool {
        if self.not_before.is_some_and(|moment| now < moment) {
            return false;
        }
        self.not_before = Some(now + self.pause);
        true
    }

    /// Whether the new login helped.
    pub(crate) fn tried_again(&mut self, was_cured: bool, now: Instant) {
        if was_cured {
            self.pause = FIRST;
        } else {
            self.pause = (self.pause * 2).min(LONGEST);
            self.not_before = self.not_before.max(Some(now + self.pause));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn logins_that_do_not_help_become_rare() {
        let (mut denials, start) = (Denials::default(), Instant::now());
        let mut logins = 0;
        for second in 0..86_400 {
            let now = start + Duration::from_secs(second);
            if denials.may_log_in(now) {
                logins += 1;
                denials.tried_again(false, now);
            }
        }
        assert!((20..40).contains(&logins), "{logins}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_login_that_helped_shortens_the_pause_again() {
        let (mut denials, now) = (Denials::default(), Instant::now());
        for _ in 0..10 {
            denials.tried_again(false, now);
        }
        denials.tried_again(true, now);
        let later = now + LONGEST;
        assert!(denials.may_log_in(later));
        assert!(!denials.may_log_in(later + FIRST / 2));
        assert!(denials.may_log_in(later + FIRST));
    }
}
