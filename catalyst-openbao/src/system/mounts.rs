//! Engines: mounted, tuned, moved, unmounted.

use std::collections::BTreeMap;

use catalyst_core::Result;
use serde::{Deserialize, Serialize};

use super::mount::MountedWire;
use super::{MountSettings, MountTuning, Mounted, Remount, RemountStatus, System};
use crate::operation::Subject;
use crate::{EngineType, Mount};

impl System {
    /// All engines, in the order of their paths, those that are always there among them.
    /// `GET sys/mounts`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn mounts(&self) -> Result<Vec<Mounted<EngineType>>> {
        let path = ["sys/mounts"];
        let all = self.api.at(Subject::System, "list mounts", &path).read::<BTreeMap<String, MountedWire>>();
        all.await?.into_iter().map(|(path, wire)| engine(path.parse()?, wire)).collect()
    }

    /// The engine at `mount`, or none if there is none. `GET sys/mounts/:path`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn mount(&self, mount: &Mount) -> Result<Option<Mounted<EngineType>>> {
        let path = ["sys/mounts/", mount.escaped()];
        let found = self.api.at(Subject::System, "read mount", &path).read::<MountedWire>().await;
        super::unless_unmounted(found)?.map(|wire| engine(mount.clone(), wire)).transpose()
    }

    /// Mounts an engine. Repeated after passing faults: a repetition that finds it done says `path_in_use`.
    /// `POST sys/mounts/:path`.
    ///
    /// # Errors
    /// Codes `path_in_use` if something is mounted there, or above or below it; `unknown_plugin` if the server has no
    /// such engine.
    ///
    /// # Cancel safety
    /// The engine may or may not be there.
    pub async fn enable(&self, mount: &Mount, engine: &EngineType, settings: &MountSettings) -> Result<()> {
        let path = ["sys/mounts/", mount.escaped()];
        let body = Enable { kind: engine.as_str(), settings };
        self.api.at(Subject::System, "enable engine", &path).write(&body).await
    }

    /// How the engine at `mount` is tuned, with the server's own terms where it sets none.
    /// `GET sys/mounts/:path/tune`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` if nothing is mounted there.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn tuning(&self, mount: &Mount) -> Result<MountTuning> {
        let path = ["sys/mounts/", mount.escaped(), "/tune"];
        self.api.at(Subject::System, "read tuning", &path).read().await
    }

    /// Tunes the engine at `mount`; what `tuning` leaves out stays. `POST sys/mounts/:path/tune`, repeated after
    /// passing faults, for twice is the same as once.
    ///
    /// # Errors
    /// Code `unknown_mount` if nothing is mounted there.
    ///
    /// # Cancel safety
    /// It may or may not be tuned.
    pub async fn tune(&self, mount: &Mount, tuning: &MountTuning) -> Result<()> {
        let path = ["sys/mounts/", mount.escaped(), "/tune"];
        self.api.at(Subject::System, "tune engine", &path).write(tuning).await
    }

    /// Unmounts the engine at `mount`: its leases are revoked, **and all that it keeps is deleted**. None there is a
    /// success. `DELETE sys/mounts/:path`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `internal_error` if a lease cannot be revoked; the mount is then shut, but still there.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn disable(&self, mount: &Mount) -> Result<()> {
        let path = ["sys/mounts/", mount.escaped()];
        self.api.at(Subject::System, "disable engine", &path).delete().await
    }

    /// Begins to move what is mounted at `from` to `to`, with all it keeps; its leases are revoked. A login method
    /// stands below `auth/`. The server goes on by itself: ask [`System::remount_status`]. `POST sys/remount`; not
    /// repeated once its outcome is unknown.
    ///
    /// # Errors
    /// Codes `unknown_mount` if nothing is at `from`, `path_in_use` if something is at `to`.
    ///
    /// # Cancel safety
    /// The move may have begun.
    pub async fn remount(&self, from: &Mount, to: &Mount) -> Result<Remount> {
        let path = ["sys/remount"];
        let body = Move { from: from.as_str(), to: to.as_str() };
        let wire: Queued = self.api.at(Subject::System, "remount", &path).once().exchange(&body).await?;
        Remount::new(wire.migration_id)
    }

    /// How a move stands. `GET sys/remount/status/:id`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `not_found` if the server does not know it, or no longer.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn remount_status(&self, remount: &Remount) -> Result<RemountStatus> {
        let path = ["sys/remount/status/", remount.as_str()];
        let wire: Progress = self.api.at(Subject::System, "read remount status", &path).read().await?;
        Ok(RemountStatus::read(&wire.migration_info.status))
    }
}

fn engine(path: Mount, wire: MountedWire) -> Result<Mounted<EngineType>> {
    let kind = wire.kind.parse()?;
    Ok(wire.mounted(path, kind))
}

/// The body that mounts an engine or a login method.
#[derive(Serialize)]
pub(super) struct Enable<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
    #[serde(flatten)]
    pub(super) settings: &'a MountSettings,
}

#[derive(Serialize)]
struct Move<'a> {
    from: &'a str,
    to: &'a str,
}

#[derive(Deserialize)]
struct Queued {
    migration_id: String,
}

#[derive(Deserialize)]
struct Progress {
    migration_info: ProgressInfo,
}

#[derive(Deserialize)]
struct ProgressInfo {
    status: String,
}
