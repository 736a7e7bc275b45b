//! What the harness reads from the environment, all of it.
#![allow(clippy::disallowed_methods, reason = "the harness is a tool, and this is its one reader")]

use std::ffi::OsString;
use std::path::PathBuf;

use catalyst_core::{Error, ErrorKind, Result};

/// A folder with `spire-server` and `spire-agent`, named by `SPIRE_BIN`; no package registry ships them.
pub fn spire_bin() -> Option<PathBuf> {
    path("SPIRE_BIN")
}

/// A folder with PostgreSQL's `initdb` and `postgres`, where they are not in their usual place
/// (`CATALYST_POSTGRES_BIN`).
pub(crate) fn postgres_bin() -> Option<PathBuf> {
    path("CATALYST_POSTGRES_BIN")
}

/// The Java to run Keycloak with, where it is not the one on the path (`JAVA_HOME`).
pub(crate) fn java_home() -> Option<PathBuf> {
    path("JAVA_HOME")
}

/// The variables that Keycloak would take for its settings, by name.
pub(crate) fn keycloak_settings() -> Vec<OsString> {
    let names = std::env::vars_os().map(|(name, _)| name);
    names.filter(|name| name.to_string_lossy().starts_with("KC_")).collect()
}

/// Where downloaded servers are kept between runs: `CATALYST_SERVERS_CACHE`, or a folder in the user's cache.
pub(crate) fn cache() -> Result<PathBuf> {
    path("CATALYST_SERVERS_CACHE")
        .or_else(|| path("XDG_CACHE_HOME").map(|cache| cache.join("catalyst-sdk")))
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache/catalyst-sdk")))
        .ok_or_else(|| {
            Error::new(ErrorKind::Config, "find the cache of servers")
                .with_help("there is no home folder; set CATALYST_SERVERS_CACHE")
        })
}

fn path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}
