//! PostgreSQL.

use std::fmt;
use std::time::Duration;

use catalyst_core::{Result, Secret};
use serde::{Serialize, Serializer};

use super::bad_address;
use crate::settings::{setters, whole_seconds};
use crate::wire::Exposed;

/// A PostgreSQL, and the user that makes and drops others there.
///
/// ```
/// use catalyst_openbao::Secret;
/// use catalyst_openbao::database_admin::PostgresTarget;
///
/// let address = "postgresql://orders-db:5432/app?sslmode=verify-full&sslrootcert=/etc/ca.pem";
/// let target = PostgresTarget::new(address, "bao_manager", Secret::new("first"))?;
/// assert_eq!(target.url(), "postgresql://{{username}}:{{password}}@orders-db:5432/app?sslmode=verify-full&sslrootcert=/etc/ca.pem");
/// assert!(PostgresTarget::new("postgresql://user:password@db/app", "user", Secret::new("x")).is_err());
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct PostgresTarget {
    url: String,
    /// The managing user. It needs `CREATEROLE`, and membership with `ADMIN OPTION` in the roles that it gives.
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// In what form passwords go into statements; SCRAM verifiers unless set otherwise.
    pub password_authentication: PasswordAuthentication,
    /// How many connections the server keeps at most; 4 unless set.
    pub max_open_connections: Option<u32>,
    /// How many of them idle at most.
    pub max_idle_connections: Option<u32>,
    /// After what age a connection is replaced, in whole seconds. Zero is never.
    pub max_connection_lifetime: Option<Duration>,
}

/// In what form passwords go into statements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PasswordAuthentication {
    /// In clear: a log of statements shows them. The server's default.
    Password,
    /// As the verifiers of SCRAM-SHA-256, of which no password can be read.
    #[default]
    #[serde(rename = "scram-sha-256")]
    ScramSha256,
}

impl PostgresTarget {
    /// The PostgreSQL at an address without user and password: `postgresql://db:5432/app?sslmode=verify-full`. Files that
    /// it names lie on the server's disk.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catalyst_core::ErrorKind::Config) if it is no such address, or holds a user or a password:
    /// whoever may read the connection would read them, and they could not be rotated.
    pub fn new(address: &str, username: impl Into<String>, password: Secret) -> Result<Self> {
        let scheme = ["postgresql://", "postgres://"].into_iter().find(|scheme| address.starts_with(scheme));
        let Some(scheme) = scheme else {
            return Err(bad_address("expected an address like postgresql://db:5432/app?sslmode=verify-full"));
        };
        let rest = &address[scheme.len()..];
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let names = query.split('&').filter_map(|pair| pair.split('=').next());
        if path.contains('@') || names.into_iter().any(|name| matches!(name, "user" | "password")) {
            return Err(bad_address("leave user and password out of the address; give them apart"));
        }
        if path.is_empty() || path.starts_with('/') || rest.chars().any(|c| c.is_control() || c == ' ') {
            return Err(bad_address("expected an address like postgresql://db:5432/app?sslmode=verify-full"));
        }
        Ok(Self {
            url: format!("{scheme}{{{{username}}}}:{{{{password}}}}@{rest}"),
            username: username.into(),
            password,
            password_authentication: PasswordAuthentication::default(),
            max_open_connections: None,
            max_idle_connections: None,
            max_connection_lifetime: None,
        })
    }

    /// The address with placeholders for user and password, as the server keeps it.
    pub fn url(&self) -> &str {
        &self.url
    }

    setters! {
        /// In what form passwords go into statements.
        password_authentication: plain PasswordAuthentication;
        /// How many connections the server keeps at most.
        max_open_connections: some u32;
        /// How many of them idle at most.
        max_idle_connections: some u32;
        /// After what age a connection is replaced, in whole seconds. Zero is never.
        max_connection_lifetime: some Duration;
    }
}

impl Serialize for PostgresTarget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            connection_url: &'a str,
            username: &'a str,
            password: Exposed<'a>,
            password_authentication: PasswordAuthentication,
            #[serde(skip_serializing_if = "Option::is_none")]
            max_open_connections: Option<u32>,
            #[serde(skip_serializing_if = "Option::is_none")]
            max_idle_connections: Option<u32>,
            #[serde(skip_serializing_if = "Option::is_none")]
            max_connection_lifetime: Option<String>,
        }
        Body {
            connection_url: &self.url,
            username: &self.username,
            password: Exposed(&self.password),
            password_authentication: self.password_authentication,
            max_open_connections: self.max_open_connections,
            max_idle_connections: self.max_idle_connections,
            max_connection_lifetime: self.max_connection_lifetime.map(span),
        }
        .serialize(serializer)
    }
}

/// As the plugins read it.
pub(super) fn span(span: Duration) -> String {
    format!("{}s", whole_seconds(span))
}

impl fmt::Debug for PostgresTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresTarget")
            .field("url", &self.url)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_user_or_a_password_is_refused_without_being_shown() {
        for bad in [
            "postgresql://canary:canary@db/app",
            "postgresql://canary@db/app",
            "postgresql://db/app?user=canary&password=canary",
            "postgresql://db/app?sslmode=disable&password=canary",
            "mysql://db/app",
            "postgresql://",
            "postgresql:///app",
            "postgresql://db /app",
            "db:5432",
        ] {
            let error = PostgresTarget::new(bad, "user", Secret::new("x")).unwrap_err();
            assert!(error.help().is_some() && !format!("{error:?} {error}").contains("canary"), "{bad}");
        }
        for good in ["postgres://db", "postgresql://a:5432,b:5432/app?target_session_attrs=read-write"] {
            assert!(PostgresTarget::new(good, "user", Secret::new("x")).is_ok(), "{good}");
        }
    }
}
