//! Who may make tokens of what kind.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::TokenType;
use crate::settings::{covers, list, maybe_text, seconds, setters};

/// A role of the token store: what tokens may be made through it.
///
/// ```
/// use catalyst_openbao::auth_method::TokenRole;
/// use std::time::Duration;
///
/// let role = TokenRole::new().allowed_policies(["orders"]).orphan(true).period(Duration::from_secs(3600));
/// # let _ = role;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TokenRole {
    /// The policies that a token may have. Empty: those of its maker.
    #[serde(deserialize_with = "list")]
    pub allowed_policies: Vec<String>,
    /// The same, with `*` for anything.
    #[serde(deserialize_with = "list")]
    pub allowed_policies_glob: Vec<String>,
    /// The policies that no token may have.
    #[serde(deserialize_with = "list")]
    pub disallowed_policies: Vec<String>,
    /// The same, with `*` for anything.
    #[serde(deserialize_with = "list")]
    pub disallowed_policies_glob: Vec<String>,
    /// The entities that a token may be tied to, by the names of their aliases.
    #[serde(deserialize_with = "list")]
    pub allowed_entity_aliases: Vec<String>,
    /// Whence a token may be used.
    #[serde(rename = "token_bound_cidrs", deserialize_with = "list")]
    pub bound_cidrs: Vec<String>,
    /// Whether tokens have no parent, and outlive their maker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orphan: Option<bool>,
    /// Whether they can be renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewable: Option<bool>,
    /// The end of the path that tokens are made at, so that they can be revoked by it.
    #[serde(deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    pub path_suffix: Option<String>,
    /// Each renewal gives so much, for ever. Zero is none.
    #[serde(rename = "token_period", with = "seconds", skip_serializing_if = "Option::is_none")]
    pub period: Option<Duration>,
    /// No renewal goes past this age. Zero is none.
    #[serde(rename = "token_explicit_max_ttl", with = "seconds", skip_serializing_if = "Option::is_none")]
    pub explicit_max_ttl: Option<Duration>,
    /// How many requests a token is good for. Zero is any number.
    #[serde(rename = "token_num_uses", skip_serializing_if = "Option::is_none")]
    pub num_uses: Option<u64>,
    /// Whether the policy `default` is left out.
    #[serde(rename = "token_no_default_policy", skip_serializing_if = "Option::is_none")]
    pub no_default_policy: Option<bool>,
    /// Of what kind they are.
    #[serde(rename = "token_type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<TokenType>,
}

impl TokenRole {
    /// Tokens with no more than their maker has.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// The policies that a token may have.
        allowed_policies: list String;
        /// The same, with `*` for anything.
        allowed_policies_glob: list String;
        /// The policies that no token may have.
        disallowed_policies: list String;
        /// The same, with `*` for anything.
        disallowed_policies_glob: list String;
        /// The entities that a token may be tied to, by the names of their aliases.
        allowed_entity_aliases: list String;
        /// Whence a token may be used.
        bound_cidrs: list String;
        /// Whether tokens have no parent, and outlive their maker.
        orphan: some bool;
        /// Whether they can be renewed.
        renewable: some bool;
        /// The end of the path that tokens are made at.
        path_suffix: text String;
        /// Each renewal gives so much, in whole seconds, for ever. Zero is none.
        period: some Duration;
        /// No renewal goes past this age, in whole seconds. Zero is none.
        explicit_max_ttl: some Duration;
        /// How many requests a token is good for. Zero is any number.
        num_uses: some u64;
        /// Whether the policy `default` is left out.
        no_default_policy: some bool;
        /// Of what kind they are.
        kind: some TokenType;
    }

    /// Whether `found` has all that this sets; lists are compared as sets, and what is not set may be anything.
    pub fn is_met_by(&self, found: &Self) -> bool {
        covers(self, found)
    }
}
