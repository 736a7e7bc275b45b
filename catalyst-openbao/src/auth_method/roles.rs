//! The four calls that all roles have.

/// Writes, reads, lists and deletes the roles of a method.
macro_rules! roles {
    ($client:ty, $role:ty, $below:literal, $endpoint:literal, [$write:literal, $read:literal, $list:literal, $delete:literal]) => {
        impl $client {
            /// Creates a role, or changes the one of that name.
            #[doc = concat!("`POST` ", $endpoint, ", repeated after passing faults, for twice is the same as once.")]
            ///
            /// # Errors
            /// Code `invalid_request` with the server's reason, `unknown_mount` if the method is not mounted there.
            ///
            /// # Cancel safety
            /// The role may or may not be written.
            pub async fn write_role(&self, name: &$crate::RoleName, role: &$role) -> catalyst_core::Result<()> {
                let path = ["auth/", self.mount.escaped(), concat!($below, "/"), name.escaped()];
                self.api.at($crate::operation::Subject::AuthMethod, $write, &path).write(role).await
            }

            /// A role, or none if there is none.
            #[doc = concat!("`GET` ", $endpoint, ", repeated after passing faults.")]
            ///
            /// # Errors
            /// Code `unknown_mount` and the others of the crate.
            ///
            /// # Cancel safety
            /// It changes nothing.
            pub async fn role(&self, name: &$crate::RoleName) -> catalyst_core::Result<Option<$role>> {
                let path = ["auth/", self.mount.escaped(), concat!($below, "/"), name.escaped()];
                self.api.at($crate::operation::Subject::AuthMethod, $read, &path).read_maybe().await
            }

            /// The names of all roles.
            #[doc = concat!("`LIST` at ", $endpoint, " without a name, repeated after passing faults.")]
            ///
            /// # Errors
            /// Code `unknown_mount` and the others of the crate.
            ///
            /// # Cancel safety
            /// It changes nothing.
            pub async fn roles(&self) -> catalyst_core::Result<Vec<String>> {
                let path = ["auth/", self.mount.escaped(), $below];
                self.api.at($crate::operation::Subject::AuthMethod, $list, &path).list().await
            }

            /// Deletes a role. Tokens that it made live on. None there is a success.
            #[doc = concat!("`DELETE` ", $endpoint, ", repeated after passing faults.")]
            ///
            /// # Errors
            /// Code `unknown_mount` and the others of the crate.
            ///
            /// # Cancel safety
            /// It may or may not be gone; call it again.
            pub async fn delete_role(&self, name: &$crate::RoleName) -> catalyst_core::Result<()> {
                let path = ["auth/", self.mount.escaped(), concat!($below, "/"), name.escaped()];
                self.api.at($crate::operation::Subject::AuthMethod, $delete, &path).delete().await
            }
        }
    };
}

pub(super) use roles;
