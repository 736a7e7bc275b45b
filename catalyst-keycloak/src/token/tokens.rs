//! Verified tokens: having one of these types is the proof.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalyst_core::Result;

use super::claims::Claims;
use super::{Confirmation, Refusal};
use crate::jose::Algorithm;

/// A verified access token. Cheap to clone; its claims are those of [`Claims`].
#[derive(Clone)]
pub struct AccessToken(pub(super) Arc<Claims>);

/// A verified ID token. Cheap to clone; its claims are those of [`Claims`].
#[derive(Clone)]
pub struct IdToken(pub(super) Arc<Claims>);

/// A verified logout token (OpenID Connect Back-Channel Logout 1.0): end the session [`Claims::session_id`], or all of
/// the user [`Claims::subject`] if it names no session.
#[derive(Clone)]
pub struct LogoutToken(pub(super) Arc<Claims>);

impl AccessToken {
    /// Who it is about (`sub`): the identifier of a user or of a service account.
    pub fn subject(&self) -> &str {
        self.0.subject().unwrap_or_default()
    }

    /// Whether it is bound to a key or certificate (`cnf`), which was then proven.
    pub fn is_bound(&self) -> bool {
        !matches!(Confirmation::of(&self.0), Ok(Confirmation { certificate: None, key: None }))
    }
}

impl IdToken {
    /// Who logged in (`sub`).
    pub fn subject(&self) -> &str {
        self.0.subject().unwrap_or_default()
    }

    /// Whether it was issued together with `access_token` (`at_hash`). A token that does not say passes.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`](crate::ErrorKind::Unauthenticated) with the code `wrong_access_token`.
    pub fn belongs_to(&self, access_token: &str) -> Result<()> {
        let Some(expected) = self.0.text(self.0.fields.at_hash.as_ref()) else { return Ok(()) };
        // OpenID Connect Core 1.0 section 3.1.3.6: the hash of the signature's algorithm.
        let hash = match self.0.algorithm {
            Algorithm::Rs384 | Algorithm::Ps384 | Algorithm::Es384 => &SHA384,
            Algorithm::Rs512 | Algorithm::Ps512 | Algorithm::EdDsa => &SHA512,
            _ => &SHA256,
        };
        let hash = digest(hash, access_token.as_bytes());
        let half = hash.as_ref().get(..hash.as_ref().len() / 2).unwrap_or_default();
        if URL_SAFE_NO_PAD.encode(half) == expected { Ok(()) } else { Err(Refusal::AccessTokenHash.into()) }
    }
}

macro_rules! claims_of {
    ($($token:ident),*) => {$(
        impl Deref for $token {
            type Target = Claims;

            fn deref(&self) -> &Claims {
                &self.0
            }
        }

        impl fmt::Debug for $token {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($token)).field(&self.0).finish()
            }
        }
    )*};
}

claims_of!(AccessToken, IdToken, LogoutToken);
