//! The calls about one-time passwords.

use std::net::IpAddr;

use catalyst_core::http::{Method, Request};
use catalyst_core::{Result, Secret};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{OtpCredential, OtpRequest, Ssh, VerifiedOtp};
use crate::operation::{Operation, Subject};
use crate::transport::Call;
use crate::wire::Exposed;
use crate::{Lease, RoleName};

impl Ssh {
    /// A password for one login at one host (`POST creds/<role>`). It is good until it is used, or its lease ends, which
    /// cannot be renewed and lasts as long as the mount says: 32 days, unless that was changed. Revoke it when the login is
    /// over or was none. Not repeated once its outcome is unknown.
    ///
    /// # Errors
    /// Codes `unknown_role`, and `not_allowed_by_role` for another user or host, or a role that gives no passwords.
    ///
    /// # Cancel safety
    /// A dropped call may leave a lease that nobody knows; it ends by itself.
    pub async fn issue_otp(&self, role: &RoleName, request: &OtpRequest) -> Result<Lease<OtpCredential>> {
        let path = [self.mount.escaped(), "/creds/", role.escaped()];
        let body = |call: Request| call.json(request);
        let operation = Operation::Of(Subject::Ssh, "issue SSH one-time password");
        let call = Call::new(operation, Method::Post, &path).body(&body);
        self.issuer.issue(call, role, "one-time passwords").await
    }

    /// Takes a password at the host, and says whom it lets in (`POST verify`). **Each is taken once**, whoever shows it.
    /// Asked without a token, as hosts do. Not repeated once its outcome is unknown.
    ///
    /// # Errors
    /// Code `otp_not_found` if it was used, has ended, was revoked, or never was.
    ///
    /// # Cancel safety
    /// The password may or may not have been taken.
    pub async fn verify_otp(&self, password: &Secret) -> Result<VerifiedOtp> {
        #[derive(Serialize)]
        struct Body<'a> {
            otp: Exposed<'a>,
        }
        let path = [self.mount.escaped(), "/verify"];
        let body = |call: Request| call.json(&Body { otp: Exposed(password) });
        let operation = Operation::Of(Subject::Ssh, "verify SSH one-time password");
        let call = Call::new(operation, Method::Post, &path).body(&body).once();
        self.api().send_as(&call, None).await?.data(&self.api().transport)
    }

    /// The names of the roles that give passwords for a host (`POST lookup`), whether or not the caller may use them. Those
    /// that exclude the host are among them, and those for [every address](Self::zero_address_roles). Repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn roles_for(&self, ip: impl Into<IpAddr> + Send) -> Result<Vec<String>> {
        let ip = ip.into();
        let path = [self.mount.escaped(), "/lookup"];
        let found: RolesWire = self.at("look up SSH roles", &path).exchange(&json!({ "ip": ip })).await?;
        let mut roles = found.roles.unwrap_or_default();
        roles.sort_unstable();
        roles.dedup();
        Ok(roles)
    }

    /// The names of the roles whose passwords may be for any address, whatever networks they name
    /// (`GET config/zeroaddress`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn zero_address_roles(&self) -> Result<Vec<String>> {
        let path = [self.mount.escaped(), "/config/zeroaddress"];
        let found: Option<RolesWire> =
            self.at("read SSH roles for every address", &path).read_maybe().await?;
        Ok(found.and_then(|found| found.roles).unwrap_or_default())
    }

    /// Makes these the roles whose passwords may be for any address, and no others; none at all clears the list
    /// (`POST` or `DELETE config/zeroaddress`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_role`.
    ///
    /// # Cancel safety
    /// They may or may not have been set; call it again.
    pub async fn set_zero_address_roles(&self, roles: &[RoleName]) -> Result<()> {
        let path = [self.mount.escaped(), "/config/zeroaddress"];
        let ask = self.at("set SSH roles for every address", &path);
        if roles.is_empty() {
            return ask.delete().await;
        }
        let names: Vec<&str> = roles.iter().map(RoleName::as_str).collect();
        ask.write(&json!({ "roles": names })).await
    }

    /// Removes what an old server kept of dynamic keys, which there are no longer (`DELETE tidy/dynamic-keys`). Gives what
    /// the server says of it. Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be done; call it again.
    pub async fn tidy_dynamic_keys(&self) -> Result<String> {
        let path = [self.mount.escaped(), "/tidy/dynamic-keys"];
        let said: Option<TidyWire> = self.at("tidy SSH dynamic keys", &path).delete_for().await?;
        Ok(said.map(|said| said.message).unwrap_or_default())
    }
}

#[derive(Deserialize)]
struct RolesWire {
    #[serde(default)]
    roles: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct TidyWire {
    #[serde(default)]
    message: String,
}
