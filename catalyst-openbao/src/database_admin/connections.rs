//! The calls about connections.

use catalyst_core::Result;

use super::client::Nothing;
use super::{ConnectionName, ConnectionStatus, DatabaseAdmin, DatabaseConnection};
use crate::ask::Ask;
use crate::operation::Subject;

impl DatabaseAdmin {
    /// Creates a connection, or changes the one of that name. `POST config/:name`, repeated after passing faults.
    ///
    /// The server merges: what is not set keeps the value that it had; lists are written whole. Leases and users are
    /// not touched. That a managing user's password was [rotated](Self::rotate_root) is no obstacle: what is written is
    /// tried, and refused if it is wrong.
    ///
    /// # Errors
    /// Code `backend_down` if the database cannot be reached and `backend_refused` if it refuses the user, both only
    /// where the connection is to be tried; `unknown_plugin`; `invalid_request` with the plugin's reason.
    ///
    /// # Cancel safety
    /// It may or may not be written.
    pub async fn configure(&self, name: &ConnectionName, connection: &DatabaseConnection) -> Result<()> {
        let path = [self.mount.escaped(), "/config/", name.escaped()];
        self.ask("configure database connection", &path).write(connection).await
    }

    /// A connection, or none if there is none. Never a password or a key. `GET config/:name`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `unknown_mount` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn connection(&self, name: &ConnectionName) -> Result<Option<ConnectionStatus>> {
        let path = [self.mount.escaped(), "/config/", name.escaped()];
        self.ask("read database connection", &path).read_maybe().await
    }

    /// The names of all connections. `LIST config`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn connections(&self) -> Result<Vec<String>> {
        let path = [self.mount.escaped(), "/config"];
        self.ask("list database connections", &path).list().await
    }

    /// Deletes a connection. Leases and users of its roles stay, and can then be neither renewed nor ended; revoke them
    /// first. None there is a success. `DELETE config/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` and the others of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn delete_connection(&self, name: &ConnectionName) -> Result<()> {
        let path = [self.mount.escaped(), "/config/", name.escaped()];
        self.ask("delete database connection", &path).delete().await
    }

    /// Closes the connections that the server keeps, and opens new ones. `POST reset/:name`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `unknown_connection` if there is none of that name.
    ///
    /// # Cancel safety
    /// It may or may not have happened; call it again.
    pub async fn reset(&self, name: &ConnectionName) -> Result<()> {
        let path = [self.mount.escaped(), "/reset/", name.escaped()];
        self.ask("reset database connection", &path).write(&Nothing {}).await
    }

    /// Gives the managing user a new password that only the server knows; the old one is refused from then on.
    /// `POST rotate-root/:name`.
    ///
    /// Repeated only when it is certain that the request had no effect. When no answer came, the error says
    /// [`outcome_unknown`](catalyst_core::Error::outcome_unknown): the password is the old or the new one, and the server
    /// knows which. It wrote the new one down before it changed anything, and sets the old one again if it could not
    /// finish. Calling it again is safe; what must not be done is to assume the old password still works.
    ///
    /// # Errors
    /// Code `unknown_connection`; `root_not_managed` if the connection names no managing user, or holds its password in
    /// the address; `backend_down`, and `backend_refused` if the database refuses the statements.
    ///
    /// # Cancel safety
    /// As when no answer came.
    pub async fn rotate_root(&self, name: &ConnectionName) -> Result<()> {
        let path = [self.mount.escaped(), "/rotate-root/", name.escaped()];
        let rotated = self.ask("rotate root credentials of database", &path).once().write(&Nothing {}).await;
        rotated.map_err(|error| {
            if error.outcome_unknown() {
                let help = "the managing user has its old password or a new one that only the server knows; rotate again, and \
                            do not count on the old one";
                return error.with_help(help);
            }
            error
        })
    }

    pub(super) fn ask<'a>(&'a self, operation: &'static str, path: &'a [&'a str]) -> Ask<'a> {
        self.api.at(Subject::DatabaseAdmin, operation, path)
    }
}
