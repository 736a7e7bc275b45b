//! What others check identity tokens with.

use serde::{Deserialize, Serialize};

/// A public key, in the members of RFC 7517.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Jwk {
    /// The identifier, which stands in the header of a token.
    pub kid: String,
    /// The type: `RSA`, `EC`, `OKP`.
    pub kty: String,
    /// The algorithm: `ES256`.
    pub alg: String,
    /// The use: `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// The curve, of `EC` and `OKP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// The first coordinate, of `EC` and `OKP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The second coordinate, of `EC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The modulus, of `RSA`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent, of `RSA`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
}

/// Where others find what they check identity tokens with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Discovery {
    /// The issuer that stands in the tokens.
    pub issuer: String,
    /// The address of the keys.
    pub jwks_uri: String,
    /// The algorithms that may be used.
    #[serde(default, rename = "id_token_signing_alg_values_supported")]
    pub algorithms: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Jwks {
    pub(super) keys: Vec<Jwk>,
}
