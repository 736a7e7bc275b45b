//! PostgreSQL, from Debian.

use std::fs;
use std::io;
use std::path::PathBuf;

use catalyst_core::{Error, ErrorKind, Result};

use super::super::environment;
use super::{INSTALLING, debian};

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
    if !debian::is_ours() {
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
    const INSTALL: &str = "install PostgreSQL";
    const SETTINGS: &str = "/etc/postgresql-common/createcluster.conf";
    let fail = |error: io::Error| {
        Error::new(ErrorKind::Config, INSTALL).with_help("cannot write to /etc").with_source(error)
    };
    let _quiet = debian::NoServiceStarts::new().map_err(fail)?;
    debian::update(INSTALL).await?;
    debian::install(INSTALL, &["postgresql-common"]).await?;
    let settings = fs::read_to_string(SETTINGS).unwrap_or_default();
    let others =
        settings.lines().filter(|line| !line.trim_start_matches('#').starts_with("create_main_cluster"));
    let settings: String =
        others.chain(["create_main_cluster = false"]).flat_map(|line| [line, "\n"]).collect();
    fs::write(SETTINGS, settings).map_err(fail)?;
    debian::install(INSTALL, &["postgresql"]).await
}
