//! PostgreSQL.

use catalyst_core::Result;

use super::identifier::checked;
use crate::database_admin::{ConnectionName, DatabaseRole, Dialect};

/// The longest name that PostgreSQL keeps whole, in bytes.
const LONGEST: usize = 63;

/// Users of PostgreSQL that are members of a role that has the rights.
///
/// A user is made with its lease's end as its own (`VALID UNTIL`), so that it is locked out even if it cannot be
/// dropped. When it is dropped its open sessions end, and what it owns goes to a role that stays; nothing that it made is
/// lost. A user that is gone already is no error. A session that logs in within the milliseconds of the dropping stays
/// open, without any rights.
///
/// The managing user needs `CREATEROLE`, and membership in the given roles with `ADMIN OPTION`; it need be no superuser and
/// not have `pg_signal_backend`. Users are to own things in the connection's database only: what they own in another one
/// keeps them from being dropped.
///
/// ```
/// use catalyst_openbao::database_admin::{Dialect, PostgresRole};
/// use std::time::Duration;
///
/// let role = PostgresRole::member_of("app_rw")?
///     .connection_limit(20)
///     .role(&"orders-db".parse()?)
///     .default_ttl(Duration::from_secs(3600));
/// assert!(role.lint(Dialect::PostgreSql).is_empty());
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct PostgresRole {
    groups: Vec<String>,
    heir: String,
    acts_as_group: bool,
    superuser_manager: bool,
    connection_limit: Option<u32>,
}

impl PostgresRole {
    /// Members of `group`, which also gets what they leave behind.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catalyst_core::ErrorKind::Config) if the name has quotes or other special characters.
    pub fn member_of(group: impl Into<String>) -> Result<Self> {
        let group = checked(group, "role", LONGEST)?;
        Ok(Self {
            heir: group.clone(),
            groups: vec![group],
            acts_as_group: false,
            superuser_manager: false,
            connection_limit: None,
        })
    }

    /// Members of this role, too.
    ///
    /// # Errors
    /// As [`PostgresRole::member_of`].
    pub fn also_member_of(mut self, group: impl Into<String>) -> Result<Self> {
        self.groups.push(checked(group, "role", LONGEST)?);
        Ok(self)
    }

    /// What users leave behind goes to this role. The managing user must be a member of it.
    ///
    /// # Errors
    /// As [`PostgresRole::member_of`].
    pub fn leaving_to(mut self, heir: impl Into<String>) -> Result<Self> {
        self.heir = checked(heir, "role", LONGEST)?;
        Ok(self)
    }

    /// Sessions act as the first role from their start: what they make is that role's own, and the users of the next
    /// lease can alter and drop it.
    pub fn acting_as_group(mut self) -> Self {
        self.acts_as_group = true;
        self
    }

    /// How many sessions a user may have at once.
    pub fn connection_limit(mut self, sessions: u32) -> Self {
        self.connection_limit = Some(sessions);
        self
    }

    /// The managing user is a superuser, and need not be made a member of anything.
    pub fn superuser_manager(mut self) -> Self {
        self.superuser_manager = true;
        self
    }

    /// The role, with the statements.
    pub fn role(&self, connection: &ConnectionName) -> DatabaseRole {
        DatabaseRole::new(connection.clone())
            .dialect(Dialect::PostgreSql)
            .creation_statements(self.creation())
            .revocation_statements([self.revocation()])
    }

    fn creation(&self) -> Vec<String> {
        let limit =
            self.connection_limit.map(|limit| format!(" CONNECTION LIMIT {limit}")).unwrap_or_default();
        let groups: Vec<String> = self.groups.iter().map(|group| format!("\"{group}\"")).collect();
        let create = format!(
            "CREATE ROLE \"{{{{name}}}}\" WITH LOGIN PASSWORD '{{{{password}}}}' VALID UNTIL '{{{{expiration}}}}'{limit} \
             IN ROLE {};",
            groups.join(", ")
        );
        let act = || format!("ALTER ROLE \"{{{{name}}}}\" SET role = '{}';", self.groups[0]);
        if self.acts_as_group { vec![create, act()] } else { vec![create] }
    }

    /// One block, which the server leaves whole for its word `END`. A member of the leaving user may end its sessions.
    fn revocation(&self) -> String {
        let join = if self.superuser_manager {
            ""
        } else {
            "  EXECUTE format('GRANT %I TO CURRENT_USER', leaving);\n"
        };
        format!(
            "DO $$\n\
             DECLARE leaving text := '{{{{name}}}}'; heir text := '{heir}';\n\
             BEGIN\n\
             \x20 IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = leaving) THEN RETURN; END IF;\n\
             {join}\
             \x20 PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = leaving;\n\
             \x20 EXECUTE format('REASSIGN OWNED BY %I TO %I', leaving, heir);\n\
             \x20 EXECUTE format('DROP OWNED BY %I', leaving);\n\
             \x20 EXECUTE format('DROP ROLE %I', leaving);\n\
             END $$",
            heir = self.heir
        )
    }
}
