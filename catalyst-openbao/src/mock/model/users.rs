//! The users of the database behind the model: who exists, with what password, and since when.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::time::Duration;

use catalyst_core::Secret;
use tokio::time::Instant;

/// Tells whether a database user exists. A stand-in for a database asks it at each login.
pub trait UserDirectory: fmt::Debug + Send + Sync + 'static {
    /// The user's password; none if there is no such user, or not any more.
    fn password_of(&self, username: &str) -> Option<Secret>;
}

/// Something that happened to a database user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserEvent {
    /// The user.
    pub username: String,
    /// What happened.
    pub change: UserChange,
    /// When, on the model's clock; an expiry carries the moment of the expiry, not that of its discovery.
    pub at: Instant,
}

/// What happened to a database user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserChange {
    /// It was made.
    Created,
    /// It was dropped: its lease was revoked or ran out, or the token that made it ended.
    Dropped,
    /// Its password was changed: a static role's rotation.
    PasswordChanged,
}

/// The server gives a user five seconds more than its lease (`VALID UNTIL`), for clocks differ.
const VALID_AFTER_LEASE: Duration = Duration::from_secs(5);
/// How many events are kept.
const HISTORY: usize = 65_536;

pub(super) struct User {
    pub(super) password: Secret,
    /// After this, logins are refused even if the user could not be dropped.
    valid_until: Option<Instant>,
}

#[derive(Default)]
pub(super) struct Users {
    live: HashMap<String, User>,
    history: VecDeque<UserEvent>,
    /// Events that the listeners have not heard of yet.
    pub(super) unheard: Vec<UserEvent>,
}

impl Users {
    pub(super) fn create(
        &mut self,
        username: &str,
        password: Secret,
        lease_end: Option<Instant>,
        at: Instant,
    ) {
        let valid_until = lease_end.map(|end| end + VALID_AFTER_LEASE);
        self.live.insert(username.to_owned(), User { password, valid_until });
        self.record(username, UserChange::Created, at);
    }

    /// The user's lease was renewed.
    pub(super) fn extend(&mut self, username: &str, lease_end: Instant) {
        if let Some(user) = self.live.get_mut(username) {
            user.valid_until = Some(lease_end + VALID_AFTER_LEASE);
        }
    }

    pub(super) fn change_password(&mut self, username: &str, password: Secret, at: Instant) {
        if let Some(user) = self.live.get_mut(username) {
            user.password = password;
            self.record(username, UserChange::PasswordChanged, at);
        }
    }

    pub(super) fn drop(&mut self, username: &str, at: Instant) {
        if self.live.remove(username).is_some() {
            self.record(username, UserChange::Dropped, at);
        }
    }

    pub(super) fn password_of(&self, username: &str, now: Instant) -> Option<Secret> {
        let user = self.live.get(username)?;
        user.valid_until.is_none_or(|end| now < end).then(|| user.password.clone())
    }

    pub(super) fn live(&self) -> Vec<String> {
        let mut names: Vec<_> = self.live.keys().cloned().collect();
        names.sort_unstable();
        names
    }

    pub(super) fn history(&self) -> Vec<UserEvent> {
        self.history.iter().cloned().collect()
    }

    fn record(&mut self, username: &str, change: UserChange, at: Instant) {
        let event = UserEvent { username: username.to_owned(), change, at };
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(event.clone());
        self.unheard.push(event);
    }
}
