//! Roles over HTTP.

use catalyst_core::Result;

use super::{Pki, PkiRole};
use crate::RoleName;

impl Pki {
    /// Writes a role, in the place of one of that name (`POST roles/:name`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` for a kind of key that the server does not know, or a TTL above the maximum.
    ///
    /// # Cancel safety
    /// It may or may not be written; call it again.
    pub async fn write_role(&self, name: &RoleName, role: &PkiRole) -> Result<()> {
        let path = [self.mount.escaped(), "/roles/", name.escaped()];
        self.ask("write certificate role", &path).write(role).await
    }

    /// Reads a role, or none if there is none (`GET roles/:name`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn role(&self, name: &RoleName) -> Result<Option<PkiRole>> {
        let path = [self.mount.escaped(), "/roles/", name.escaped()];
        self.ask("read certificate role", &path).read_maybe().await
    }

    /// The names of the roles (`LIST roles`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn roles(&self) -> Result<Vec<String>> {
        self.ask("list certificate roles", &[self.mount.escaped(), "/roles"]).list().await
    }

    /// Deletes a role; one that is not there is a success. Its certificates stay good (`DELETE roles/:name`). Repeated
    /// after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be deleted; call it again.
    pub async fn delete_role(&self, name: &RoleName) -> Result<()> {
        let path = [self.mount.escaped(), "/roles/", name.escaped()];
        self.ask("delete certificate role", &path).delete().await
    }
}
