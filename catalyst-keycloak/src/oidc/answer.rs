//! What the token endpoint answers.

use catalyst_core::Secret;
use serde::Deserialize;

/// RFC 6749 section 5.1.
#[derive(Debug, Deserialize)]
pub(crate) struct TokenAnswer {
    pub(crate) access_token: Secret,
    #[serde(default)]
    pub(crate) expires_in: u64,
    #[serde(default)]
    pub(crate) refresh_token: Option<Secret>,
    #[serde(default)]
    pub(crate) refresh_expires_in: u64,
    #[serde(default)]
    pub(crate) id_token: Option<Secret>,
    #[serde(default)]
    pub(crate) token_type: String,
    #[serde(default)]
    pub(crate) scope: String,
}
