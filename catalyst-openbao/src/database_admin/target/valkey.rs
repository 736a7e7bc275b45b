//! Valkey and Redis.

use std::fmt;

use catalyst_core::{Result, Secret};
use serde::{Serialize, Serializer};

use crate::wire::Exposed;

/// A Valkey or Redis, and the user that makes and drops others there.
///
/// The server makes all names of users large letters, and gives them in no form of our choice.
#[derive(Clone)]
#[non_exhaustive]
pub struct ValkeyTarget {
    /// Name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The managing user; it may run `ACL`.
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// The authorities to trust, in PEM. Without them the connection is not encrypted.
    pub tls_ca: Option<String>,
    redis: bool,
}

impl ValkeyTarget {
    /// The Valkey at a host and port.
    pub fn new(host: impl Into<String>, port: u16, username: impl Into<String>, password: Secret) -> Self {
        Self { host: host.into(), port, username: username.into(), password, tls_ca: None, redis: false }
    }

    /// Encrypts the connection, and trusts these authorities, in PEM.
    #[must_use]
    pub fn tls_ca(mut self, pem: impl Into<String>) -> Self {
        self.tls_ca = Some(pem.into());
        self
    }

    /// Speaks to it by the server's plugin for Redis.
    #[must_use]
    pub fn redis(mut self) -> Self {
        self.redis = true;
        self
    }

    pub(super) fn plugin(&self) -> &'static str {
        if self.redis { "redis-database-plugin" } else { "valkey-database-plugin" }
    }
}

impl Serialize for ValkeyTarget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            host: &'a str,
            port: u16,
            username: &'a str,
            password: Exposed<'a>,
            tls: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            ca_cert: Option<&'a str>,
        }
        Body {
            host: &self.host,
            port: self.port,
            username: &self.username,
            password: Exposed(&self.password),
            tls: self.tls_ca.is_some(),
            ca_cert: self.tls_ca.as_deref(),
        }
        .serialize(serializer)
    }
}

impl fmt::Debug for ValkeyTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValkeyTarget")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}
