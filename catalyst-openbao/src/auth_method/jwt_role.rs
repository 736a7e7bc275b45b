//! Who may log in by a signed assertion.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::TokenParameters;
use super::token_parameters::role_of;
use crate::settings::{list, maybe_text, seconds, setters, texts};

/// A role of the `jwt` method: tokens for these audiences, with these claims.
///
/// ```
/// use catalyst_openbao::auth_method::{JwtRole, TokenParameters};
///
/// let role = JwtRole::new(["openbao"])
///     .bound_subject("spiffe://example.test/ns/shop/sa/orders")
///     .tokens(TokenParameters::new().policies(["orders"]));
/// # let _ = role;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct JwtRole {
    /// Always `jwt`: what a browser does is not for services.
    role_type: String,
    /// The claim that names who it is; `sub`, unless said otherwise.
    pub user_claim: String,
    /// One of these must be the audience of the token.
    #[serde(deserialize_with = "list")]
    pub bound_audiences: Vec<String>,
    /// The subject that the token must have.
    #[serde(deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    pub bound_subject: Option<String>,
    /// For each claim the values of which it must have one. A value that is no text is kept as its JSON.
    #[serde(deserialize_with = "claims")]
    pub bound_claims: BTreeMap<String, Vec<String>>,
    /// How the values of claims are compared.
    #[serde(rename = "bound_claims_type", skip_serializing_if = "Option::is_none")]
    pub claim_match: Option<ClaimMatch>,
    /// Claims that become metadata of the token, and under which names.
    #[serde(deserialize_with = "texts")]
    pub claim_mappings: BTreeMap<String, String>,
    /// The claim that names the groups.
    #[serde(deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    pub groups_claim: Option<String>,
    /// By how much clocks may differ.
    #[serde(with = "seconds", skip_serializing_if = "Option::is_none")]
    pub clock_skew_leeway: Option<Duration>,
    /// By how much a token may have run out.
    #[serde(with = "seconds", skip_serializing_if = "Option::is_none")]
    pub expiration_leeway: Option<Duration>,
    /// By how much it may be too early.
    #[serde(with = "seconds", skip_serializing_if = "Option::is_none")]
    pub not_before_leeway: Option<Duration>,
    /// What tokens its logins get.
    #[serde(flatten)]
    pub tokens: TokenParameters,
}

/// How the values of claims are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ClaimMatch {
    /// To the letter.
    String,
    /// With `*` for anything.
    Glob,
}

role_of!(JwtRole);

impl Default for JwtRole {
    fn default() -> Self {
        Self {
            role_type: "jwt".to_owned(),
            user_claim: "sub".to_owned(),
            bound_audiences: Vec::new(),
            bound_subject: None,
            bound_claims: BTreeMap::new(),
            claim_match: None,
            claim_mappings: BTreeMap::new(),
            groups_claim: None,
            clock_skew_leeway: None,
            expiration_leeway: None,
            not_before_leeway: None,
            tokens: TokenParameters::default(),
        }
    }
}

impl JwtRole {
    /// Tokens for one of these audiences. The server refuses a role that binds nothing at all.
    pub fn new(audiences: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { bound_audiences: audiences.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    setters! {
        /// The subject that the token must have.
        bound_subject: text String;
        /// How the values of claims are compared.
        claim_match: some ClaimMatch;
        /// The claim that names the groups.
        groups_claim: text String;
        /// By how much clocks may differ, in whole seconds.
        clock_skew_leeway: some Duration;
        /// By how much a token may have run out, in whole seconds.
        expiration_leeway: some Duration;
        /// By how much it may be too early, in whole seconds.
        not_before_leeway: some Duration;
    }

    /// The claim that names who it is.
    #[must_use]
    pub fn user_claim(mut self, claim: impl Into<String>) -> Self {
        self.user_claim = claim.into();
        self
    }

    /// The claim must have one of these values.
    #[must_use]
    pub fn bound_claim(
        mut self,
        claim: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.bound_claims.insert(claim.into(), values.into_iter().map(Into::into).collect());
        self
    }

    /// The claim becomes metadata of the token.
    #[must_use]
    pub fn claim_mapping(mut self, claim: impl Into<String>, metadata: impl Into<String>) -> Self {
        self.claim_mappings.insert(claim.into(), metadata.into());
        self
    }
}

/// The server shows a single value as it was written: alone, or in a list.
fn claims<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Vec<String>>, D::Error> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let claims = Option::<BTreeMap<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
    let values = |value| match value {
        Value::Array(all) => all.into_iter().map(text).collect(),
        one => vec![text(one)],
    };
    Ok(claims.into_iter().map(|(claim, value)| (claim, values(value))).collect())
}
