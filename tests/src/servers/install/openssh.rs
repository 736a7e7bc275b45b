//! The tools of OpenSSH, from Debian.

use std::path::Path;

use catalyst_core::{Error, ErrorKind, Result};

use super::{INSTALLING, debian};

const SSH_KEYGEN: &str = "/usr/bin/ssh-keygen";
const PACKAGE: &str = "openssh-client";

/// Where `ssh-keygen` is; installed from Debian when it is missing and we may.
///
/// # Errors
/// [`ErrorKind::Config`] if it is missing and cannot be installed.
///
/// # Cancel safety
/// An installation goes on in the background, and the next call finds its result.
pub async fn ssh_keygen() -> Result<&'static str> {
    let _one_at_a_time = INSTALLING.lock().await;
    let is_there = || Path::new(SSH_KEYGEN).exists();
    if is_there() {
        return Ok(SSH_KEYGEN);
    }
    let missing = |help: String| Error::new(ErrorKind::Config, "find ssh-keygen").with_help(help);
    if !debian::is_ours() {
        return Err(missing(format!("install it (Debian: apt-get install {PACKAGE})")));
    }
    debian::update("install OpenSSH's tools").await?;
    debian::install("install OpenSSH's tools", &[PACKAGE]).await?;
    if is_there() {
        Ok(SSH_KEYGEN)
    } else {
        Err(missing("installed from Debian, but there is no ssh-keygen".to_owned()))
    }
}
