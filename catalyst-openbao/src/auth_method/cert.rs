//! The `cert` method.

use std::sync::Arc;

use catalyst_core::Result;
use serde::{Deserialize, Serialize};

use super::CertRole;
use crate::Mount;
use crate::api::Api;
use crate::operation::Subject;
use crate::settings::setters;

/// The `cert` login method at one mount; made by [`OpenBao::cert_method`](crate::OpenBao::cert_method). Cheap to clone.
///
/// ```
/// use catalyst_openbao::OpenBao;
/// use catalyst_openbao::auth_method::CertRole;
///
/// # async fn example(bao: &OpenBao, authority_pem: &str) -> catalyst_openbao::Result<()> {
/// let role = CertRole::new(authority_pem).allowed_uri_sans(["spiffe://example.test/ns/shop/sa/orders"]);
/// bao.cert_method("cert".parse()?).write_role(&"orders".parse()?, &role).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct CertMethod {
    api: Arc<Api>,
    mount: Mount,
}

/// Settings of the method.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CertConfig {
    /// Whether a token may be renewed without the certificate that it was made with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_binding: Option<bool>,
    /// Whether metadata of the certificate goes into the alias of its entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_identity_alias_metadata: Option<bool>,
    /// How many answers of OCSP responders are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ocsp_cache_size: Option<u64>,
}

impl CertConfig {
    /// Nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Whether a token may be renewed without the certificate that it was made with.
        disable_binding: some bool;
        /// Whether metadata of the certificate goes into the alias of its entity.
        enable_identity_alias_metadata: some bool;
        /// How many answers of OCSP responders are kept.
        ocsp_cache_size: some u64;
    }
}

impl CertMethod {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { api, mount }
    }

    /// Changes settings of the method. `POST auth/:mount/config`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` and the others of the crate.
    ///
    /// # Cancel safety
    /// They may or may not be changed.
    pub async fn configure(&self, config: &CertConfig) -> Result<()> {
        let path = ["auth/", self.mount.escaped(), "/config"];
        self.api.at(Subject::AuthMethod, "configure cert method", &path).write(config).await
    }

    /// The settings of the method. `GET auth/:mount/config`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn config(&self) -> Result<CertConfig> {
        let path = ["auth/", self.mount.escaped(), "/config"];
        self.api.at(Subject::AuthMethod, "read cert method", &path).read().await
    }
}

super::roles!(
    CertMethod,
    CertRole,
    "/certs",
    "`auth/:mount/certs/:name`",
    ["write cert role", "read cert role", "list cert roles", "delete cert role"]
);
