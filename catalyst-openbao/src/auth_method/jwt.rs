//! The `jwt` method.

use std::sync::Arc;

use catalyst_core::Result;

use super::jwt_config::JwtConfigWire;
use super::{JwtConfig, JwtRole, JwtStatus};
use crate::Mount;
use crate::api::Api;
use crate::operation::Subject;

/// The `jwt` login method at one mount; made by [`OpenBao::jwt_method`](crate::OpenBao::jwt_method). Cheap to clone.
///
/// ```
/// use catalyst_openbao::OpenBao;
/// use catalyst_openbao::auth_method::{JwtConfig, JwtKeys, JwtRole};
///
/// # async fn example(bao: &OpenBao) -> catalyst_openbao::Result<()> {
/// let method = bao.jwt_method("jwt".parse()?);
/// method.configure(&JwtConfig::new(JwtKeys::jwks("https://spire.internal/keys"))).await?;
/// method.write_role(&"orders".parse()?, &JwtRole::new(["openbao"])).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct JwtMethod {
    api: Arc<Api>,
    mount: Mount,
}

impl JwtMethod {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { api, mount }
    }

    /// Sets whose tokens are trusted, in place of what was set before. The server reads a set of keys or asks an issuer
    /// at once. `POST auth/:mount/config`, repeated after passing faults.
    ///
    /// # Errors
    /// Codes `issuer_unreachable` if it cannot read the keys; `invalid_request` with the server's reason.
    ///
    /// # Cancel safety
    /// It may or may not be set.
    pub async fn configure(&self, config: &JwtConfig) -> Result<()> {
        let path = ["auth/", self.mount.escaped(), "/config"];
        let body = JwtConfigWire::of(config);
        self.api.at(Subject::AuthMethod, "configure jwt method", &path).write(&body).await
    }

    /// What is set, or none if nothing is. `GET auth/:mount/config`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn config(&self) -> Result<Option<JwtStatus>> {
        let path = ["auth/", self.mount.escaped(), "/config"];
        let call = self.api.at(Subject::AuthMethod, "read jwt method", &path);
        call.read_maybe::<JwtConfigWire>().await?.map(JwtConfigWire::status).transpose()
    }
}

super::roles!(
    JwtMethod,
    JwtRole,
    "/role",
    "`auth/:mount/role/:name`",
    ["write jwt role", "read jwt role", "list jwt roles", "delete jwt role"]
);
