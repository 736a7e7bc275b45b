//! The keys that sign identity tokens.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::settings::{covers, list, seconds, setters};

/// A key that signs identity tokens, and is replaced in turn.
///
/// ```
/// use catalyst_openbao::identity::{OidcAlgorithm, OidcKey};
/// use std::time::Duration;
///
/// let hour = Duration::from_secs(3600);
/// let key = OidcKey::new(OidcAlgorithm::Es256).rotation_period(24 * hour).verification_ttl(24 * hour).allow_client("*");
/// # let _ = key;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OidcKey {
    /// How it signs.
    pub algorithm: OidcAlgorithm,
    /// How long one is used; 24 h unless set.
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    pub rotation_period: Option<Duration>,
    /// How long one is still published when it is no longer used; 24 h unless set. At most ten times the period.
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    pub verification_ttl: Option<Duration>,
    /// The identifiers of the roles that may use it; `*` is all, and empty none.
    #[serde(default, deserialize_with = "list")]
    pub allowed_client_ids: Vec<String>,
}

/// How a token is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum OidcAlgorithm {
    /// RSA with SHA-256. The server's default.
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
    /// RSA with SHA-384.
    #[serde(rename = "RS384")]
    Rs384,
    /// RSA with SHA-512.
    #[serde(rename = "RS512")]
    Rs512,
    /// ECDSA on P-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384.
    #[serde(rename = "ES384")]
    Es384,
    /// ECDSA on P-521.
    #[serde(rename = "ES512")]
    Es512,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl OidcKey {
    /// A key that no role may use yet.
    pub fn new(algorithm: OidcAlgorithm) -> Self {
        Self { algorithm, rotation_period: None, verification_ttl: None, allowed_client_ids: Vec::new() }
    }

    /// Lets the role of this client identifier use it; `*` is all.
    #[must_use]
    pub fn allow_client(mut self, client_id: impl Into<String>) -> Self {
        self.allowed_client_ids.push(client_id.into());
        self
    }

    setters! {
        /// How long one is used, in whole seconds.
        rotation_period: some Duration;
        /// How long one is still published when it is no longer used, in whole seconds.
        verification_ttl: some Duration;
    }

    /// Whether `found` has all that this sets; lists are compared as sets.
    pub fn is_met_by(&self, found: &Self) -> bool {
        covers(self, found)
    }
}
