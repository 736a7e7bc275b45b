//! Quotas: how many requests the server serves.

use std::time::Duration;

use catalyst_core::Result;
use serde::{Deserialize, Serialize};

use super::{QuotaName, System};
use crate::operation::Subject;
use crate::settings::{covers, list, maybe_text, seconds, setters};

/// How many requests are served in a span of time, for each address they come from.
///
/// ```
/// use catalyst_openbao::system::RateLimit;
/// use std::time::Duration;
///
/// let limit = RateLimit::new(500.0).interval(Duration::from_secs(10)).path("secret/");
/// # let _ = limit;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RateLimit {
    /// How many in one interval.
    pub rate: f64,
    /// The interval; one second, unless said otherwise.
    #[serde(with = "seconds", skip_serializing_if = "Option::is_none")]
    pub interval: Option<Duration>,
    /// For how long an address that asked too much is refused.
    #[serde(with = "seconds", skip_serializing_if = "Option::is_none")]
    pub block_interval: Option<Duration>,
    /// The mount or the namespace that it is for; none is for the whole server.
    #[serde(deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The role of a login method that it is for.
    #[serde(deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Whether it holds in namespaces below too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inheritable: Option<bool>,
}

/// Settings of all quotas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct QuotaConfig {
    /// Whether refusals by a quota are written to the audit log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_rate_limit_audit_logging: Option<bool>,
    /// Whether answers say how much of a quota is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_rate_limit_response_headers: Option<bool>,
    /// Paths that no quota is for. Written whole.
    #[serde(deserialize_with = "list")]
    pub rate_limit_exempt_paths: Vec<String>,
}

impl RateLimit {
    /// So many requests a second; a number that is positive.
    pub fn new(rate: f64) -> Self {
        Self { rate, ..Self::default() }
    }

    setters! {
        /// The interval in which `rate` requests are served, in whole seconds.
        interval: some Duration;
        /// For how long an address that asked too much is refused, in whole seconds.
        block_interval: some Duration;
        /// The mount or the namespace that it is for.
        path: text String;
        /// The role of a login method that it is for.
        role: text String;
        /// Whether it holds in namespaces below too.
        inheritable: some bool;
    }

    /// Whether `found` has all that this sets.
    pub fn is_met_by(&self, found: &Self) -> bool {
        covers(self, found)
    }
}

impl QuotaConfig {
    /// No path is exempt.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Whether refusals by a quota are written to the audit log.
        enable_rate_limit_audit_logging: some bool;
        /// Whether answers say how much of a quota is left.
        enable_rate_limit_response_headers: some bool;
        /// Paths that no quota is for.
        rate_limit_exempt_paths: list String;
    }
}

/// Quotas. OpenBao 2.7 has them for rates only; quotas of leases are an older relation's.
impl System {
    /// Sets a quota in place of the one of that name. `POST sys/quotas/rate-limit/:name`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `invalid_request` for a rate that is not positive, or a path where nothing is mounted.
    ///
    /// # Cancel safety
    /// It may or may not be set.
    pub async fn write_rate_limit(&self, name: &QuotaName, limit: &RateLimit) -> Result<()> {
        let path = ["sys/quotas/rate-limit/", name.escaped()];
        self.api.at(Subject::System, "write rate limit", &path).write(limit).await
    }

    /// A quota, or none if there is none. `GET sys/quotas/rate-limit/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn rate_limit(&self, name: &QuotaName) -> Result<Option<RateLimit>> {
        let path = ["sys/quotas/rate-limit/", name.escaped()];
        self.api.at(Subject::System, "read rate limit", &path).read_maybe().await
    }

    /// The names of all quotas. `LIST sys/quotas/rate-limit`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn rate_limits(&self) -> Result<Vec<String>> {
        let path = ["sys/quotas/rate-limit"];
        self.api.at(Subject::System, "list rate limits", &path).list().await
    }

    /// Removes a quota. None there is a success. `DELETE sys/quotas/rate-limit/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn delete_rate_limit(&self, name: &QuotaName) -> Result<()> {
        let path = ["sys/quotas/rate-limit/", name.escaped()];
        self.api.at(Subject::System, "delete rate limit", &path).delete().await
    }

    /// The settings of all quotas. `GET sys/quotas/config`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn quota_config(&self) -> Result<QuotaConfig> {
        let path = ["sys/quotas/config"];
        self.api.at(Subject::System, "read quota settings", &path).read().await
    }

    /// Changes the settings of all quotas. `POST sys/quotas/config`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// They may or may not be changed.
    pub async fn write_quota_config(&self, config: &QuotaConfig) -> Result<()> {
        let path = ["sys/quotas/config"];
        self.api.at(Subject::System, "write quota settings", &path).write(config).await
    }
}
