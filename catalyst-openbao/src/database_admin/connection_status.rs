//! A connection, as the server shows it.

use serde::Deserialize;

use super::Dialect;
use crate::RoleName;
use crate::settings::{list, maybe_text};

/// What the server says of a connection. Passwords and keys are not part of it, not even where the server shows them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ConnectionStatus {
    /// The plugin that speaks to the database.
    #[serde(rename = "plugin_name")]
    pub plugin: String,
    /// The version that it is pinned to.
    #[serde(default, deserialize_with = "maybe_text")]
    pub plugin_version: Option<String>,
    /// The roles that may use it; `*` stands for anything at either end of a name.
    #[serde(default, deserialize_with = "list")]
    pub allowed_roles: Vec<String>,
    /// The password policy for the passwords that are made.
    #[serde(default, deserialize_with = "maybe_text")]
    pub password_policy: Option<String>,
    /// How the managing user's password is changed. Empty is the plugin's default.
    #[serde(default, rename = "root_credentials_rotate_statements", deserialize_with = "list")]
    pub root_rotation_statements: Vec<String>,
    /// Where the database is.
    #[serde(default, rename = "connection_details")]
    pub details: ConnectionDetails,
}

/// Where a database is, as far as its plugin has these settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ConnectionDetails {
    /// The address, with placeholders for user and password.
    #[serde(rename = "connection_url")]
    pub url: Option<String>,
    /// The host, of Valkey.
    pub host: Option<String>,
    /// The port, of Valkey.
    pub port: Option<u16>,
    /// The managing user. None where the address itself holds user and password: such a connection cannot be rotated.
    pub username: Option<String>,
    /// The template for the names of the users that are made.
    pub username_template: Option<String>,
    /// In what form passwords go into statements, of PostgreSQL.
    pub password_authentication: Option<String>,
}

impl ConnectionStatus {
    /// In which language it takes statements.
    pub fn dialect(&self) -> Option<Dialect> {
        Dialect::of_plugin(&self.plugin)
    }

    /// Whether a role may use it.
    pub fn allows(&self, role: &RoleName) -> bool {
        self.allowed_roles.iter().any(|pattern| matches(pattern, role.as_str()))
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(""), _) => true,
        (Some(middle), Some(_)) => name.contains(middle.trim_end_matches('*')),
        (Some(end), None) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_at_either_end_stands_for_anything() {
        for (pattern, name, met) in [
            ("*", "a", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*b", "ab", true),
            ("*b*", "abc", true),
            ("*b", "abc", false),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, name), met, "{pattern} {name}");
        }
    }
}
