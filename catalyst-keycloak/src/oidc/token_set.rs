//! Tokens that a realm issued.

use std::time::Duration;

use catalyst_core::Secret;
use tokio::time::Instant;

use super::answer::TokenAnswer;

/// What the token endpoint gave. `Debug` shows what is there, and none of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenSet {
    /// For resource servers.
    pub access_token: Secret,
    /// `Bearer` or `DPoP`.
    pub token_type: String,
    /// From here on the access token is refused, counted from when it was asked for.
    pub expires_at: Instant,
    /// For new tokens, where the grant gives one; client credentials do not.
    pub refresh_token: Option<Secret>,
    /// From here on the refresh token is refused, unless it is used before. None for one that does not end by itself
    /// (`offline_access`).
    pub refresh_expires_at: Option<Instant>,
    /// Who logged in, where somebody did.
    pub id_token: Option<Secret>,
    /// What was granted.
    pub scopes: Vec<String>,
}

impl TokenSet {
    pub(crate) fn new(answer: TokenAnswer, asked_at: Instant) -> Self {
        let life = |seconds: u64| Duration::from_secs(seconds.min(366 * 86_400));
        let refreshes = answer.refresh_token.is_some() && answer.refresh_expires_in > 0;
        Self {
            access_token: answer.access_token,
            token_type: answer.token_type,
            expires_at: asked_at + life(answer.expires_in),
            refresh_expires_at: refreshes.then(|| asked_at + life(answer.refresh_expires_in)),
            refresh_token: answer.refresh_token,
            id_token: answer.id_token,
            scopes: answer.scope.split_whitespace().map(str::to_owned).collect(),
        }
    }

    /// What is left of the access token.
    pub fn remaining(&self) -> Duration {
        self.expires_at.saturating_duration_since(Instant::now())
    }
}
