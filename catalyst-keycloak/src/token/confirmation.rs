//! What a token is bound to (`cnf`, RFC 7800).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::claims::Claims;
use super::compact::Word;
use super::{Refusal, lists};

/// The key or certificate whose holder may use the token.
#[derive(Deserialize)]
pub(super) struct Confirmation<'a> {
    /// The SHA-256 of a certificate (RFC 8705 section 3.1).
    #[serde(borrow, default, rename = "x5t#S256")]
    pub(super) certificate: Option<Word<'a>>,
    /// The thumbprint of a key (RFC 9449 section 6.1).
    #[serde(borrow, default, rename = "jkt")]
    pub(super) key: Option<Word<'a>>,
}

/// What the caller has shown besides the token.
#[derive(Clone, Copy, Default)]
pub(super) struct Shown<'a> {
    /// The certificate of the connection, in DER.
    pub(super) certificate: Option<&'a [u8]>,
    /// The thumbprint of the key that made the DPoP proof.
    pub(super) key: Option<&'a str>,
}

impl<'a> Confirmation<'a> {
    /// That of `claims`; empty if the token is bound to nothing.
    pub(super) fn of(claims: &'a Claims) -> Result<Self, Refusal> {
        let Some(json) = claims.confirmation() else { return Ok(Self { certificate: None, key: None }) };
        let bound: Self = lists::object(json).ok_or(Refusal::Malformed("cnf is unreadable"))?;
        if bound.certificate.is_none() && bound.key.is_none() {
            // Bound in a way that cannot be checked here.
            return Err(Refusal::ProofRequired);
        }
        Ok(bound)
    }

    /// Whether everything that the token is bound to was shown, and nothing was shown in vain.
    pub(super) fn check(&self, shown: Shown<'_>) -> Result<(), Refusal> {
        match (&self.certificate, shown.certificate) {
            (Some(_), None) => return Err(Refusal::ProofRequired),
            (None, Some(_)) => return Err(Refusal::Unbound),
            (Some(bound), Some(der)) if URL_SAFE_NO_PAD.encode(digest(&SHA256, der)) != bound.as_str() => {
                return Err(Refusal::Certificate);
            }
            _ => {}
        }
        match (&self.key, shown.key) {
            (Some(_), None) => Err(Refusal::ProofRequired),
            (None, Some(_)) => Err(Refusal::Unbound),
            (Some(bound), Some(key)) if bound.as_str() != key => {
                Err(Refusal::DpopProof("the token is bound to another key (cnf.jkt)"))
            }
            _ => Ok(()),
        }
    }
}
