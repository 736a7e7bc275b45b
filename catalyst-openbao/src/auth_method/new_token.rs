//! Tokens that are made without a login.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use catalyst_core::Secret;
use serde::{Deserialize, Serialize};

use super::TokenType;
use crate::settings::{list, seconds, setters, texts};
use crate::wire::{MaybeTime, Seconds};

/// What token is wanted. What is not set is as the server, the mount or the role says.
///
/// ```
/// use catalyst_openbao::auth_method::TokenRequest;
/// use std::time::Duration;
///
/// let request = TokenRequest::new().policies(["orders"]).ttl(Duration::from_secs(600)).renewable(false);
/// # let _ = request;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TokenRequest {
    /// The policies; empty for those of its maker.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
    /// What is kept with it, and shown in the audit log.
    #[serde(rename = "meta", skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// How it is called in the audit log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The term until the first renewal.
    #[serde(with = "seconds", skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Duration>,
    /// No renewal goes past this age.
    #[serde(with = "seconds", skip_serializing_if = "Option::is_none")]
    pub explicit_max_ttl: Option<Duration>,
    /// Each renewal gives so much, for ever.
    #[serde(with = "seconds", skip_serializing_if = "Option::is_none")]
    pub period: Option<Duration>,
    /// How many requests it is good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_uses: Option<u64>,
    /// Whether it can be renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewable: Option<bool>,
    /// Whether it has no parent, and outlives its maker.
    #[serde(rename = "no_parent", skip_serializing_if = "Option::is_none")]
    pub orphan: Option<bool>,
    /// Whether the policy `default` is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_default_policy: Option<bool>,
    /// Of what kind it is: service or batch.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<TokenType>,
}

impl TokenRequest {
    /// A child of the session's token, with the same policies.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// The policies; empty for those of its maker.
        policies: list String;
        /// How it is called in the audit log.
        display_name: text String;
        /// The term until the first renewal, in whole seconds.
        ttl: some Duration;
        /// No renewal goes past this age, in whole seconds.
        explicit_max_ttl: some Duration;
        /// Each renewal gives so much, in whole seconds, for ever.
        period: some Duration;
        /// How many requests it is good for.
        num_uses: some u64;
        /// Whether it can be renewed.
        renewable: some bool;
        /// Whether it has no parent, and outlives its maker.
        orphan: some bool;
        /// Whether the policy `default` is left out.
        no_default_policy: some bool;
        /// Of what kind it is: service or batch.
        kind: some TokenType;
    }

    /// Something that is kept with it.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }
}

/// A token that was made. Whoever made it has to see to its end.
#[derive(Clone)]
#[non_exhaustive]
pub struct NewToken {
    /// The token.
    pub token: Secret,
    /// Names it without giving it away. Empty for a batch token, which nobody keeps.
    pub accessor: String,
    /// Its policies.
    pub policies: Vec<String>,
    /// Its term; none is for ever.
    pub ttl: Option<Duration>,
    /// Whether it can be renewed.
    pub renewable: bool,
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken")
            .field("accessor", &self.accessor)
            .field("policies", &self.policies)
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}

/// What is known of a token. The token itself is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenStatus {
    /// Names it.
    pub accessor: String,
    /// How it is called in the audit log.
    pub display_name: String,
    /// Its policies.
    pub policies: Vec<String>,
    /// What is kept with it.
    pub metadata: BTreeMap<String, String>,
    /// What made it: `auth/approle/login`.
    pub path: String,
    /// What is left of it; none is for ever.
    pub ttl: Option<Duration>,
    /// When it was made, by the server's clock.
    pub issued_at: Option<SystemTime>,
    /// When it ends, by the server's clock.
    pub expires_at: Option<SystemTime>,
    /// Whether it can be renewed.
    pub renewable: bool,
    /// Whether it has no parent.
    pub orphan: bool,
    /// How many requests it is still good for; none is any number.
    pub uses_left: Option<u64>,
    /// The entity it is tied to; empty for none.
    pub entity_id: String,
}

/// The member `auth`, with more of it than a login needs.
#[derive(Deserialize)]
pub(super) struct MadeWire {
    client_token: Secret,
    #[serde(default)]
    accessor: String,
    #[serde(default, deserialize_with = "list")]
    policies: Vec<String>,
    #[serde(default)]
    lease_duration: Seconds,
    #[serde(default)]
    renewable: bool,
}

impl From<MadeWire> for NewToken {
    fn from(wire: MadeWire) -> Self {
        Self {
            token: wire.client_token,
            accessor: wire.accessor,
            policies: wire.policies,
            ttl: Some(wire.lease_duration.0).filter(|ttl| !ttl.is_zero()),
            renewable: wire.renewable,
        }
    }
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct StatusWire {
    accessor: String,
    display_name: String,
    #[serde(deserialize_with = "list")]
    policies: Vec<String>,
    #[serde(deserialize_with = "texts")]
    meta: BTreeMap<String, String>,
    path: String,
    ttl: Seconds,
    issue_time: MaybeTime,
    expire_time: MaybeTime,
    renewable: bool,
    orphan: bool,
    num_uses: u64,
    entity_id: String,
}

impl From<StatusWire> for TokenStatus {
    fn from(wire: StatusWire) -> Self {
        Self {
            accessor: wire.accessor,
            display_name: wire.display_name,
            policies: wire.policies,
            metadata: wire.meta,
            path: wire.path,
            ttl: wire.expire_time.0.map(|_| wire.ttl.0),
            issued_at: wire.issue_time.0,
            expires_at: wire.expire_time.0,
            renewable: wire.renewable,
            orphan: wire.orphan,
            uses_left: Some(wire.num_uses).filter(|&uses| uses > 0),
            entity_id: wire.entity_id,
        }
    }
}
