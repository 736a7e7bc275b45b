//! The move of a mount.

use std::fmt;

use catalyst_core::{Error, ErrorKind, Result};

use crate::refusal::SERVICE;

/// A move that the server carries out by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remount(String);

/// How a move stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemountStatus {
    /// The server is at it.
    InProgress,
    /// Done.
    Success,
    /// It failed; the server's log says why. What was to be moved may be shut.
    Failure,
    /// A word that this version does not know.
    Other(String),
}

impl Remount {
    /// The server's identifier goes into a path, so that it must be one.
    pub(super) fn new(id: String) -> Result<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if id.is_empty() || id.len() > 64 || !id.chars().all(plain) {
            return Err(Error::new(ErrorKind::Decode, "remount")
                .with_service(SERVICE)
                .with_code("unreadable_answer")
                .with_help("the identifier of the move is none; the move may have begun"));
        }
        Ok(Self(id))
    }

    /// The server's identifier of it, as its log shows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Remount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl RemountStatus {
    pub(super) fn read(text: &str) -> Self {
        match text {
            "in-progress" => Self::InProgress,
            "success" => Self::Success,
            "failure" => Self::Failure,
            other => Self::Other(other.to_owned()),
        }
    }
}
