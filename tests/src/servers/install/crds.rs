//! The resource definitions of the External Secrets Operator, out of its Go module.

use std::path::{Path, PathBuf};

use catalyst_core::{Error, ErrorKind, Result};
use serde_json::Value;
use tokio::process::Command;

use super::{INSTALLING, debian, run};

const OPERATION: &str = "get resource definitions";
const MODULE: &str = "github.com/external-secrets/external-secrets";

/// The release of the operator that manifests are checked against; it serves `v1beta1` and `v1`.
pub const OPERATOR_VERSION: &str = "0.16.2";
/// The checksum of its module, as Go writes it.
const SUM: &str = "h1:iNY+gIgSyL5higXTfnz+hdPCaiB/43UiHLqE7HBpj68=";

/// The folder with the definitions as the operator publishes them, one file each. Go downloads its module (30 MB
/// unpacked) when it is not in Go's cache; Go is installed from Debian when it is missing and we may.
///
/// # Errors
/// [`ErrorKind::Config`] if Go is missing, the download fails, or it is not the module that the SDK is tested with.
///
/// # Cancel safety
/// Safe: Go puts a module in place when it is whole.
pub async fn crds() -> Result<PathBuf> {
    let _one_at_a_time = INSTALLING.lock().await;
    if !there_is_go().await {
        if !debian::is_ours() {
            let help = "Go is needed (Debian: apt-get install golang-go)";
            return Err(Error::new(ErrorKind::Config, OPERATION).with_help(help));
        }
        debian::update(OPERATION).await?;
        debian::install(OPERATION, &["golang-go"]).await?;
    }
    let mut go = Command::new("go");
    go.args(["mod", "download", "-json"])
        .arg(format!("{MODULE}@v{OPERATOR_VERSION}"))
        // Not in a module of anybody's, and with the Go that is here.
        .current_dir(std::env::temp_dir())
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "");
    let said = run(go, OPERATION, "the Go module proxy or a mirror of it is needed").await?;
    let folder = verified(&said)?.join("config/crds/bases");
    if folder.is_dir() { Ok(folder) } else { Err(unexpected()) }
}

/// Where the module is, if it is the one that the SDK is tested with.
fn verified(said: &str) -> Result<PathBuf> {
    let module: Value = serde_json::from_str(said).unwrap_or_default();
    match (module["Sum"].as_str(), module["Dir"].as_str()) {
        (Some(sum), Some(folder)) if sum == SUM => Ok(Path::new(folder).to_owned()),
        _ => Err(unexpected()),
    }
}

fn unexpected() -> Error {
    Error::new(ErrorKind::Config, OPERATION).with_help(format!(
        "what Go downloaded is not the {OPERATOR_VERSION} of the External Secrets Operator that the SDK is tested with"
    ))
}

async fn there_is_go() -> bool {
    let output = Command::new("go").arg("version").output().await;
    output.is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_module_than_the_tested_one_is_refused() {
        let said = |sum: &str| format!("{{\"Dir\": \"/m\", \"Sum\": \"{sum}\"}}");
        assert_eq!(verified(&said(SUM)).unwrap(), Path::new("/m"));
        let other = said("h1:jTOKPDZqwV6ewvJAq9ylgXbJdNpmMEBrRIi6w0oVcsw=");
        for bad in [other.as_str(), "{}", "", "{\"Error\": \"not found\"}"] {
            assert!(verified(bad).is_err(), "{bad}");
        }
    }
}
