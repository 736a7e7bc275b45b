//! The audit log: which devices there are, and what a secret looks like in it.

use std::collections::BTreeMap;

use catalyst_core::{Result, Secret};
use serde::{Deserialize, Serialize};

use super::System;
use crate::Mount;
use crate::operation::Subject;
use crate::settings::texts;
use crate::wire::Exposed;

/// A device that the server writes its audit log to. Devices are declared in the configuration of the server; its API
/// refuses to make or remove them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditDevice {
    /// Its name.
    pub path: Mount,
    /// Of what kind it is: `file`, `syslog`, `socket`.
    pub kind: String,
    /// What somebody wrote about it.
    pub description: String,
    /// Its settings, such as `file_path`.
    pub options: BTreeMap<String, String>,
    /// Whether replication leaves it alone.
    pub local: bool,
}

impl System {
    /// The audit devices. `GET sys/audit`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn audit_devices(&self) -> Result<Vec<AuditDevice>> {
        let path = ["sys/audit"];
        let all: BTreeMap<String, DeviceWire> =
            self.api.at(Subject::System, "list audit devices", &path).read().await?;
        let device = |(path, wire): (String, DeviceWire)| {
            Ok(AuditDevice {
                path: path.parse()?,
                kind: wire.kind,
                description: wire.description,
                options: wire.options,
                local: wire.local,
            })
        };
        all.into_iter().map(device).collect()
    }

    /// What `secret` looks like in the log of a device: a keyed hash that tells nothing about it. Hand it to an
    /// [`AuditCheck`](super::AuditCheck). `POST sys/audit-hash/:path`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_device` if there is no such device.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn audit_hash(&self, device: &Mount, secret: &Secret) -> Result<String> {
        let path = ["sys/audit-hash/", device.escaped()];
        let body = Input { input: Exposed(secret) };
        let wire: Hashed = self.api.at(Subject::System, "hash for audit", &path).exchange(&body).await?;
        Ok(wire.hash)
    }
}

#[derive(Serialize)]
struct Input<'a> {
    input: Exposed<'a>,
}

#[derive(Deserialize)]
struct Hashed {
    hash: String,
}

#[derive(Deserialize)]
struct DeviceWire {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    description: String,
    #[serde(default, deserialize_with = "texts")]
    options: BTreeMap<String, String>,
    #[serde(default)]
    local: bool,
}
