//! Tokens that were given, and the sessions that they belong to.

use serde_json::Value;

use super::state::State;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Access,
    Refresh,
}

/// A token that was given.
pub(crate) struct Issued {
    pub(super) kind: Kind,
    pub(super) realm: String,
    /// The identifier of the client.
    pub(super) client: String,
    /// The identifier of the user.
    pub(super) user: String,
    /// None for a service account.
    pub(super) session: Option<String>,
    pub(super) claims: Value,
    /// The number of the key that signed it.
    pub(super) key: usize,
    /// When it ends, in seconds since 1970.
    pub(super) expires: i64,
}

/// A login of a user, with all tokens that came of it.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(super) realm: String,
    pub(super) user: String,
    /// When the user logged in, in seconds since 1970.
    pub(super) began: i64,
}

/// How many tokens are remembered before those that have ended are forgotten.
const MANY: usize = 4096;

impl State {
    pub(super) fn remember(&mut self, token: &str, issued: Issued) {
        if self.tokens.len() >= MANY {
            let now = self.now();
            self.tokens.retain(|_, token| token.expires > now);
        }
        self.tokens.insert(token.to_owned(), issued);
    }

    /// What is known of a token that is good now: not ended, not revoked, its session alive, its key published, its
    /// user enabled.
    pub(super) fn live_token(&self, token: &str) -> Option<&Issued> {
        let issued = self.tokens.get(token)?;
        let realm = self.realms.get(&issued.realm)?;
        let session = issued.session.as_ref().is_none_or(|id| self.sessions.contains_key(id));
        let user = realm.users.iter().any(|user| user.id == issued.user && user.enabled());
        let client = realm.clients.iter().any(|client| client.id == issued.client && client.flag("enabled"));
        let key = realm.keys.iter().any(|key| key.enabled() && key.number() == Some(issued.key));
        (session && user && client && key && issued.expires > self.now()).then_some(issued)
    }

    pub(super) fn begin_session(&mut self, realm: &str, user: &str) -> String {
        let id = super::random::text(&mut self.random, 24);
        let began = self.now();
        self.sessions.insert(id.clone(), Session { realm: realm.to_owned(), user: user.to_owned(), began });
        id
    }

    pub(super) fn end_sessions(&mut self, realm: &str, user: &str) {
        self.sessions.retain(|_, session| session.realm != realm || session.user != user);
    }
}
