//! Login methods as mounts.

use std::collections::BTreeMap;

use catalyst_core::Result;

use super::mount::MountedWire;
use super::mounts::Enable;
use super::{MountSettings, MountTuning, Mounted, System};
use crate::Mount;
use crate::auth_method::AuthMethodType;
use crate::operation::Subject;

/// Login methods. A mount is named without `auth/` in front.
impl System {
    /// All login methods, in the order of their paths, that of the tokens among them.
    /// `GET sys/auth`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn auth_methods(&self) -> Result<Vec<Mounted<AuthMethodType>>> {
        let path = ["sys/auth"];
        let all =
            self.api.at(Subject::System, "list auth methods", &path).read::<BTreeMap<String, MountedWire>>();
        all.await?.into_iter().map(|(path, wire)| method(path.parse()?, wire)).collect()
    }

    /// The login method at `mount`, or none if there is none. `GET sys/auth/:path`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn auth_method(&self, mount: &Mount) -> Result<Option<Mounted<AuthMethodType>>> {
        let path = ["sys/auth/", mount.escaped()];
        let found = self.api.at(Subject::System, "read auth method", &path).read::<MountedWire>().await;
        super::unless_unmounted(found)?.map(|wire| method(mount.clone(), wire)).transpose()
    }

    /// Mounts a login method. Repeated after passing faults: a repetition that finds it done says `path_in_use`.
    /// `POST sys/auth/:path`.
    ///
    /// # Errors
    /// Codes `path_in_use` and `unknown_plugin`, as [`System::enable`].
    ///
    /// # Cancel safety
    /// It may or may not be there.
    pub async fn enable_auth(
        &self,
        mount: &Mount,
        method: &AuthMethodType,
        settings: &MountSettings,
    ) -> Result<()> {
        let path = ["sys/auth/", mount.escaped()];
        let body = Enable { kind: method.as_str(), settings };
        self.api.at(Subject::System, "enable auth method", &path).write(&body).await
    }

    /// How the login method at `mount` is tuned. `GET sys/auth/:path/tune`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` if there is none.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn auth_tuning(&self, mount: &Mount) -> Result<MountTuning> {
        let path = ["sys/auth/", mount.escaped(), "/tune"];
        self.api.at(Subject::System, "read auth tuning", &path).read().await
    }

    /// Tunes the login method at `mount`; what `tuning` leaves out stays. `POST sys/auth/:path/tune`, repeated after
    /// passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` if there is none.
    ///
    /// # Cancel safety
    /// It may or may not be tuned.
    pub async fn tune_auth(&self, mount: &Mount, tuning: &MountTuning) -> Result<()> {
        let path = ["sys/auth/", mount.escaped(), "/tune"];
        self.api.at(Subject::System, "tune auth method", &path).write(tuning).await
    }

    /// Unmounts the login method at `mount`: the tokens it made are revoked, **and its roles are deleted**. None there
    /// is a success. `DELETE sys/auth/:path`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `internal_error` if a lease cannot be revoked.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn disable_auth(&self, mount: &Mount) -> Result<()> {
        let path = ["sys/auth/", mount.escaped()];
        self.api.at(Subject::System, "disable auth method", &path).delete().await
    }
}

fn method(path: Mount, wire: MountedWire) -> Result<Mounted<AuthMethodType>> {
    let kind = wire.kind.parse()?;
    Ok(wire.mounted(path, kind))
}
