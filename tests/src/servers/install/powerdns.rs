//! PowerDNS, and the tools that ask it, from Debian.

use std::path::{Path, PathBuf};

use catalyst_core::{Error, ErrorKind, Result};

use super::{INSTALLING, debian};

/// What Debian's packages put where.
#[derive(Clone, Copy, Debug)]
pub struct PowerDns {
    /// The authoritative server.
    pub server: &'static str,
    /// The tables of its SQLite back end.
    pub schema: &'static str,
    /// The command line of SQLite.
    pub sqlite: &'static str,
    /// BIND's validator.
    pub delv: &'static str,
}

const FILES: PowerDns = PowerDns {
    server: "/usr/sbin/pdns_server",
    schema: "/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql",
    sqlite: "/usr/bin/sqlite3",
    delv: "/usr/bin/delv",
};

const PACKAGES: [&str; 6] = [
    "pdns-server",
    "pdns-backend-sqlite3",
    "pdns-backend-lmdb",
    "sqlite3",
    "bind9-dnsutils",
    "ca-certificates",
];

/// PowerDNS with its back ends SQLite and LMDB; installed from Debian when it is missing and we may.
///
/// # Errors
/// [`ErrorKind::Config`] if it is missing and cannot be installed.
///
/// # Cancel safety
/// An installation goes on in the background, and the next call finds its result.
pub async fn powerdns() -> Result<PowerDns> {
    const OPERATION: &str = "find PowerDNS";
    let _one_at_a_time = INSTALLING.lock().await;
    if is_installed() {
        return Ok(FILES);
    }
    let help = format!("install it (Debian: apt-get install {})", PACKAGES.join(" "));
    if !debian::is_ours() {
        return Err(Error::new(ErrorKind::Config, OPERATION).with_help(help));
    }
    let _quiet = debian::NoServiceStarts::new().map_err(|error| {
        Error::new(ErrorKind::Config, OPERATION).with_help("cannot write to /usr/sbin").with_source(error)
    })?;
    debian::update("install PowerDNS").await?;
    debian::install("install PowerDNS", &PACKAGES).await?;
    if is_installed() {
        return Ok(FILES);
    }
    let missing = "installed from Debian, but files are missing; does dpkg leave /usr/share/doc out?";
    Err(Error::new(ErrorKind::Config, OPERATION).with_help(missing))
}

fn is_installed() -> bool {
    let PowerDns { server, schema, sqlite, delv } = FILES;
    let backend = |name: &str| {
        let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
        folders.into_iter().any(|folder| folder.path().join("pdns").join(name).exists())
    };
    [server, schema, sqlite, delv].iter().all(|file| Path::new(file).exists())
        && backend("libgsqlite3backend.so")
        && backend("liblmdbbackend.so")
}

impl PowerDns {
    pub(crate) fn server(self) -> PathBuf {
        PathBuf::from(self.server)
    }
}
