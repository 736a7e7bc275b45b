//! A connection, as it is written.

use serde::{Serialize, Serializer};

use super::{ConnectionStatus, ConnectionTarget};
use crate::RoleName;
use crate::settings::setters;

/// How the server reaches a database, and for whom.
///
/// ```
/// use catalyst_openbao::Secret;
/// use catalyst_openbao::database_admin::{DatabaseConnection, PostgresTarget};
///
/// let target = PostgresTarget::new("postgresql://orders-db/app?sslmode=verify-full", "bao_manager", Secret::new("first"))?;
/// let connection = DatabaseConnection::new(target).allow_role(&"orders-rw".parse()?);
/// # let _ = connection;
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DatabaseConnection {
    /// The database.
    pub target: ConnectionTarget,
    /// The roles that may use it; `*` stands for anything at either end of a name. Empty is none.
    pub allowed_roles: Vec<String>,
    /// Whether the server tries the connection before it keeps it.
    pub verify: bool,
    /// A password policy of the server for all passwords that it makes here. Whether it exists is not looked at before
    /// a password is made.
    pub password_policy: Option<String>,
    /// A template for the names of the users that are made.
    pub username_template: Option<String>,
    /// How the managing user's password is changed. Empty is the plugin's default, which is right for the usual cases.
    pub root_rotation_statements: Vec<String>,
}

impl DatabaseConnection {
    /// A connection that is tried before it is kept, and that no role may use yet.
    pub fn new(target: impl Into<ConnectionTarget>) -> Self {
        Self {
            target: target.into(),
            allowed_roles: Vec::new(),
            verify: true,
            password_policy: None,
            username_template: None,
            root_rotation_statements: Vec::new(),
        }
    }

    /// Lets a role use it.
    #[must_use]
    pub fn allow_role(mut self, role: &RoleName) -> Self {
        self.allowed_roles.push(role.as_str().to_owned());
        self
    }

    /// Lets all roles use it, also those that others write later.
    #[must_use]
    pub fn allow_all_roles(mut self) -> Self {
        self.allowed_roles = vec!["*".to_owned()];
        self
    }

    /// Keeps it untried.
    #[must_use]
    pub fn unverified(mut self) -> Self {
        self.verify = false;
        self
    }

    setters! {
        /// A password policy of the server for all passwords that it makes here.
        password_policy: text String;
        /// A template for the names of the users that are made.
        username_template: text String;
        /// How the managing user's password is changed.
        root_rotation_statements: list String;
    }

    /// Whether the server keeps what this says, as far as it shows it: passwords and keys it does not.
    pub fn is_met_by(&self, found: &ConnectionStatus) -> bool {
        let same_text =
            |wanted: Option<&str>, found: Option<&str>| wanted.is_none_or(|wanted| found == Some(wanted));
        let sorted = |all: &[String]| {
            let mut all = all.to_vec();
            all.sort_unstable();
            all
        };
        let details = &found.details;
        let target = match &self.target {
            ConnectionTarget::PostgreSql(target) => {
                details.url.as_deref() == Some(target.url())
                    && details.username.as_deref() == Some(&target.username)
            }
            ConnectionTarget::MySql(target) => {
                details.url.as_deref() == Some(&target.url())
                    && details.username.as_deref() == Some(&target.username)
            }
            ConnectionTarget::Valkey(target) => {
                details.host.as_deref() == Some(&target.host)
                    && details.port == Some(target.port)
                    && details.username.as_deref() == Some(&target.username)
            }
            ConnectionTarget::Other(_) => true,
        };
        target
            && self.target.plugin() == found.plugin
            && sorted(&self.allowed_roles) == sorted(&found.allowed_roles)
            && same_text(self.password_policy.as_deref(), found.password_policy.as_deref())
            && same_text(self.username_template.as_deref(), details.username_template.as_deref())
            && self.root_rotation_statements == found.root_rotation_statements
    }
}

impl Serialize for DatabaseConnection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            plugin_name: &'a str,
            allowed_roles: &'a [String],
            verify_connection: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            password_policy: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            username_template: Option<&'a str>,
            root_rotation_statements: &'a [String],
            #[serde(flatten)]
            target: &'a ConnectionTarget,
        }
        Body {
            plugin_name: self.target.plugin(),
            allowed_roles: &self.allowed_roles,
            verify_connection: self.verify,
            password_policy: self.password_policy.as_deref(),
            username_template: self.username_template.as_deref(),
            root_rotation_statements: &self.root_rotation_statements,
            target: &self.target,
        }
        .serialize(serializer)
    }
}
