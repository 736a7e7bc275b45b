//! FerretDB, built from its Go module.

use std::fs;
use std::path::PathBuf;

use catalyst_core::{Error, ErrorKind, Result};
use serde_json::Value;
use tokio::process::Command;

use super::super::environment;
use super::{INSTALLING, run};

/// The version of FerretDB that the SDK is tested with: the last that needs no extension of PostgreSQL.
pub const FERRETDB_VERSION: &str = "1.24.2";

const OPERATION: &str = "install FerretDB";
const MODULE: &str = "github.com/FerretDB/FerretDB";
const HELP: &str = "Go is needed, and its module proxy or a mirror of it";

/// The `ferretdb` binary, built when it is not there, which takes some minutes once.
///
/// # Errors
/// [`ErrorKind::Config`] if Go is missing, or a module cannot be had.
///
/// # Cancel safety
/// Safe: a half-made file is never in place.
pub async fn ferretdb() -> Result<PathBuf> {
    let server = environment::cache()?.join(format!("ferretdb-{FERRETDB_VERSION}")).join("ferretdb");
    let _one_at_a_time = INSTALLING.lock().await;
    if !server.exists() {
        build(&server).await?;
    }
    let mut version = Command::new(&server);
    version.arg("--version");
    let said = run(version, OPERATION, "remove the file, so that it is built again").await?;
    if said.contains(FERRETDB_VERSION) {
        return Ok(server);
    }
    let help = format!("{} is not version {FERRETDB_VERSION}; remove it", server.display());
    Err(Error::new(ErrorKind::Config, OPERATION).with_help(help))
}

/// The module says nowhere what its version is; a build that is no release of FerretDB's own is told so in a file.
async fn build(server: &PathBuf) -> Result<()> {
    let fail = |error: std::io::Error| {
        Error::new(ErrorKind::Config, OPERATION).with_help("cannot write to the cache").with_source(error)
    };
    let folder = tempfile::tempdir().map_err(fail)?;
    // Its modules are of no use to anybody afterwards.
    let go = |arguments: &[&str]| {
        let mut go = Command::new("go");
        go.args(arguments).env("GOMODCACHE", folder.path().join("modules")).env("GOFLAGS", "-modcacherw");
        go.env("GOCACHE", folder.path().join("cache")).kill_on_drop(true);
        go
    };
    let mut download = go(&["mod", "download", "-json", &format!("{MODULE}@v{FERRETDB_VERSION}")]);
    download.current_dir(folder.path());
    let said: Value = serde_json::from_str(&run(download, OPERATION, HELP).await?).unwrap_or_default();
    let source = PathBuf::from(said["Dir"].as_str().unwrap_or_default());
    fs::write(source.join("build/version/version.txt"), format!("v{FERRETDB_VERSION}\n")).map_err(fail)?;

    let fresh = server.with_extension(format!("{}", std::process::id()));
    if let Some(place) = server.parent() {
        fs::create_dir_all(place).map_err(fail)?;
    }
    let mut build = go(&["build", "-trimpath", "-ldflags", "-s -w", "-o"]);
    build.arg(&fresh).arg("./cmd/ferretdb").current_dir(&source).env("CGO_ENABLED", "0");
    run(build, OPERATION, HELP).await?;
    fs::rename(&fresh, server).map_err(fail)
}
