//! What roles of all methods say of the tokens they make.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::settings::{covers, list, seconds, setters};

/// What tokens a login gets. In a role's JSON the members stand beside those of the role.
///
/// ```
/// use catalyst_openbao::auth_method::TokenParameters;
/// use std::time::Duration;
///
/// let tokens = TokenParameters::new()
///     .policies(["orders"])
///     .ttl(Duration::from_secs(3600))
///     .max_ttl(Duration::from_secs(86_400));
/// # let _ = tokens;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TokenParameters {
    /// The policies, besides `default`.
    #[serde(rename = "token_policies", deserialize_with = "list")]
    pub policies: Vec<String>,
    /// The term until the first renewal. Zero is that of the mount.
    #[serde(rename = "token_ttl", with = "seconds", skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Duration>,
    /// No renewal goes past this age. Zero is that of the mount.
    #[serde(rename = "token_max_ttl", with = "seconds", skip_serializing_if = "Option::is_none")]
    pub max_ttl: Option<Duration>,
    /// The same, and written into the token, so that tuning the mount does not change it. Zero is none.
    #[serde(rename = "token_explicit_max_ttl", with = "seconds", skip_serializing_if = "Option::is_none")]
    pub explicit_max_ttl: Option<Duration>,
    /// Each renewal gives so much, for ever. Zero is none.
    #[serde(rename = "token_period", with = "seconds", skip_serializing_if = "Option::is_none")]
    pub period: Option<Duration>,
    /// Whence a token may be used: blocks of addresses. Empty is everywhere.
    #[serde(rename = "token_bound_cidrs", deserialize_with = "list")]
    pub bound_cidrs: Vec<String>,
    /// Whether a token is bound to the address that logged in.
    #[serde(rename = "token_strictly_bind_ip", skip_serializing_if = "Option::is_none")]
    pub strictly_bind_ip: Option<bool>,
    /// Whether the policy `default` is left out.
    #[serde(rename = "token_no_default_policy", skip_serializing_if = "Option::is_none")]
    pub no_default_policy: Option<bool>,
    /// How many requests a token is good for. Zero is any number.
    #[serde(rename = "token_num_uses", skip_serializing_if = "Option::is_none")]
    pub num_uses: Option<u64>,
    /// Of what kind they are.
    #[serde(rename = "token_type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<TokenType>,
}

/// Of what kind tokens are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TokenType {
    /// As the mount says.
    #[serde(alias = "")]
    Default,
    /// Kept by the server, renewable, with leases of its own.
    Service,
    /// Kept by nobody: it carries all in itself, cannot be renewed or revoked, and costs the server nothing.
    Batch,
    /// For mounts: service, unless the role says otherwise.
    DefaultService,
    /// For mounts: batch, unless the role says otherwise.
    DefaultBatch,
}

impl TokenParameters {
    /// Nothing but the policy `default`, as the mount says.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// The policies, besides `default`.
        policies: list String;
        /// The term until the first renewal, in whole seconds. Zero is that of the mount.
        ttl: some Duration;
        /// No renewal goes past this age, in whole seconds. Zero is that of the mount.
        max_ttl: some Duration;
        /// The same, and written into the token. Zero is none.
        explicit_max_ttl: some Duration;
        /// Each renewal gives so much, for ever. Zero is none.
        period: some Duration;
        /// Whence a token may be used: blocks of addresses. Empty is everywhere.
        bound_cidrs: list String;
        /// Whether a token is bound to the address that logged in.
        strictly_bind_ip: some bool;
        /// Whether the policy `default` is left out.
        no_default_policy: some bool;
        /// How many requests a token is good for. Zero is any number.
        num_uses: some u64;
        /// Of what kind they are.
        kind: some TokenType;
    }

    /// Whether `found` has all that this sets; lists are compared as sets, and what is not set may be anything.
    pub fn is_met_by(&self, found: &Self) -> bool {
        covers(self, found)
    }
}

/// The parts that all roles have: the setter of the parameters, and the comparison.
macro_rules! role_of {
    ($role:ty) => {
        impl $role {
            /// What tokens its logins get.
            #[must_use]
            pub fn tokens(mut self, tokens: $crate::auth_method::TokenParameters) -> Self {
                self.tokens = tokens;
                self
            }

            /// Whether `found` has all that this sets; lists are compared as sets, and what is not set may be anything.
            pub fn is_met_by(&self, found: &Self) -> bool {
                $crate::settings::covers(self, found)
            }
        }
    };
}

pub(super) use role_of;
