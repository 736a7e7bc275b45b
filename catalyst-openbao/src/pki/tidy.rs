//! Taking away what has expired.

use std::time::{Duration, SystemTime};

use catalyst_core::Result;
use serde::{Deserialize, Serialize};

use super::Pki;
use crate::settings::{covers, seconds, setters};
use crate::wire::MaybeTime;

/// What is to be taken away.
///
/// ```
/// use std::time::Duration;
/// use catalyst_openbao::pki::Tidy;
///
/// let tidy = Tidy::new().certificates(true).revoked(true).safety_buffer(Duration::from_secs(24 * 3600));
/// # let _ = tidy;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "as the server has them")]
pub struct Tidy {
    /// Certificates that have expired.
    #[serde(rename = "tidy_cert_store", default)]
    pub certificates: bool,
    /// Those that were revoked and have expired, which then leave the list.
    #[serde(rename = "tidy_revoked_certs", default)]
    pub revoked: bool,
    /// What the store holds and is no certificate.
    #[serde(rename = "tidy_invalid_certs", default)]
    pub invalid: bool,
    /// Issuers that have expired; not the default one, and no keys.
    #[serde(rename = "tidy_expired_issuers", default)]
    pub issuers: bool,
    /// Orders and accounts of ACME that nobody uses.
    #[serde(rename = "tidy_acme", default)]
    pub acme: bool,
    /// How long a certificate must have expired, in whole seconds; 72 h unless set.
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    pub safety_buffer: Option<Duration>,
    /// How long an issuer must have expired, in whole seconds; a year unless set.
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    pub issuer_safety_buffer: Option<Duration>,
    /// How long the server rests between two certificates, in whole seconds.
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    pub pause_duration: Option<Duration>,
}

impl Tidy {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Whether certificates go that have expired.
        certificates: plain bool;
        /// Whether those go that were revoked and have expired.
        revoked: plain bool;
        /// Whether that goes which is no certificate.
        invalid: plain bool;
        /// Whether issuers go that have expired.
        issuers: plain bool;
        /// Whether that of ACME goes that nobody uses.
        acme: plain bool;
        /// How long a certificate must have expired, in whole seconds.
        safety_buffer: some Duration;
        /// How long an issuer must have expired, in whole seconds.
        issuer_safety_buffer: some Duration;
        /// How long the server rests between two certificates, in whole seconds.
        pause_duration: some Duration;
    }
}

/// What is taken away in turn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AutoTidy {
    /// Whether it is.
    #[serde(default)]
    pub enabled: bool,
    /// How often, in whole seconds; every 12 h unless set.
    #[serde(
        default,
        rename = "interval_duration",
        with = "seconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub interval: Option<Duration>,
    /// What.
    #[serde(flatten)]
    pub tidy: Tidy,
}

impl AutoTidy {
    /// Takes this away in turn.
    pub fn of(tidy: Tidy) -> Self {
        Self { enabled: true, interval: None, tidy }
    }

    /// Takes nothing away by itself.
    pub fn disabled() -> Self {
        Self::default()
    }

    setters! {
        /// How often, in whole seconds.
        interval: some Duration;
    }

    /// Whether `found` has all that this sets.
    pub fn is_met_by(&self, found: &Self) -> bool {
        covers(self, found)
    }
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TidyState {
    /// Nothing was begun since the server was started.
    Inactive,
    /// It is being done.
    Running,
    /// It is being stopped.
    Cancelling,
    /// It was stopped.
    Cancelled,
    /// It is done.
    Finished,
    /// It failed, for this reason.
    Failed(String),
    /// Another state, by the server's name.
    Other(String),
}

/// What the last time did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TidyStatus {
    /// How far it is.
    pub state: TidyState,
    /// When it was begun.
    pub started_at: Option<SystemTime>,
    /// When it ended.
    pub finished_at: Option<SystemTime>,
    /// How many certificates it took away.
    pub certificates_deleted: u64,
    /// How many revoked ones.
    pub revoked_deleted: u64,
}

impl Pki {
    /// Lets the server take away what has expired, in the background (`POST tidy`). One that is running goes on, and
    /// nothing else is begun, with a warning. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` for a buffer of no length.
    ///
    /// # Cancel safety
    /// It may or may not be begun; call it again.
    pub async fn tidy(&self, what: &Tidy) -> Result<()> {
        self.ask("tidy certificates", &[self.mount.escaped(), "/tidy"]).write(what).await
    }

    /// How far that is (`GET tidy-status`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn tidy_status(&self) -> Result<TidyStatus> {
        let path = [self.mount.escaped(), "/tidy-status"];
        let wire: StatusWire = self.ask("read tidy status", &path).read().await?;
        let state = match wire.state.as_str() {
            "Inactive" => TidyState::Inactive,
            "Running" => TidyState::Running,
            "Cancelling" => TidyState::Cancelling,
            "Cancelled" => TidyState::Cancelled,
            "Finished" => TidyState::Finished,
            "Error" => TidyState::Failed(wire.error.unwrap_or_default()),
            _ => TidyState::Other(wire.state),
        };
        Ok(TidyStatus {
            state,
            started_at: wire.time_started.0,
            finished_at: wire.time_finished.0,
            certificates_deleted: wire.cert_store_deleted_count.unwrap_or(0),
            revoked_deleted: wire.revoked_cert_deleted_count.unwrap_or(0),
        })
    }

    /// Stops it, if it is running (`POST tidy-cancel`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be stopped; call it again.
    pub async fn cancel_tidy(&self) -> Result<()> {
        self.ask("cancel tidy", &[self.mount.escaped(), "/tidy-cancel"]).write(&Nothing {}).await
    }

    /// What is taken away in turn (`GET config/auto-tidy`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn auto_tidy(&self) -> Result<AutoTidy> {
        self.ask("read automatic tidy", &[self.mount.escaped(), "/config/auto-tidy"]).read().await
    }

    /// Sets that (`POST config/auto-tidy`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` if it is enabled and takes nothing away.
    ///
    /// # Cancel safety
    /// It may or may not be set; call it again.
    pub async fn configure_auto_tidy(&self, config: &AutoTidy) -> Result<()> {
        self.ask("configure automatic tidy", &[self.mount.escaped(), "/config/auto-tidy"]).write(config).await
    }
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Deserialize)]
struct StatusWire {
    #[serde(default)]
    state: String,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    time_started: MaybeTime,
    #[serde(default)]
    time_finished: MaybeTime,
    #[serde(default)]
    cert_store_deleted_count: Option<u64>,
    #[serde(default)]
    revoked_cert_deleted_count: Option<u64>,
}
