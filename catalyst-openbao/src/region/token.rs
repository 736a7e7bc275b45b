//! Proof of a write, to be handed to whoever has to see it.

use std::fmt;
use std::str::FromStr;

use catalyst_core::{Error, ErrorKind, Result};

use crate::{SecretPath, VersionMetadata};

/// Which version of which secret a reader must see at least. Small, and no secret: hand it to another process as text.
///
/// ```
/// use catalyst_openbao::region::WriteToken;
///
/// let token: WriteToken = "7:orders/db".parse()?;
/// assert_eq!((token.version(), token.path().as_str()), (7, "orders/db"));
/// assert_eq!(token.to_string(), "7:orders/db");
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WriteToken {
    path: SecretPath,
    version: u64,
}

impl WriteToken {
    /// Of what a write or a patch of `path` returned.
    pub fn new(path: SecretPath, written: &VersionMetadata) -> Self {
        Self { path, version: written.version }
    }

    /// The secret.
    pub fn path(&self) -> &SecretPath {
        &self.path
    }

    /// Its version.
    pub fn version(&self) -> u64 {
        self.version
    }
}

impl fmt::Display for WriteToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.version, self.path)
    }
}

impl FromStr for WriteToken {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if it is no token.
    fn from_str(text: &str) -> Result<Self> {
        let bad = || {
            Error::new(ErrorKind::InvalidRequest, "read write token")
                .with_help("expected a version and a path: 7:orders/db")
        };
        let (version, path) = text.split_once(':').ok_or_else(bad)?;
        let version = version.parse().map_err(|_no_number| bad())?;
        let path = path.parse().map_err(|_no_path| bad())?;
        Ok(Self { path, version })
    }
}
