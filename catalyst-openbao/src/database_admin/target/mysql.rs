//! MySQL and MariaDB.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use catalyst_core::{Result, Secret};
use serde::{Serialize, Serializer};

use super::bad_address;
use super::postgres::span;
use crate::settings::setters;
use crate::wire::Exposed;

/// A MySQL or MariaDB, and the user that makes and drops others there.
///
/// ```
/// use catalyst_openbao::Secret;
/// use catalyst_openbao::database_admin::MySqlTarget;
///
/// let target = MySqlTarget::new("orders-db:3306", "bao_manager", Secret::new("first"))?.tls_server_name("orders-db");
/// assert_eq!(target.url(), "{{username}}:{{password}}@tcp(orders-db:3306)/");
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct MySqlTarget {
    address: String,
    parameters: BTreeMap<String, String>,
    /// The managing user. It needs `CREATE USER`, what it grants with `GRANT OPTION`, and the right to end sessions:
    /// `CONNECTION ADMIN` on MariaDB, `CONNECTION_ADMIN` on MySQL.
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// The authorities to trust, in PEM. Without them the connection is not encrypted.
    pub tls_ca: Option<String>,
    /// Certificate and key of the managing user, in PEM. **The server gives them back, the key too, to whoever may read
    /// the connection**; [`DatabaseAdmin::connection`](super::super::DatabaseAdmin::connection) drops them.
    pub tls_certificate_key: Option<Secret>,
    /// The name in the database's certificate, where it is not that of the address.
    pub tls_server_name: Option<String>,
    /// How many connections the server keeps at most; 4 unless set.
    pub max_open_connections: Option<u32>,
    /// How many of them idle at most.
    pub max_idle_connections: Option<u32>,
    /// After what age a connection is replaced, in whole seconds. Zero is never.
    pub max_connection_lifetime: Option<Duration>,
}

impl MySqlTarget {
    /// The database at `host:port`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catalyst_core::ErrorKind::Config) if it is more than that.
    pub fn new(address: &str, username: impl Into<String>, password: Secret) -> Result<Self> {
        let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
        if host.is_empty() || !host.chars().all(fits) || port.parse::<u16>().is_err() {
            return Err(bad_address("expected an address like orders-db:3306"));
        }
        Ok(Self {
            address: address.to_owned(),
            parameters: BTreeMap::new(),
            username: username.into(),
            password,
            tls_ca: None,
            tls_certificate_key: None,
            tls_server_name: None,
            max_open_connections: None,
            max_idle_connections: None,
            max_connection_lifetime: None,
        })
    }

    /// The address with placeholders for user and password, as the server keeps it.
    pub fn url(&self) -> String {
        let pairs: Vec<String> =
            self.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        format!("{{{{username}}}}:{{{{password}}}}@tcp({})/{query}", self.address)
    }

    /// Sets a parameter of the server's driver, such as `timeout` to `5s`; the value as it stands in a URL.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    setters! {
        /// The authorities to trust, in PEM.
        tls_ca: text String;
        /// Certificate and key of the managing user, in PEM. The server gives them back to whoever may read the connection.
        tls_certificate_key: some Secret;
        /// The name in the database's certificate.
        tls_server_name: text String;
        /// How many connections the server keeps at most.
        max_open_connections: some u32;
        /// How many of them idle at most.
        max_idle_connections: some u32;
        /// After what age a connection is replaced, in whole seconds. Zero is never.
        max_connection_lifetime: some Duration;
    }
}

impl Serialize for MySqlTarget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            connection_url: String,
            username: &'a str,
            password: Exposed<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            tls_ca: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            tls_certificate_key: Option<Exposed<'a>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            tls_server_name: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            max_open_connections: Option<u32>,
            #[serde(skip_serializing_if = "Option::is_none")]
            max_idle_connections: Option<u32>,
            #[serde(skip_serializing_if = "Option::is_none")]
            max_connection_lifetime: Option<String>,
        }
        Body {
            connection_url: self.url(),
            username: &self.username,
            password: Exposed(&self.password),
            tls_ca: self.tls_ca.as_deref(),
            tls_certificate_key: self.tls_certificate_key.as_ref().map(Exposed),
            tls_server_name: self.tls_server_name.as_deref(),
            max_open_connections: self.max_open_connections,
            max_idle_connections: self.max_idle_connections,
            max_connection_lifetime: self.max_connection_lifetime.map(span),
        }
        .serialize(serializer)
    }
}

impl fmt::Debug for MySqlTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MySqlTarget")
            .field("address", &self.address)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port_and_nothing_more() {
        for bad in
            ["", "db", "db:", "db:x", "user:pw@db:3306", "db:3306/app", "tcp(db):3306", "db:70000", ":3306"]
        {
            assert!(MySqlTarget::new(bad, "user", Secret::new("x")).is_err(), "{bad}");
        }
        let target =
            MySqlTarget::new("[::1]:3306", "user", Secret::new("x")).unwrap().parameter("timeout", "5s");
        assert_eq!(target.url(), "{{username}}:{{password}}@tcp([::1]:3306)/?timeout=5s");
    }
}
