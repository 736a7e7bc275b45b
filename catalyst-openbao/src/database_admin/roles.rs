//! The calls about dynamic roles.

use catalyst_core::{Error, ErrorKind, Result};

use super::lint::{Finding, Refused, Severity};
use super::{ConnectionStatus, DatabaseAdmin, DatabaseRole, Rule};
use crate::RoleName;
use crate::refusal::SERVICE;

const WRITE: &str = "write database role";

impl DatabaseAdmin {
    /// Checks a role, and creates it or changes the one of that name. `POST roles/:name`, repeated after passing faults.
    /// Users that exist stay as they are; their ends are those of the new role.
    ///
    /// Returns what is doubtful and not refused. The connection is read for its language unless the role
    /// [says](DatabaseRole::dialect) it. That the connection lists the role among its allowed ones is not looked at, by
    /// the server neither; see [`DatabaseAdmin::check_role`].
    ///
    /// # Errors
    /// Code `statements_refused` if the statements break rules that the role does not [allow](DatabaseRole::allow); its
    /// [source](std::error::Error::source) is [`Refused`]. `unknown_connection` where the connection was to be read and is
    /// not there. `role_exists` if there is a static role of that name.
    ///
    /// # Cancel safety
    /// It may or may not be written.
    pub async fn write_role(&self, name: &RoleName, role: &DatabaseRole) -> Result<Vec<Finding>> {
        let dialect = match role.dialect {
            Some(dialect) => Some(dialect),
            None => self.connection_of(role).await?.dialect(),
        };
        let findings = dialect.map(|dialect| role.lint(dialect)).unwrap_or_default();
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(refused(name, findings));
        }
        let path = [self.mount.escaped(), "/roles/", name.escaped()];
        self.ask(WRITE, &path).write(role).await?;
        Ok(findings)
    }

    /// What is wrong with a role, its connection looked at too: whether it is there and lists the role. Writes nothing.
    ///
    /// # Errors
    /// Those of the crate. A connection that is not there is a finding.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn check_role(&self, name: &RoleName, role: &DatabaseRole) -> Result<Vec<Finding>> {
        let Some(connection) = self.connection(&role.connection).await? else {
            return Ok(vec![Finding::of_role(Rule::UnknownConnection, role)]);
        };
        let dialect = role.dialect.or(connection.dialect());
        let mut findings = dialect.map(|dialect| role.lint(dialect)).unwrap_or_default();
        if !connection.allows(name) {
            findings.push(Finding::of_role(Rule::NotAmongAllowed, role));
        }
        if connection.dialect().is_some_and(|known| dialect != Some(known)) {
            findings.push(Finding::of_role(Rule::OtherLanguage, role));
        }
        Ok(findings)
    }

    async fn connection_of(&self, role: &DatabaseRole) -> Result<ConnectionStatus> {
        let found = self.connection(&role.connection).await?;
        found.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, WRITE)
                .with_service(SERVICE)
                .with_code("unknown_connection")
                .with_target(role.connection.as_str())
                .with_help("configure the connection before its roles")
        })
    }

    /// A role, or none if there is none. `GET roles/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn role(&self, name: &RoleName) -> Result<Option<DatabaseRole>> {
        let path = [self.mount.escaped(), "/roles/", name.escaped()];
        self.ask("read database role", &path).read_maybe().await
    }

    /// The names of all dynamic roles. `LIST roles`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn roles(&self) -> Result<Vec<String>> {
        let path = [self.mount.escaped(), "/roles"];
        self.ask("list database roles", &path).list().await
    }

    /// Deletes a role. Its users live on with their leases, whose ends then know no statements but those that the lease
    /// was made with. None there is a success. `DELETE roles/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` and the others of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn delete_role(&self, name: &RoleName) -> Result<()> {
        let path = [self.mount.escaped(), "/roles/", name.escaped()];
        self.ask("delete database role", &path).delete().await
    }
}

fn refused(name: &RoleName, findings: Vec<Finding>) -> Error {
    let refused = Refused::new(findings);
    Error::new(ErrorKind::InvalidRequest, WRITE)
        .with_service(SERVICE)
        .with_code("statements_refused")
        .with_target(name.as_str())
        .with_help(refused.to_string())
        .with_source(refused)
}
