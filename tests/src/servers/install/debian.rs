//! Packages of Debian, where we may install them.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use catalyst_core::Result;
use nix::unistd::Uid;
use tokio::process::Command;

/// Whether this is a Debian of which we are root.
pub(super) fn is_ours() -> bool {
    Uid::effective().is_root() && Path::new("/usr/bin/apt-get").exists()
}

/// Fetches the lists of packages.
pub(super) async fn update(operation: &'static str) -> Result<()> {
    apt_get(operation, &["update", "-qq"]).await
}

/// Installs `packages` with what they need, and without what they recommend.
pub(super) async fn install(operation: &'static str, packages: &[&str]) -> Result<()> {
    let arguments = ["install", "-y", "-qq", "--no-install-recommends"];
    apt_get(operation, &[&arguments[..], packages].concat()).await
}

async fn apt_get(operation: &'static str, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    let help = "apt-get failed; is there a Debian mirror, and no other installation running?";
    super::run(command, operation, help).await.map(drop)
}

/// Debian asks `policy-rc.d` before a package starts its service; 101 means no.
pub(super) struct NoServiceStarts {
    made: bool,
}

impl NoServiceStarts {
    const POLICY: &str = "/usr/sbin/policy-rc.d";

    pub(super) fn new() -> io::Result<Self> {
        match OpenOptions::new().write(true).create_new(true).mode(0o755).open(Self::POLICY) {
            Ok(mut file) => file.write_all(b"#!/bin/sh\nexit 101\n").map(|()| Self { made: true }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Self { made: false }),
            Err(error) => Err(error),
        }
    }
}

impl Drop for NoServiceStarts {
    fn drop(&mut self) {
        if self.made {
            drop(fs::remove_file(Self::POLICY));
        }
    }
}
