//! Addresses that stand in certificates.

use catalyst_core::Result;
use serde::{Deserialize, Serialize};

use super::Pki;
use crate::settings::{covers, list, setters};

/// Where those who check a certificate find its issuer, the list of revoked ones, and who answers by OCSP.
///
/// ```
/// use catalyst_openbao::pki::AuthorityUrls;
///
/// let urls = AuthorityUrls::new()
///     .issuing_certificates(["https://bao.example.test/v1/pki/ca"])
///     .crl_distribution_points(["https://bao.example.test/v1/pki/crl"]);
/// # let _ = urls;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuthorityUrls {
    /// Of the issuer's certificate.
    #[serde(default, deserialize_with = "list")]
    pub issuing_certificates: Vec<String>,
    /// Of the list of revoked certificates.
    #[serde(default, deserialize_with = "list")]
    pub crl_distribution_points: Vec<String>,
    /// Of the list of what was revoked since the last whole one.
    #[serde(default, deserialize_with = "list")]
    pub delta_crl_distribution_points: Vec<String>,
    /// Of who answers by OCSP.
    #[serde(default, deserialize_with = "list")]
    pub ocsp_servers: Vec<String>,
}

impl AuthorityUrls {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Of the issuer's certificate.
        issuing_certificates: list String;
        /// Of the list of revoked certificates.
        crl_distribution_points: list String;
        /// Of the list of what was revoked since the last whole one.
        delta_crl_distribution_points: list String;
        /// Of who answers by OCSP.
        ocsp_servers: list String;
    }

    /// Whether `found` has the same.
    pub fn is_met_by(&self, found: &Self) -> bool {
        covers(self, found)
    }
}

impl Pki {
    /// The addresses that stand in certificates of issuers without their own (`GET config/urls`). Repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn urls(&self) -> Result<AuthorityUrls> {
        self.ask("read certificate addresses", &[self.mount.escaped(), "/config/urls"]).read().await
    }

    /// Sets them, all of them (`POST config/urls`). Certificates that are there stay as they are. Repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `malformed_input` for what is no address.
    ///
    /// # Cancel safety
    /// They may or may not be set; call it again.
    pub async fn configure_urls(&self, urls: &AuthorityUrls) -> Result<()> {
        self.ask("configure certificate addresses", &[self.mount.escaped(), "/config/urls"]).write(urls).await
    }
}
