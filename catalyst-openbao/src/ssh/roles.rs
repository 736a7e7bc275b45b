//! The calls that manage roles.

use catalyst_core::Result;

use super::{Ssh, SshRole};
use crate::RoleName;

impl Ssh {
    /// Writes a role, whole (`POST roles/<role>`). Its name has letters and digits of ASCII, `_`, `-`, `.` and `@`. Repeated
    /// after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` for a role that gives neither certificates of users nor of hosts, or whose TTL is longer than
    /// its longest; `no_handler` for a name with other characters.
    ///
    /// # Cancel safety
    /// It may or may not be written.
    pub async fn write_role(&self, name: &RoleName, role: &SshRole) -> Result<()> {
        self.at("write SSH role", &[self.mount.escaped(), "/roles/", name.escaped()]).write(role).await
    }

    /// Reads a role (`GET roles/<role>`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_role`.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn read_role(&self, name: &RoleName) -> Result<SshRole> {
        self.at("read SSH role", &[self.mount.escaped(), "/roles/", name.escaped()]).read().await
    }

    /// The names of the roles (`LIST roles`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn list_roles(&self) -> Result<Vec<String>> {
        self.at("list SSH roles", &[self.mount.escaped(), "/roles"]).list().await
    }

    /// Deletes a role; one that does not exist is a success. What it gave stays good. Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be deleted.
    pub async fn delete_role(&self, name: &RoleName) -> Result<()> {
        self.at("delete SSH role", &[self.mount.escaped(), "/roles/", name.escaped()]).delete().await
    }
}
