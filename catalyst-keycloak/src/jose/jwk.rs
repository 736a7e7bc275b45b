//! Public keys as JSON (RFC 7517).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// A public key as it is published. Members that do not apply are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Jwk {
    /// `RSA`, `EC` or `OKP`.
    pub kty: String,
    /// Its identifier within the set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// `sig` or `enc`.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// The only algorithm that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// What it may be used for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_ops: Option<Vec<String>>,
    /// The curve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// The first coordinate, or the key on an Edwards curve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The second coordinate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The modulus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
}

/// A set of public keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys; the order means nothing.
    pub keys: Vec<Jwk>,
}

impl Jwk {
    /// The thumbprint of the key (RFC 7638, SHA-256, base64url); that of `cnf.jkt`.
    pub fn thumbprint(&self) -> String {
        let text = |member: &Option<String>| serde_json::json!(member.as_deref().unwrap_or_default());
        let (crv, x, y, n, e) = (text(&self.crv), text(&self.x), text(&self.y), text(&self.n), text(&self.e));
        // The required members in the order of their names, without space: the hash is over this text.
        let canonical = match self.kty.as_str() {
            "RSA" => format!(r#"{{"e":{e},"kty":"RSA","n":{n}}}"#),
            "EC" => format!(r#"{{"crv":{crv},"kty":"EC","x":{x},"y":{y}}}"#),
            _ => format!(r#"{{"crv":{crv},"kty":{},"x":{x}}}"#, serde_json::json!(self.kty)),
        };
        URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
    }
}
