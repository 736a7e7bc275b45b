//! What a database's refusal says about the credential: the reactive path beside the timer.
//!
//! A user that was dropped behind our back is noticed at the next login, and its rotation need not wait for the
//! clock. A refused statement says less, for an application may just lack a right: only a storm of them counts.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What a database's error means for the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The login was refused: the user is gone, locked, or its password changed.
    Login,
    /// A right is missing. Many at once mean that the user has lost its roles.
    Permission,
    /// Nothing.
    None,
}

impl Refusal {
    /// Reads a SQLSTATE (PostgreSQL, appendix A): 28P01 and 28000 refuse a login, 42501 says that a right is missing.
    pub fn from_sqlstate(code: &str) -> Self {
        match code {
            "28P01" | "28000" => Self::Login,
            "42501" => Self::Permission,
            _ => Self::None,
        }
    }

    /// Reads an error number of MySQL or MariaDB. A login is refused by 1045 (wrong password, unknown user), 1698 (no
    /// password where one is needed), 1862 (expired), 3118 and 4151 (locked: MySQL, MariaDB). A right is missing by
    /// 1044 (database), 1142 (table), 1143 (column), 1227 (global), 1370 (routine).
    pub fn from_mysql(number: u16) -> Self {
        match number {
            1045 | 1698 | 1862 | 3118 | 4151 => Self::Login,
            1044 | 1142 | 1143 | 1227 | 1370 => Self::Permission,
            _ => Self::None,
        }
    }
}

/// Counts refusals and tells when a rotation is worth asking for.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    began: Option<Instant>,
    count: u32,
    /// When a storm was last reported, and how long the next one is ignored: a rotation that did not help is not
    /// repeated soon.
    reported: Option<Instant>,
    quiet: Duration,
}

/// So many missing rights within so long are a storm.
const STORM: u32 = 5;
const WINDOW: Duration = Duration::from_secs(10);
const QUIET: Duration = Duration::from_secs(60);
const LONGEST_QUIET: Duration = Duration::from_secs(1800);

impl Refusals {
    /// Notes a refusal; true if the credential should be replaced now.
    pub fn note(&self, refusal: Refusal) -> bool {
        match refusal {
            Refusal::Login => true,
            Refusal::Permission => self.0.lock().unwrap_or_else(PoisonError::into_inner).note(Instant::now()),
            Refusal::None => false,
        }
    }
}

impl Window {
    fn note(&mut self, now: Instant) -> bool {
        if self.began.is_none_or(|began| now.duration_since(began) > WINDOW) {
            (self.began, self.count) = (Some(now), 0);
        }
        self.count = self.count.saturating_add(1);
        if self.count < STORM || self.reported.is_some_and(|last| now.duration_since(last) < self.quiet) {
            return false;
        }
        let again = self.reported.is_some_and(|last| now.duration_since(last) < self.quiet * 2);
        self.quiet = if again { (self.quiet * 2).min(LONGEST_QUIET) } else { QUIET };
        (self.reported, self.count) = (Some(now), 0);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn one_refused_login_is_enough_and_one_missing_right_is_not() {
        let refusals = Refusals::default();
        assert!(refusals.note(Refusal::from_sqlstate("28P01")));
        assert!(refusals.note(Refusal::from_sqlstate("28000")));
        assert!(!refusals.note(Refusal::from_sqlstate("42501")));
        assert!(!refusals.note(Refusal::from_sqlstate("57014")));
    }

    #[test]
    fn a_locked_user_of_either_server_is_a_refused_login_and_a_lost_connection_is_not() {
        for login in [1045, 1698, 1862, 3118, 4151] {
            assert_eq!(Refusal::from_mysql(login), Refusal::Login, "{login}");
        }
        for right in [1044, 1142, 1143, 1227, 1370] {
            assert_eq!(Refusal::from_mysql(right), Refusal::Permission, "{right}");
        }
        // Killed, gone, too many connections.
        for other in [1927, 2006, 1040] {
            assert_eq!(Refusal::from_mysql(other), Refusal::None, "{other}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn missing_rights_count_only_as_a_storm_and_ever_more_rarely() {
        let (refusals, mut reports) = (Refusals::default(), 0);
        for _ in 0..60 * 60 {
            advance(Duration::from_secs(1)).await;
            reports += u32::from(refusals.note(Refusal::Permission));
        }
        assert!((2..=7).contains(&reports), "{reports} rotations in an hour");
    }

    #[tokio::test(start_paused = true)]
    async fn rare_missing_rights_never_count() {
        let refusals = Refusals::default();
        for _ in 0..1000 {
            advance(Duration::from_secs(5)).await;
            assert!(!refusals.note(Refusal::Permission));
        }
    }
}
