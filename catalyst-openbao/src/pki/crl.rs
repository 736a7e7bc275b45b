//! Lists of revoked certificates.

use std::time::Duration;

use catalyst_core::Result;
use serde::{Deserialize, Serialize};

use super::{CrlPem, Pki};
use crate::settings::{covers, seconds, setters};

/// When lists of revoked certificates are made. What is not set stays as it is.
///
/// ```
/// use std::time::Duration;
/// use catalyst_openbao::pki::CrlConfig;
///
/// let hours = |hours: u64| Duration::from_secs(hours * 3600);
/// let config = CrlConfig::new().expiry(hours(48)).auto_rebuild(true).auto_rebuild_grace_period(hours(12));
/// # let _ = config;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CrlConfig {
    /// How long a list is good for, in whole seconds.
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    pub expiry: Option<Duration>,
    /// Whether lists stay empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable: Option<bool>,
    /// Whether OCSP is not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ocsp_disable: Option<bool>,
    /// How long an answer by OCSP is good for, in whole seconds.
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    pub ocsp_expiry: Option<Duration>,
    /// Whether a list is made before the last one ends, in the place of at each revocation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_rebuild: Option<bool>,
    /// How long before, in whole seconds.
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    pub auto_rebuild_grace_period: Option<Duration>,
    /// Whether there are lists of what was revoked since the last whole one; only with `auto_rebuild`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_delta: Option<bool>,
    /// How often those are made, in whole seconds.
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    pub delta_rebuild_interval: Option<Duration>,
    /// Whether certificates that have expired can be revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_expired_cert_revocation: Option<bool>,
}

impl CrlConfig {
    /// Nothing changes.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// How long a list is good for, in whole seconds.
        expiry: some Duration;
        /// Whether lists stay empty.
        disable: some bool;
        /// Whether OCSP is not answered.
        ocsp_disable: some bool;
        /// How long an answer by OCSP is good for, in whole seconds.
        ocsp_expiry: some Duration;
        /// Whether a list is made before the last one ends, in the place of at each revocation.
        auto_rebuild: some bool;
        /// How long before, in whole seconds.
        auto_rebuild_grace_period: some Duration;
        /// Whether there are lists of what was revoked since the last whole one.
        enable_delta: some bool;
        /// How often those are made, in whole seconds.
        delta_rebuild_interval: some Duration;
        /// Whether certificates that have expired can be revoked.
        allow_expired_cert_revocation: some bool;
    }

    /// Whether `found` has all that this sets.
    pub fn is_met_by(&self, found: &Self) -> bool {
        covers(self, found)
    }
}

impl Pki {
    /// The list of revoked certificates of the issuer (`GET issuer/:ref/crl`). Repeated after passing faults.
    ///
    /// # Errors
    /// Codes `no_issuer`, `unknown_issuer`; `issuer_without_key` of one that signs no list.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn crl(&self) -> Result<CrlPem> {
        let path = self.way("/issuer/default/crl", "/crl");
        Ok(self.ask("read revocation list", &path).read::<List>().await?.crl)
    }

    /// What was revoked since the last whole list (`GET issuer/:ref/crl/delta`). There is one also where they are not
    /// enabled, and nothing is in it then. Repeated after passing faults.
    ///
    /// # Errors
    /// As of [`Pki::crl`].
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn delta_crl(&self) -> Result<CrlPem> {
        let path = self.way("/issuer/default/crl/delta", "/crl/delta");
        Ok(self.ask("read delta revocation list", &path).read::<List>().await?.crl)
    }

    /// Makes the lists of all issuers anew (`GET crl/rotate`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// They may or may not be new; call it again.
    pub async fn rotate_crl(&self) -> Result<()> {
        let path = [self.mount.escaped(), "/crl/rotate"];
        self.ask("rotate revocation list", &path).read::<Rotated>().await.map(drop)
    }

    /// Makes the lists of what was revoked since then anew; where they are not enabled, nothing is done, with a warning
    /// (`GET crl/rotate-delta`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// They may or may not be new; call it again.
    pub async fn rotate_delta_crl(&self) -> Result<()> {
        let path = [self.mount.escaped(), "/crl/rotate-delta"];
        self.ask("rotate delta revocation list", &path).read::<Rotated>().await.map(drop)
    }

    /// When lists are made (`GET config/crl`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn crl_config(&self) -> Result<CrlConfig> {
        self.ask("read revocation list settings", &[self.mount.escaped(), "/config/crl"]).read().await
    }

    /// Sets when lists are made (`POST config/crl`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` if it contradicts itself.
    ///
    /// # Cancel safety
    /// It may or may not be set; call it again.
    pub async fn configure_crl(&self, config: &CrlConfig) -> Result<()> {
        self.ask("configure revocation lists", &[self.mount.escaped(), "/config/crl"]).write(config).await
    }
}

#[derive(Deserialize)]
struct List {
    crl: CrlPem,
}

#[derive(Deserialize)]
struct Rotated {}
