//! One login's token, for as long as it serves.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalyst_core::Secret;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::{SessionKeeper, Standing};

/// What a login or a renewal granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    /// Taken before the request was sent.
    pub(crate) issued_at: Instant,
    /// None: it never ends.
    pub(crate) ttl: Option<Duration>,
    /// Whether it may be prolonged, and will be.
    pub(crate) renewable: bool,
}

impl Term {
    pub(crate) fn expires_at(&self) -> Option<Instant> {
        self.ttl.and_then(|ttl| self.issued_at.checked_add(ttl))
    }

    fn standing(&self) -> Standing {
        if self.renewable || self.ttl.is_none() { Standing::Lasting } else { Standing::Ending }
    }
}

/// A token with its session.
pub(crate) struct Token {
    pub(crate) secret: Secret,
    /// Whether it was made for us, so that we revoke it.
    pub(crate) ours: bool,
    pub(crate) keeper: SessionKeeper,
    /// What a login gives when it is fresh; a renewal that gives less was clipped.
    granted: Option<Duration>,
    term: Mutex<Term>,
}

impl Token {
    pub(crate) fn new(secret: Secret, term: Term, ours: bool, released: &Arc<Notify>) -> Self {
        let keeper = SessionKeeper::notifying(term.expires_at(), term.standing(), Arc::clone(released));
        Self { secret, ours, keeper, granted: term.ttl, term: Mutex::new(term) }
    }

    pub(crate) fn id(&self) -> u64 {
        self.keeper.id()
    }

    pub(crate) fn term(&self) -> Term {
        *self.term.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what a renewal gave. Less than a fresh login gives means that the maximum was reached: it is the
    /// last renewal.
    pub(crate) fn renewed(&self, mut term: Term) {
        if self.granted.is_some() {
            // Less than a second is written like never.
            term.ttl = term.ttl.or(Some(Duration::ZERO));
        }
        let clipped = match (term.ttl, self.granted) {
            // A second is lost to rounding.
            (Some(ttl), Some(granted)) => ttl + Duration::from_secs(1) < granted,
            _ => false,
        };
        term.renewable &= !clipped;
        *self.term.lock().unwrap_or_else(PoisonError::into_inner) = term;
        self.keeper.set(term.expires_at(), term.standing());
    }

    /// A newer login has taken its place.
    pub(crate) fn superseded(&self) {
        self.keeper.set(self.term().expires_at(), Standing::Ending);
    }

    /// It was refused or revoked.
    pub(crate) fn lost(&self) {
        self.keeper.set(self.term().expires_at(), Standing::Lost);
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.keeper.state().standing == Standing::Lost
    }

    pub(crate) fn has_ended(&self, now: Instant) -> bool {
        self.term().expires_at().is_some_and(|end| end <= now)
    }

    pub(crate) fn can_be_renewed(&self, now: Instant) -> bool {
        self.term().renewable && !self.is_lost() && !self.has_ended(now)
    }

    /// Whether it lives as long as a lease of `needed`, or about as long as a fresh login would: a tenth is no
    /// reason to replace a session, and all its leases with it.
    pub(crate) fn outlives(&self, needed: Duration, now: Instant) -> bool {
        let (Some(end), Some(granted)) = (self.term().expires_at(), self.granted) else {
            return true;
        };
        end.saturating_duration_since(now) >= needed.min(granted).mul_f64(0.9)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("session", &self.id())
            .field("term", &self.term())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn token(ttl: Option<Duration>, renewable: bool) -> Token {
        let term = Term { issued_at: Instant::now(), ttl, renewable };
        Token::new(Secret::new("t"), term, true, &Arc::new(Notify::new()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_clipped_renewal_is_the_last_and_the_session_ends_with_it() {
        let token = token(Some(MINUTE), true);
        assert_eq!(token.keeper.state().standing, Standing::Lasting);
        let full = Term { issued_at: Instant::now(), ttl: Some(MINUTE), renewable: true };
        token.renewed(full);
        assert_eq!(token.keeper.state().standing, Standing::Lasting);
        token.renewed(Term { ttl: Some(MINUTE / 2), ..full });
        let state = token.keeper.state();
        assert_eq!((state.standing, state.expires_at), (Standing::Ending, Some(full.issued_at + MINUTE / 2)));
        assert!(!token.term().renewable);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_needs_a_session_that_lives_as_long_or_as_long_as_any() {
        let token = token(Some(MINUTE * 60), true);
        let now = Instant::now();
        assert!(token.outlives(MINUTE * 60, now + MINUTE * 5));
        assert!(!token.outlives(MINUTE * 60, now + MINUTE * 10));
        assert!(token.outlives(MINUTE * 30, now + MINUTE * 30));
        // No login gives a day: the hour that it gives is enough.
        assert!(token.outlives(MINUTE * 1440, now));
        assert!(!token.outlives(MINUTE * 1440, now + MINUTE * 10));
    }

    #[tokio::test(start_paused = true)]
    async fn less_than_a_second_left_is_not_for_ever() {
        let token = token(Some(MINUTE), true);
        token.renewed(Term { issued_at: Instant::now(), ttl: None, renewable: true });
        assert!(token.has_ended(Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_without_end_lasts_and_one_that_cannot_be_renewed_ends() {
        assert_eq!(token(None, false).keeper.state().standing, Standing::Lasting);
        assert_eq!(token(Some(MINUTE), false).keeper.state().standing, Standing::Ending);
    }
}
