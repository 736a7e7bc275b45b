//! One-time passwords: asked for, given, and shown at the host.

use std::net::IpAddr;

use catalyst_core::Secret;
use serde::{Deserialize, Serialize};

use super::Principal;

/// For which login a one-time password is to be.
///
/// ```
/// use std::net::Ipv4Addr;
///
/// use catalyst_openbao::ssh::OtpRequest;
///
/// let request = OtpRequest::new(Ipv4Addr::new(10, 1, 2, 3)).username("deploy".parse()?);
/// # let _ = request;
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[must_use]
pub struct OtpRequest {
    /// The address of the host.
    pub ip: IpAddr,
    /// The user there; the default user of the role if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<Principal>,
}

impl OtpRequest {
    /// For the role's default user at this host.
    pub fn new(ip: impl Into<IpAddr>) -> Self {
        Self { ip: ip.into(), username: None }
    }

    /// For this user.
    pub fn username(self, username: Principal) -> Self {
        Self { username: Some(username), ..self }
    }
}

/// A password for one login.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct OtpCredential {
    /// The password.
    #[serde(rename = "key")]
    pub password: Secret,
    /// The user it is for.
    pub username: String,
    /// The host it is for.
    pub ip: IpAddr,
    /// The port that the role says.
    pub port: u16,
}

impl OtpCredential {
    /// A password for port 22, for tests.
    pub fn new(password: Secret, username: impl Into<String>, ip: IpAddr) -> Self {
        Self { password, username: username.into(), ip, port: 22 }
    }
}

/// Whom a password lets in, and where. **A host compares both with itself** before it lets anybody in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct VerifiedOtp {
    /// The user.
    pub username: String,
    /// The address of the host.
    pub ip: IpAddr,
    /// The role that gave the password.
    #[serde(rename = "role_name", default)]
    pub role: String,
}

impl VerifiedOtp {
    /// What is known of a password, for tests.
    pub fn new(username: impl Into<String>, ip: IpAddr, role: impl Into<String>) -> Self {
        Self { username: username.into(), ip, role: role.into() }
    }
}
