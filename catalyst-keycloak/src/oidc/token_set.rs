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
    /// Who logged in, where somebody did.
    pub id_token: Option<Secret>,
    /// What was granted.
    pub scopes: Vec<String>,
}

impl TokenSet {
    pub(crate) fn new(answer: TokenAnswer, asked_at: Instant) -> Self {
        let life = Duration::from_secs(answer.expires_in.min(366 * 86_400));
        Self {
            access_token: answer.access_token,
            token_type: answer.token_type,
            expires_at: asked_at + life,
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
