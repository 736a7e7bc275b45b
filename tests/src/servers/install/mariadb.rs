//! MariaDB, from Debian.

use std::path::{Path, PathBuf};

use catalyst_core::{Error, ErrorKind, Result};

use super::{INSTALLING, debian};

/// What Debian's package puts where.
#[derive(Clone, Copy, Debug)]
pub struct MariaDb {
    /// The server.
    pub server: &'static str,
    /// What makes the tables of a new server.
    pub maker: &'static str,
}

const FILES: MariaDb = MariaDb { server: "/usr/sbin/mariadbd", maker: "/usr/bin/mariadb-install-db" };

/// The server without its service: nothing is started, and no user is made. The client has what the maker calls.
const PACKAGES: [&str; 2] = ["mariadb-server-core", "mariadb-client-core"];
/// Of the second package.
const DEFAULTS: &str = "/usr/bin/my_print_defaults";

/// MariaDB; installed from Debian when it is missing and we may.
///
/// # Errors
/// [`ErrorKind::Config`] if it is missing and cannot be installed.
///
/// # Cancel safety
/// An installation goes on in the background, and the next call finds its result.
pub async fn mariadb() -> Result<MariaDb> {
    const OPERATION: &str = "find MariaDB";
    let _one_at_a_time = INSTALLING.lock().await;
    if is_installed() {
        return Ok(FILES);
    }
    let missing = |help: &str| Error::new(ErrorKind::Config, OPERATION).with_help(help.to_owned());
    if !debian::is_ours() {
        return Err(missing(&format!("install it (Debian: apt-get install {})", PACKAGES.join(" "))));
    }
    debian::update("install MariaDB").await?;
    debian::install("install MariaDB", &PACKAGES).await?;
    if is_installed() { Ok(FILES) } else { Err(missing("installed from Debian, but there is no mariadbd")) }
}

fn is_installed() -> bool {
    [FILES.server, FILES.maker, DEFAULTS].iter().all(|file| Path::new(file).exists())
}

impl MariaDb {
    pub(crate) fn server(self) -> PathBuf {
        PathBuf::from(self.server)
    }
}
