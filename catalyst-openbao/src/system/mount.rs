//! What is mounted, and how it is set.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Mount;
use crate::auth_method::TokenType;
use crate::settings::{covers, list, maybe_text, seconds, setters, texts};

/// One engine or one login method: `T` says of what kind it is, an [`EngineType`](crate::EngineType) or an
/// [`AuthMethodType`](crate::auth_method::AuthMethodType).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mounted<T> {
    /// Where; for a login method the part behind `auth/`.
    pub path: Mount,
    /// What.
    pub kind: T,
    /// Names it for good, also after it was moved.
    pub accessor: String,
    /// Names it for good.
    pub uuid: String,
    /// What somebody wrote about it.
    pub description: String,
    /// Its own settings; for KV the `version`.
    pub options: BTreeMap<String, String>,
    /// How it is tuned. What was never set is left out.
    pub tuning: MountTuning,
    /// Whether replication leaves it alone.
    pub local: bool,
    /// Whether its keys are sealed a second time.
    pub seal_wrap: bool,
    /// The version of the plugin that was asked for; empty for any.
    pub plugin_version: String,
    /// The version that runs.
    pub running_version: String,
}

/// What a mount is given when it is made.
///
/// ```
/// use catalyst_openbao::system::{MountSettings, MountTuning};
/// use std::time::Duration;
///
/// let settings = MountSettings::new()
///     .description("secrets of all teams")
///     .option("version", "2")
///     .tuning(MountTuning::new().default_lease_ttl(Duration::from_secs(600)));
/// # let _ = settings;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MountSettings {
    /// What it is for, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Settings of its own, as texts.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// How it is tuned from the start.
    #[serde(rename = "config")]
    pub tuning: MountTuning,
    /// Whether replication leaves it alone.
    pub local: bool,
    /// Whether its keys are sealed a second time, where the seal can do that.
    pub seal_wrap: bool,
}

/// How a mount is tuned. Written, what is left out stays as it is; read, what was never set is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MountTuning {
    /// The term of leases and tokens that ask for none. Zero is the server's own.
    #[serde(with = "seconds", skip_serializing_if = "Option::is_none")]
    pub default_lease_ttl: Option<Duration>,
    /// The longest term. Zero is the server's own.
    #[serde(with = "seconds", skip_serializing_if = "Option::is_none")]
    pub max_lease_ttl: Option<Duration>,
    /// What it is for. Only of effect when an existing mount is tuned; [`MountSettings`] has its own.
    #[serde(deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Settings of its own. Only of effect when an existing mount is tuned.
    #[serde(deserialize_with = "texts", skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Whether it is shown to those without a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listing_visibility: Option<ListingVisibility>,
    /// Members of requests that the audit log holds in clear.
    #[serde(deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub audit_non_hmac_request_keys: Vec<String>,
    /// Members of answers that the audit log holds in clear.
    #[serde(deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub audit_non_hmac_response_keys: Vec<String>,
    /// Headers of requests that reach the plugin.
    #[serde(deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub passthrough_request_headers: Vec<String>,
    /// Headers that the plugin may set.
    #[serde(deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub allowed_response_headers: Vec<String>,
    /// The tokens that a login method makes. Refused for engines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<TokenType>,
}

/// Who sees that something is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ListingVisibility {
    /// Those with a token that may use it.
    #[serde(alias = "")]
    Hidden,
    /// Everybody.
    Unauth,
}

impl MountSettings {
    /// Nothing special.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// What it is for, for people.
        description: text String;
        /// How it is tuned from the start.
        tuning: plain MountTuning;
        /// Whether replication leaves it alone.
        local: plain bool;
        /// Whether its keys are sealed a second time, where the seal can do that.
        seal_wrap: plain bool;
    }

    /// One of its own settings.
    #[must_use]
    pub fn option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.insert(name.into(), value.into());
        self
    }
}

impl MountTuning {
    /// Nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// The term of leases and tokens that ask for none, in whole seconds.
        default_lease_ttl: some Duration;
        /// The longest term, in whole seconds.
        max_lease_ttl: some Duration;
        /// What it is for.
        description: text String;
        /// Who sees it.
        listing_visibility: some ListingVisibility;
        /// Members of requests that the audit log holds in clear.
        audit_non_hmac_request_keys: list String;
        /// Members of answers that the audit log holds in clear.
        audit_non_hmac_response_keys: list String;
        /// Headers of requests that reach the plugin.
        passthrough_request_headers: list String;
        /// Headers that the plugin may set.
        allowed_response_headers: list String;
        /// The tokens that a login method makes.
        token_type: some TokenType;
    }

    /// One of the mount's own settings.
    #[must_use]
    pub fn option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.insert(name.into(), value.into());
        self
    }

    /// Whether `found` has all that this sets.
    pub fn is_met_by(&self, found: &Self) -> bool {
        covers(self, found)
    }
}

/// A mount as `sys/mounts` and `sys/auth` describe it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct MountedWire {
    #[serde(rename = "type")]
    pub(super) kind: String,
    accessor: String,
    uuid: String,
    description: String,
    #[serde(deserialize_with = "texts")]
    options: BTreeMap<String, String>,
    config: MountTuning,
    local: bool,
    seal_wrap: bool,
    plugin_version: String,
    running_plugin_version: String,
}

impl MountedWire {
    pub(super) fn mounted<T>(self, path: Mount, kind: T) -> Mounted<T> {
        Mounted {
            path,
            kind,
            accessor: self.accessor,
            uuid: self.uuid,
            description: self.description,
            options: self.options,
            tuning: self.config,
            local: self.local,
            seal_wrap: self.seal_wrap,
            plugin_version: self.plugin_version,
            running_version: self.running_plugin_version,
        }
    }
}
