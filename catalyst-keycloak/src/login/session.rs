//! A user who is logged in.

use crate::TokenSet;
use crate::token::IdToken;

/// A login: its tokens, and who it is. `Debug` shows no token.
///
/// It is refreshed by one request at a time: where the realm revokes refresh tokens with their use, the second of two
/// would end the session.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Session {
    /// The tokens. The access token is for other services; this application knows who it is from the ID token.
    pub tokens: TokenSet,
    /// Who logged in, verified.
    pub identity: IdToken,
}
