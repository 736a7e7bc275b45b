//! What the server has seen.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Counters of a server, since it was started (a restart keeps them).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Successful logins by user.
    pub logins: BTreeMap<String, u64>,
    /// Logins refused, for whatever reason, by user; those whose name was never read stand under the empty name.
    pub refused_logins: BTreeMap<String, u64>,
    /// Sessions open now, by user.
    pub open_sessions: BTreeMap<String, usize>,
    /// The most sessions that were open at one time.
    pub peak_sessions: usize,
    /// Statements executed, whether they succeeded or not.
    pub queries: u64,
    /// Statements that were answered with an error.
    pub failed_queries: u64,
}

impl Statistics {
    /// Sessions that `user` has open now.
    pub fn sessions_of(&self, user: &str) -> usize {
        self.open_sessions.get(user).copied().unwrap_or(0)
    }

    /// Successful logins of `user`.
    pub fn logins_of(&self, user: &str) -> u64 {
        self.logins.get(user).copied().unwrap_or(0)
    }

    /// All logins that were refused.
    pub fn refusals(&self) -> u64 {
        self.refused_logins.values().sum()
    }
}

/// More users than this are counted together, under this many.
const MAX_NAMES: usize = 10_000;
const OTHERS: &str = "(others)";

#[derive(Debug, Default)]
pub(super) struct Counters(Mutex<Statistics>);

impl Counters {
    pub(super) fn snapshot(&self) -> Statistics {
        self.with(|counted| counted.clone())
    }

    pub(super) fn refused(&self, user: &str) {
        self.with(|counted| *slot(&mut counted.refused_logins, user) += 1);
    }

    pub(super) fn opened(&self, user: &str) {
        self.with(|counted| {
            *slot(&mut counted.logins, user) += 1;
            *slot(&mut counted.open_sessions, user) += 1;
            counted.peak_sessions = counted.peak_sessions.max(counted.open_sessions.values().sum());
        });
    }

    pub(super) fn closed(&self, user: &str) {
        self.with(|counted| {
            let key = if counted.open_sessions.contains_key(user) { user } else { OTHERS };
            if let Some(open) = counted.open_sessions.get_mut(key) {
                *open = open.saturating_sub(1);
                if *open == 0 {
                    counted.open_sessions.remove(key);
                }
            }
        });
    }

    pub(super) fn query(&self, succeeded: bool) {
        self.with(|counted| {
            counted.queries += 1;
            counted.failed_queries += u64::from(!succeeded);
        });
    }

    fn with<R>(&self, change: impl FnOnce(&mut Statistics) -> R) -> R {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn slot<'a, V: Default>(map: &'a mut BTreeMap<String, V>, user: &str) -> &'a mut V {
    let key = if map.len() < MAX_NAMES || map.contains_key(user) { user } else { OTHERS };
    map.entry(key.to_owned()).or_default()
}
