//! Static roles.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize, Serializer};

use super::lint::{self, Finding};
use super::{ConnectionName, Dialect};
use crate::settings::{list, setters, whole_seconds};
use crate::wire::{MaybeTime, Seconds};

/// A user that exists already, whose password the server changes in turn.
///
/// ```
/// use catalyst_openbao::database_admin::StaticRole;
/// use std::time::Duration;
///
/// let role = StaticRole::new("orders-db".parse()?, "reports_user", Duration::from_secs(86_400));
/// # let _ = role;
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
#[non_exhaustive]
pub struct StaticRole {
    /// The connection that changes the password.
    pub connection: ConnectionName,
    /// The user. It cannot be changed: a role for another user is another role.
    pub username: String,
    /// How long a password is good for, in whole seconds; at least 5 s. Changes happen at ticks of 5 s.
    pub rotation_period: Duration,
    /// How the password is changed. Empty is the plugin's default, which is right for the usual cases.
    pub rotation_statements: Vec<String>,
    /// When the server last changed it; only when it was read.
    pub last_rotation: Option<SystemTime>,
}

impl StaticRole {
    /// The user `username`, with the plugin's way to change its password.
    pub fn new(connection: ConnectionName, username: impl Into<String>, rotation_period: Duration) -> Self {
        let username = username.into();
        Self { connection, username, rotation_period, rotation_statements: Vec::new(), last_rotation: None }
    }

    setters! {
        /// How the password is changed.
        rotation_statements: list String;
    }

    /// What is wrong with the statements, worst first.
    pub fn lint(&self, dialect: Dialect) -> Vec<Finding> {
        lint::rotation(dialect, &self.rotation_statements)
    }

    /// Whether `found` is the same, whenever it was last rotated.
    pub fn is_met_by(&self, found: &Self) -> bool {
        let last_rotation = found.last_rotation;
        Self { last_rotation, ..self.clone() } == *found
    }
}

impl Serialize for StaticRole {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            db_name: &'a ConnectionName,
            username: &'a str,
            rotation_period: u64,
            rotation_statements: &'a [String],
        }
        Body {
            db_name: &self.connection,
            username: &self.username,
            rotation_period: whole_seconds(self.rotation_period),
            rotation_statements: &self.rotation_statements,
        }
        .serialize(serializer)
    }
}

#[derive(Deserialize)]
struct Wire {
    db_name: ConnectionName,
    #[serde(default)]
    username: String,
    #[serde(default)]
    rotation_period: Seconds,
    #[serde(default, deserialize_with = "list")]
    rotation_statements: Vec<String>,
    #[serde(default)]
    last_vault_rotation: MaybeTime,
}

impl From<Wire> for StaticRole {
    fn from(wire: Wire) -> Self {
        Self {
            connection: wire.db_name,
            username: wire.username,
            rotation_period: wire.rotation_period.0,
            rotation_statements: wire.rotation_statements,
            last_rotation: wire.last_vault_rotation.0,
        }
    }
}
