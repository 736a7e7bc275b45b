//! The calls about static roles.

use catalyst_core::Result;

use super::client::Nothing;
use super::{DatabaseAdmin, StaticRole};
use crate::RoleName;

impl DatabaseAdmin {
    /// Creates a static role, or changes the one of that name. `POST static-roles/:name`, repeated after passing faults.
    /// A new one **changes the user's password at once**.
    ///
    /// # Errors
    /// Code `unknown_connection`; `role_not_allowed` if the connection does not list it, which is looked at here, other
    /// than for dynamic roles; `role_exists` if there is a dynamic role of that name; `invalid_request` for a period
    /// below 5 s, or another user than before; `backend_down`, and `backend_refused` as when there is no such user.
    ///
    /// # Cancel safety
    /// It may or may not be written, and the password changed.
    pub async fn write_static_role(&self, name: &RoleName, role: &StaticRole) -> Result<()> {
        let path = [self.mount.escaped(), "/static-roles/", name.escaped()];
        self.ask("write static database role", &path).write(role).await
    }

    /// A static role, or none if there is none. `GET static-roles/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn static_role(&self, name: &RoleName) -> Result<Option<StaticRole>> {
        let path = [self.mount.escaped(), "/static-roles/", name.escaped()];
        self.ask("read static database role", &path).read_maybe().await
    }

    /// The names of all static roles. `LIST static-roles`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn static_roles(&self) -> Result<Vec<String>> {
        let path = [self.mount.escaped(), "/static-roles"];
        self.ask("list static database roles", &path).list().await
    }

    /// Deletes a static role. The user stays, with the password that it has. None there is a success.
    /// `DELETE static-roles/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` and the others of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn delete_static_role(&self, name: &RoleName) -> Result<()> {
        let path = [self.mount.escaped(), "/static-roles/", name.escaped()];
        self.ask("delete static database role", &path).delete().await
    }

    /// Changes the password of a static role's user now; the old one is refused from then on. `POST rotate-role/:name`,
    /// repeated after passing faults, which then changes it twice.
    ///
    /// # Errors
    /// Code `unknown_role`; `role_not_allowed`; `backend_down` and `backend_refused`, after which the server goes on
    /// trying by itself.
    ///
    /// # Cancel safety
    /// It may or may not be changed; the server knows.
    pub async fn rotate_role(&self, name: &RoleName) -> Result<()> {
        let path = [self.mount.escaped(), "/rotate-role/", name.escaped()];
        self.ask("rotate static database role", &path).write(&Nothing {}).await
    }
}
