//! Tokens of Keycloak: verified here, without asking the server.
//!
//! | type | what it does |
//! | --- | --- |
//! | [`TokenVerifier`], [`TokenVerifierBuilder`] | decides whether a token is good |
//! | [`AccessToken`], [`IdToken`], [`LogoutToken`] | a token that is; what it says is in [`Claims`] |
//! | [`KeySource`], [`HttpKeySource`] | where the issuer's keys come from |
//! | [`Discovery`] | what the realm says about itself, compared with what is configured |
//! | [`DpopKey`] | a key that access tokens are bound to, and the proofs made with it |

mod base64url;
mod builder;
mod claims;
mod compact;
mod confirmation;
mod discovery;
mod dpop;
mod fields;
mod headers;
mod keys;
mod lists;
mod names;
mod policy;
mod refusal;
mod remembered;
mod replay;
mod scan;
mod tokens;
mod verifier;

pub use builder::TokenVerifierBuilder;
pub use claims::Claims;
pub use discovery::Discovery;
pub use dpop::DpopKey;
pub use keys::{HttpKeySource, KeySource, PublishedKeys};
pub use tokens::{AccessToken, IdToken, LogoutToken};
pub use verifier::TokenVerifier;

use confirmation::Confirmation;
use refusal::Refusal;

#[cfg(test)]
mod tests;
