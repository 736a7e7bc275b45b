//! ACME: certificates for clients that prove their names.

use catalyst_core::{Result, Secret};
use serde::{Deserialize, Serialize};

use super::{EabKeyId, Pki};
use crate::settings::{covers, list, maybe_text, setters};

/// Who may open an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EabPolicy {
    /// Everybody.
    #[default]
    NotRequired,
    /// Those with a key of [`Pki::new_eab`], where no role is named in the address.
    NewAccountRequired,
    /// Those with such a key.
    AlwaysRequired,
}

/// Whether and how a mount speaks ACME.
///
/// ```
/// use catalyst_openbao::pki::{AcmeConfig, EabPolicy};
///
/// let config = AcmeConfig::enabled().allowed_roles(["web"]).default_directory_policy("role:web");
/// let config = config.eab_policy(EabPolicy::AlwaysRequired);
/// # let _ = config;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AcmeConfig {
    /// Whether it does.
    #[serde(default)]
    pub enabled: bool,
    /// Roles that may be asked for; all, `*`, unless set.
    #[serde(default, deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub allowed_roles: Vec<String>,
    /// Issuers that may be asked for; all, `*`, unless set.
    #[serde(default, deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub allowed_issuers: Vec<String>,
    /// What holds where no role is named: `sign-verbatim`, `forbid` or `role:NAME`.
    #[serde(default, deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    pub default_directory_policy: Option<String>,
    /// Who resolves names, as address and port; the server's own resolver unless set.
    #[serde(default, deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    pub dns_resolver: Option<String>,
    /// Who may open an account.
    #[serde(default)]
    pub eab_policy: EabPolicy,
}

impl AcmeConfig {
    /// The mount speaks ACME.
    pub fn enabled() -> Self {
        Self { enabled: true, ..Self::default() }
    }

    /// It does not.
    pub fn disabled() -> Self {
        Self::default()
    }

    setters! {
        /// Roles that may be asked for.
        allowed_roles: list String;
        /// Issuers that may be asked for.
        allowed_issuers: list String;
        /// What holds where no role is named: `sign-verbatim`, `forbid` or `role:NAME`.
        default_directory_policy: text String;
        /// Who resolves names, as address and port.
        dns_resolver: text String;
        /// Who may open an account.
        eab_policy: plain EabPolicy;
    }

    /// Whether `found` has all that this sets.
    pub fn is_met_by(&self, found: &Self) -> bool {
        covers(self, found)
    }
}

/// A key with which somebody opens one account (external account binding).
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct EabKey {
    /// Its identifier.
    pub id: EabKeyId,
    /// The key, in base64url.
    pub key: Secret,
    /// Its kind, `hs`.
    pub key_type: String,
    /// Below the mount, where the account is to be opened: `acme/directory`.
    pub acme_directory: String,
}

impl Pki {
    /// Whether and how the mount speaks ACME (`GET config/acme`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn acme(&self) -> Result<AcmeConfig> {
        self.ask("read ACME settings", &[self.mount.escaped(), "/config/acme"]).read().await
    }

    /// Sets that (`POST config/acme`). The mount must let the headers of ACME through, which
    /// [`MountSettings`](crate::system::MountSettings) say. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `cluster_path_missing` before [`Pki::set_cluster_path`]; `unknown_role` if the policy names one that is not
    /// there.
    ///
    /// # Cancel safety
    /// It may or may not be set; call it again.
    pub async fn configure_acme(&self, config: &AcmeConfig) -> Result<()> {
        self.ask("configure ACME", &[self.mount.escaped(), "/config/acme"]).write(config).await
    }

    /// Under which address the mount is reached, `https://bao.example.test/v1/pki`, if that was set (`GET config/cluster`).
    /// Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn cluster_path(&self) -> Result<Option<String>> {
        let path = [self.mount.escaped(), "/config/cluster"];
        Ok(self.ask("read cluster address", &path).read::<ClusterWire>().await?.path)
    }

    /// Sets under which address the mount is reached (`POST config/cluster`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `malformed_input` for what is no address.
    ///
    /// # Cancel safety
    /// It may or may not be set; call it again.
    pub async fn set_cluster_path(&self, address: &str) -> Result<()> {
        let path = [self.mount.escaped(), "/config/cluster"];
        self.ask("set cluster address", &path).write(&ClusterWire { path: Some(address.to_owned()) }).await
    }

    /// Makes a key with which somebody opens an account (`POST acme/new-eab`). Not repeated once its outcome is unknown.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not have been made.
    pub async fn new_eab(&self) -> Result<EabKey> {
        self.ask("make ACME binding", &[self.mount.escaped(), "/acme/new-eab"])
            .once()
            .exchange(&Nothing {})
            .await
    }

    /// The identifiers of such keys that nobody used yet (`LIST eab`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn eabs(&self) -> Result<Vec<EabKeyId>> {
        let listed: Option<Listed> =
            self.ask("list ACME bindings", &[self.mount.escaped(), "/eab"]).list_maybe().await?;
        Ok(listed.map(|listed| listed.keys).unwrap_or_default())
    }

    /// Deletes such a key; one that is not there is a success (`DELETE eab/:id`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn delete_eab(&self, id: &EabKeyId) -> Result<()> {
        let path = [self.mount.escaped(), "/eab/", id.escaped()];
        self.ask("delete ACME binding", &path).delete().await
    }
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize, Deserialize)]
struct ClusterWire {
    #[serde(default, deserialize_with = "maybe_text")]
    path: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    keys: Vec<EabKeyId>,
}
