//! Who may log in by an identifier and a secret.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use catalyst_core::Secret;
use serde::{Deserialize, Serialize};

use super::TokenParameters;
use super::token_parameters::role_of;
use crate::settings::{list, seconds, setters};

/// A role of the `approle` method.
///
/// ```
/// use catalyst_openbao::auth_method::{AppRole, TokenParameters};
/// use std::time::Duration;
///
/// let role = AppRole::new()
///     .secret_id_ttl(Duration::from_secs(600))
///     .secret_id_num_uses(1)
///     .tokens(TokenParameters::new().policies(["orders"]));
/// # let _ = role;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct AppRole {
    /// Whether a login must show a secret identifier. It does, unless said otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind_secret_id: Option<bool>,
    /// Whence one may log in: blocks of addresses. Empty is everywhere.
    #[serde(deserialize_with = "list")]
    pub secret_id_bound_cidrs: Vec<String>,
    /// How often a secret identifier is good for a login. Zero is any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_id_num_uses: Option<u64>,
    /// How long a secret identifier is good. Zero is for ever.
    #[serde(with = "seconds", skip_serializing_if = "Option::is_none")]
    pub secret_id_ttl: Option<Duration>,
    /// Whether secret identifiers stay on this cluster. Set when the role is made, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_secret_ids: Option<bool>,
    /// What tokens its logins get.
    #[serde(flatten)]
    pub tokens: TokenParameters,
}

role_of!(AppRole);

impl AppRole {
    /// A role whose logins show a secret identifier that is good for ever.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Whether a login must show a secret identifier.
        bind_secret_id: some bool;
        /// Whence one may log in: blocks of addresses.
        secret_id_bound_cidrs: list String;
        /// How often a secret identifier is good for a login. Zero is any number.
        secret_id_num_uses: some u64;
        /// How long a secret identifier is good, in whole seconds. Zero is for ever.
        secret_id_ttl: some Duration;
        /// Whether secret identifiers stay on this cluster.
        local_secret_ids: some bool;
    }
}

/// How a secret identifier is to be made. What is not set is as the role says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretIdRequest {
    /// What is kept with it, and shown in the audit log of its logins.
    pub metadata: BTreeMap<String, String>,
    /// How long it is good; at most as long as the role says.
    pub ttl: Option<Duration>,
    /// How often it is good; at most as often as the role says.
    pub num_uses: Option<u64>,
    /// Whence one may log in with it.
    pub cidrs: Vec<String>,
    /// Whence its tokens may be used.
    pub token_cidrs: Vec<String>,
}

impl SecretIdRequest {
    /// As the role says.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// How long it is good, in whole seconds.
        ttl: some Duration;
        /// How often it is good.
        num_uses: some u64;
        /// Whence one may log in with it.
        cidrs: list String;
        /// Whence its tokens may be used.
        token_cidrs: list String;
    }

    /// Something that is kept with it.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }
}

/// A secret identifier that was made.
#[derive(Clone)]
#[non_exhaustive]
pub struct SecretId {
    /// The secret to log in with, together with the role's identifier.
    pub secret: Secret,
    /// Names it without giving it away.
    pub accessor: String,
    /// How long it is good; none is for ever.
    pub ttl: Option<Duration>,
    /// How often it is good; none is any number.
    pub num_uses: Option<u64>,
}

impl fmt::Debug for SecretId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretId")
            .field("accessor", &self.accessor)
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}

/// What is known of a secret identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretIdStatus {
    /// Names it.
    pub accessor: String,
    /// How long it was good when it was made; none is for ever.
    pub ttl: Option<Duration>,
    /// How often it is still good; none is any number.
    pub uses_left: Option<u64>,
    /// When it was made, by the server's clock.
    pub created_at: Option<SystemTime>,
    /// When it ends, by the server's clock.
    pub expires_at: Option<SystemTime>,
    /// What is kept with it.
    pub metadata: BTreeMap<String, String>,
    /// Whence one may log in with it.
    pub cidrs: Vec<String>,
}
