//! Signed assertions, as the server reads them.

use aws_lc_rs::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::jose::{Jwk, JwkSet};

/// A signed token, taken apart and not yet believed.
pub(super) struct Assertion<'a> {
    header: Value,
    pub(super) claims: Value,
    message: &'a str,
    signature: Vec<u8>,
}

impl<'a> Assertion<'a> {
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        Some(Self {
            header: json(header)?,
            claims: json(claims)?,
            message,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    /// The key that its header carries, if it is signed with that: it proves nothing but the possession of the key.
    pub(super) fn proven_key(&self, typ: &str) -> Option<Jwk> {
        if self.header.get("typ").and_then(Value::as_str) != Some(typ) {
            return None;
        }
        let key: Jwk = serde_json::from_value(self.header.get("jwk")?.clone()).ok()?;
        self.verify(&key).map(|()| key)
    }

    pub(super) fn algorithm(&self) -> &str {
        self.header.get("alg").and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn text(&self, claim: &str) -> &str {
        self.claims.get(claim).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn moment(&self, claim: &str) -> Option<i64> {
        self.claims.get(claim).and_then(Value::as_i64)
    }

    pub(super) fn audiences(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether the set has the key that it names.
    pub(super) fn has_key_in(&self, keys: &JwkSet) -> bool {
        self.candidates(keys).next().is_some()
    }

    /// Whether a key of the set has signed it.
    pub(super) fn is_signed_by(&self, keys: &JwkSet) -> bool {
        self.candidates(keys).any(|key| self.verify(key).is_some())
    }

    fn candidates<'k>(&self, keys: &'k JwkSet) -> impl Iterator<Item = &'k Jwk> {
        let kid = self.header.get("kid").and_then(Value::as_str).map(str::to_owned);
        keys.keys.iter().filter(move |key| kid.is_none() || key.kid == kid)
    }

    fn verify(&self, key: &Jwk) -> Option<()> {
        let bytes = |member: &Option<String>| URL_SAFE_NO_PAD.decode(member.as_deref()?).ok();
        let (message, signed) = (self.message.as_bytes(), self.signature.as_slice());
        let outcome = match (self.algorithm(), key.kty.as_str()) {
            (algorithm @ ("RS256" | "PS256"), "RSA") => {
                let rules = if algorithm == "PS256" {
                    &signature::RSA_PSS_2048_8192_SHA256
                } else {
                    &signature::RSA_PKCS1_2048_8192_SHA256
                };
                RsaPublicKeyComponents { n: bytes(&key.n)?, e: bytes(&key.e)? }.verify(rules, message, signed)
            }
            ("ES256", "EC") => {
                let point = [&[4], bytes(&key.x)?.as_slice(), bytes(&key.y)?.as_slice()].concat();
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(message, signed)
            }
            ("EdDSA", "OKP") => {
                UnparsedPublicKey::new(&signature::ED25519, bytes(&key.x)?).verify(message, signed)
            }
            _ => return None,
        };
        outcome.ok()
    }
}
