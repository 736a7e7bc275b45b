//! Who keeps the key shares after the bring-up.

use std::fmt;
use std::io;
use std::path::PathBuf;

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result};
use tokio::fs;

use super::file;
use crate::{KeyKind, KeyShare};

/// Takes the key shares over for good: a safe, a hardware module, several people.
///
/// It is asked again with the same shares when a run before did not come to its end, and then says yes again.
#[async_trait]
pub trait KeyCustody: fmt::Debug + Send + Sync + 'static {
    /// Keeps `keys`. When it returns, they must survive a power cut.
    ///
    /// # Errors
    /// If it may not have kept all of them. The bring-up then stops, and goes on here when it is run again.
    async fn hand_over(&self, kind: KeyKind, keys: &[KeyShare]) -> Result<()>;
}

/// Keeps each share in a file of its own in one folder: `unseal-1`, `unseal-2` or `recovery-1`, mode 0600.
///
/// Whoever gets hold of the folder has the key: make it a mount that goes away, and give the files to their keepers.
///
/// ```no_run
/// use catalyst_openbao::bootstrap::FileCustody;
///
/// let custody = FileCustody::new("/run/operators/shares");
/// # let _ = custody;
/// ```
#[derive(Clone, Debug)]
pub struct FileCustody {
    folder: PathBuf,
}

impl FileCustody {
    /// In the folder at `path`, which must exist.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { folder: path.into() }
    }
}

#[async_trait]
impl KeyCustody for FileCustody {
    async fn hand_over(&self, kind: KeyKind, keys: &[KeyShare]) -> Result<()> {
        let kind = match kind {
            KeyKind::Unseal => "unseal",
            KeyKind::Recovery => "recovery",
        };
        for (number, key) in (1..).zip(keys) {
            let path = self.folder.join(format!("{kind}-{number}"));
            let failed = |cause: io::Error| {
                Error::new(ErrorKind::Config, "hand key share over")
                    .with_code("custody_failed")
                    .with_help(format!("{} cannot be written", path.display()))
                    .with_source(cause)
            };
            let bytes = key.secret().expose().as_bytes();
            match fs::read(&path).await {
                Ok(there) if there == bytes => {}
                Ok(_other) => {
                    let help =
                        format!("{} holds another share: of which server? move it away", path.display());
                    let error = Error::new(ErrorKind::Conflict, "hand key share over");
                    return Err(error.with_code("custody_conflict").with_help(help));
                }
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                    file::replace(&path, bytes).await.map_err(failed)?;
                }
                Err(cause) => return Err(failed(cause)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn shares_are_kept_once_and_never_overwritten_by_others() {
        let folder = tempfile::tempdir().unwrap();
        let custody = FileCustody::new(folder.path());
        let share = |text: &str| vec![text.parse::<KeyShare>().unwrap()];
        let first = share("00112233445566778899aabbccddeeff");
        for _ in 0..2 {
            custody.hand_over(KeyKind::Unseal, &first).await.unwrap();
        }
        let kept = std::fs::read_to_string(folder.path().join("unseal-1")).unwrap();
        assert_eq!(kept, "00112233445566778899aabbccddeeff");
        let other = share("ff112233445566778899aabbccddeeff");
        let error = custody.hand_over(KeyKind::Unseal, &other).await.unwrap_err();
        assert_eq!(error.code(), Some("custody_conflict"));
    }
}
