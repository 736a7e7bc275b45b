//! MySQL and MariaDB.

use catalyst_core::Result;

use super::identifier::checked;
use crate::database_admin::{ConnectionName, DatabaseRole, Dialect};

/// The longest name of a database or a procedure, in bytes.
const LONGEST: usize = 64;

/// Which of the two it is, for they end sessions differently.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MySqlFlavor {
    /// MariaDB, which ends the sessions of a user by its name. The managing user needs `CONNECTION ADMIN`.
    MariaDb,
    /// MySQL, which does not: a procedure must be there that takes the name of a user and ends its sessions.
    MySql {
        /// The database that holds the procedure.
        schema: String,
        /// Its name.
        procedure: String,
    },
}

/// Users of MySQL or MariaDB with rights on one database.
///
/// They have the rights themselves, and lose them when they are dropped: membership in a role would give nothing before
/// the session says `SET ROLE`, and to make a role the default of others takes write access to the server's own tables.
/// When a user is dropped it is locked first, then its open sessions end. One that is gone already is no error.
/// What it made stays; views, procedures and events of which it is the definer stop to work.
///
/// The managing user needs `CREATE USER`, the given rights with `GRANT OPTION`, and the right to end sessions.
///
/// ```
/// use catalyst_openbao::database_admin::{Dialect, MySqlFlavor, MySqlRole};
///
/// let role = MySqlRole::on_database(MySqlFlavor::MariaDb, "app")?.role(&"orders-db".parse()?);
/// assert!(role.lint(Dialect::MySql).is_empty());
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct MySqlRole {
    flavor: MySqlFlavor,
    database: String,
    privileges: Vec<String>,
    host: String,
    max_connections: Option<u32>,
}

impl MySqlRole {
    /// Users that may read and write the tables of `database`, from anywhere.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catalyst_core::ErrorKind::Config) if a name has quotes or other special characters.
    pub fn on_database(flavor: MySqlFlavor, database: impl Into<String>) -> Result<Self> {
        if let MySqlFlavor::MySql { schema, procedure } = &flavor {
            checked(schema.as_str(), "database of the procedure", LONGEST)?;
            checked(procedure.as_str(), "name of the procedure", LONGEST)?;
        }
        Ok(Self {
            flavor,
            database: checked(database, "name of the database", LONGEST)?,
            privileges: ["SELECT", "INSERT", "UPDATE", "DELETE"].map(str::to_owned).into(),
            host: "%".to_owned(),
            max_connections: None,
        })
    }

    /// These rights instead of reading and writing: `SELECT`, `CREATE TEMPORARY TABLES`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catalyst_core::ErrorKind::Config) if there are none, or one is not made of letters.
    pub fn privileges(mut self, privileges: impl IntoIterator<Item = impl Into<String>>) -> Result<Self> {
        let all: Vec<String> = privileges.into_iter().map(Into::into).collect();
        let words = |text: &String| text.chars().all(|c| c.is_ascii_alphabetic() || c == ' ');
        if all.is_empty() || !all.iter().all(words) {
            checked("", "privilege", LONGEST)?;
        }
        self.privileges = all;
        Ok(self)
    }

    /// Users may come from this host only: an address, a name, a block such as `10.0.0.0/255.0.0.0` or `10.%`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catalyst_core::ErrorKind::Config) if it is none of these.
    pub fn host(mut self, host: impl Into<String>) -> Result<Self> {
        let host = host.into();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '%' | '-' | '_' | '/');
        if !host.chars().all(fits) {
            checked("", "host", LONGEST)?;
        }
        self.host = host;
        Ok(self)
    }

    /// How many sessions a user may have at once.
    pub fn connection_limit(mut self, sessions: u32) -> Self {
        self.max_connections = Some(sessions);
        self
    }

    /// The role, with the statements.
    pub fn role(&self, connection: &ConnectionName) -> DatabaseRole {
        DatabaseRole::new(connection.clone())
            .dialect(Dialect::MySql)
            .creation_statements(self.creation())
            .revocation_statements(self.revocation())
    }

    /// Nothing is rolled back here: on MariaDB one statement does both, so that no user stays whose rights could not
    /// be given.
    fn creation(&self) -> Vec<String> {
        let account = format!("'{{{{name}}}}'@'{}'", self.host);
        let limit = self
            .max_connections
            .map(|limit| format!(" WITH MAX_USER_CONNECTIONS {limit}"))
            .unwrap_or_default();
        let grant = format!("GRANT {} ON `{}`.* TO {account}", self.privileges.join(", "), self.database);
        match &self.flavor {
            MySqlFlavor::MariaDb => vec![format!("{grant} IDENTIFIED BY '{{{{password}}}}'{limit}")],
            MySqlFlavor::MySql { .. } => {
                vec![format!("CREATE USER {account} IDENTIFIED BY '{{{{password}}}}'{limit}"), grant]
            }
        }
    }

    fn revocation(&self) -> Vec<String> {
        let account = format!("'{{{{name}}}}'@'{}'", self.host);
        let end = match &self.flavor {
            MySqlFlavor::MariaDb => format!("KILL CONNECTION USER {account}"),
            MySqlFlavor::MySql { schema, procedure } => {
                format!("CALL `{schema}`.`{procedure}`('{{{{name}}}}')")
            }
        };
        vec![
            format!("ALTER USER IF EXISTS {account} ACCOUNT LOCK"),
            end,
            format!("DROP USER IF EXISTS {account}"),
        ]
    }
}
