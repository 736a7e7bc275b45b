//! Engines.

use std::collections::BTreeMap;
use std::time::Duration;

use catalyst_core::Secret;
use serde::Deserialize;

use super::span::span;

/// An engine, and what is in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum DeclaredEngine {
    /// KV, version 2.
    Kv,
    /// The database engine.
    Database {
        /// Connections by their names.
        #[serde(default)]
        connections: BTreeMap<String, DatabaseConnection>,
        /// Roles by their names.
        #[serde(default)]
        roles: BTreeMap<String, DatabaseRole>,
    },
    /// Any other, mounted and left as it is: `transit`, `pki`.
    Other {
        /// Its type, by the server's name for it.
        plugin: String,
    },
}

/// How the server reaches a database.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DatabaseConnection {
    /// The plugin, such as `postgresql-database-plugin`.
    pub plugin: String,
    /// Its address, with `{{username}}` and `{{password}}` in their places.
    pub url: String,
    /// The managing user.
    pub username: String,
    /// Its password. The server does not show it, so that a change of it alone is not noticed: it is sent whenever
    /// something else is.
    pub password: Secret,
    /// The roles that may use the connection.
    pub allowed_roles: Vec<String>,
    /// Whether the server tries the connection at once, and refuses it if it fails.
    #[serde(default)]
    pub verify: bool,
}

impl DatabaseConnection {
    /// A connection that `allowed_roles` may use, tried when it is first needed.
    pub fn new(plugin: &str, url: &str, username: &str, password: Secret, allowed_roles: &[&str]) -> Self {
        Self {
            plugin: plugin.to_owned(),
            url: url.to_owned(),
            username: username.to_owned(),
            password,
            allowed_roles: allowed_roles.iter().map(|&name| name.to_owned()).collect(),
            verify: false,
        }
    }
}

/// How users are made and dropped.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DatabaseRole {
    /// The connection.
    pub connection: String,
    /// The statements that make a user.
    pub creation: Vec<String>,
    /// The statements that drop it; the plugin's own if there are none.
    #[serde(default)]
    pub revocation: Vec<String>,
    /// How long a user lives without a renewal; whole seconds.
    #[serde(deserialize_with = "span")]
    pub default_ttl: Duration,
    /// How long it lives with renewals; whole seconds.
    #[serde(deserialize_with = "span")]
    pub max_ttl: Duration,
}

impl DatabaseRole {
    /// Users of `connection`, made by these statements.
    pub fn new(connection: &str, creation: &[&str], default_ttl: Duration, max_ttl: Duration) -> Self {
        let creation = creation.iter().map(|&text| text.to_owned()).collect();
        Self { connection: connection.to_owned(), creation, revocation: Vec::new(), default_ttl, max_ttl }
    }

    /// The statements that drop a user.
    #[must_use]
    pub fn revocation(mut self, statements: &[&str]) -> Self {
        self.revocation = statements.iter().map(|&text| text.to_owned()).collect();
        self
    }
}
