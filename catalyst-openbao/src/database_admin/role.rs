//! Dynamic roles.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::lint::{self, Finding};
use super::{ConnectionName, Dialect, Rule};
use crate::settings::{covers, list, seconds, setters};

/// Users that are made on demand and dropped at the end of their lease.
///
/// The templates make one whose statements are right: [`PostgresRole`](super::PostgresRole),
/// [`MySqlRole`](super::MySqlRole), [`ValkeyRole`](super::ValkeyRole).
///
/// ```
/// use catalyst_openbao::database_admin::{DatabaseRole, Dialect, Rule};
///
/// let create = r#"CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' IN ROLE app_rw"#;
/// let role = DatabaseRole::new("orders-db".parse()?).creation_statements([create]);
/// // Nothing says how such a user ends.
/// assert_eq!(role.lint(Dialect::PostgreSql)[0].rule, Rule::ServerRevocation);
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DatabaseRole {
    /// The connection that makes them.
    #[serde(rename = "db_name")]
    pub connection: ConnectionName,
    /// How one is made.
    #[serde(default, deserialize_with = "list")]
    pub creation_statements: Vec<String>,
    /// How one is dropped. Empty is the plugin's default.
    #[serde(default, deserialize_with = "list")]
    pub revocation_statements: Vec<String>,
    /// What is done when a lease is prolonged. Empty is the plugin's default.
    #[serde(default, deserialize_with = "list")]
    pub renew_statements: Vec<String>,
    /// What is done when making one fails, by the plugins that know this; those of the databases above do not.
    #[serde(default, deserialize_with = "list")]
    pub rollback_statements: Vec<String>,
    /// The term of a lease. Zero is that of the mount. One that is longer than the maximum is accepted, and cut.
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    pub default_ttl: Option<Duration>,
    /// No renewal goes past this age. Zero is that of the mount.
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    pub max_ttl: Option<Duration>,
    /// The language of the statements; the server does not keep it. None: that of the connection, which is then read.
    #[serde(skip)]
    pub dialect: Option<Dialect>,
    /// What is allowed that would otherwise be refused; the server does not keep it.
    #[serde(skip)]
    pub allowed: BTreeSet<Rule>,
}

impl DatabaseRole {
    /// Nothing but the connection.
    pub fn new(connection: ConnectionName) -> Self {
        Self {
            connection,
            creation_statements: Vec::new(),
            revocation_statements: Vec::new(),
            renew_statements: Vec::new(),
            rollback_statements: Vec::new(),
            default_ttl: None,
            max_ttl: None,
            dialect: None,
            allowed: BTreeSet::new(),
        }
    }

    setters! {
        /// How one is made.
        creation_statements: list String;
        /// How one is dropped.
        revocation_statements: list String;
        /// What is done when a lease is prolonged.
        renew_statements: list String;
        /// What is done when making one fails.
        rollback_statements: list String;
        /// The term of a lease, in whole seconds. Zero is that of the mount.
        default_ttl: some Duration;
        /// No renewal goes past this age, in whole seconds. Zero is that of the mount.
        max_ttl: some Duration;
        /// The language of the statements.
        dialect: some Dialect;
    }

    /// Writes the role although it breaks this rule. What is found is then a warning.
    #[must_use]
    pub fn allow(mut self, rule: Rule) -> Self {
        self.allowed.insert(rule);
        self
    }

    /// What is wrong with the statements, worst first.
    pub fn lint(&self, dialect: Dialect) -> Vec<Finding> {
        lint::role(dialect, self)
    }

    /// Whether `found` has all that this sets; what is not set may be anything.
    pub fn is_met_by(&self, found: &Self) -> bool {
        covers(self, found)
            && self.creation_statements == found.creation_statements
            && self.revocation_statements == found.revocation_statements
            && self.renew_statements == found.renew_statements
            && self.rollback_statements == found.rollback_statements
    }
}
