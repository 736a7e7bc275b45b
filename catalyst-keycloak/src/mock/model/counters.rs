//! What was asked so far.

use std::collections::BTreeMap;

use super::Route;

/// How many requests came in since the model was made, of both faces, refused ones included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requests {
    /// Of the Admin REST API and of registration: those that change nothing.
    pub reads: u64,
    /// Of the Admin REST API and of registration: those that change something.
    pub writes: u64,
    /// To the token endpoints, the admin's own logins included.
    pub tokens: u64,
    /// For key sets.
    pub jwks: u64,
    /// All of them, by what they were for.
    pub by_route: BTreeMap<Route, u64>,
}

impl Requests {
    pub(super) fn count(&mut self, route: Route, writes: bool) {
        *self.by_route.entry(route).or_default() += 1;
        match route {
            Route::Token => self.tokens += 1,
            Route::Jwks => self.jwks += 1,
            _ if !route.is_admin() => {}
            _ if writes => self.writes += 1,
            _ => self.reads += 1,
        }
    }

    /// Those for this route.
    pub fn of(&self, route: Route) -> u64 {
        self.by_route.get(&route).copied().unwrap_or(0)
    }
}
