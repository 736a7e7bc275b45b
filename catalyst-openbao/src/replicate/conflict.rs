//! What the replicator will not decide.

use std::fmt;

/// Why a secret or a policy of a secondary is left as it is, until a person has looked.
///
/// The way out is always the same: make up your mind which value is right; write it on the primary if need be; remove
/// the secret (with its metadata) or the policy from the secondary. The next look copies it anew.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Conflict {
    /// The secondary has a version that the replicator did not write.
    ForeignVersion {
        /// The newest version there.
        found: u64,
        /// The newest that the replicator wrote.
        written: u64,
    },
    /// The secondary has a secret, or a policy, that the primary never had, or that differs from what was copied.
    Foreign,
    /// A version has other values than the same version on the primary.
    Differs {
        /// Its number.
        version: u64,
    },
    /// A version was destroyed on the secondary only.
    Destroyed {
        /// Its number.
        version: u64,
    },
    /// The primary's secret has fewer versions than were copied: it was brought back from an old snapshot.
    SourceWentBack {
        /// The newest version on the primary.
        source: u64,
        /// The newest that was copied.
        copied: u64,
    },
    /// The secret uses all 64 names of custom metadata, and the replicator needs one.
    NoRoomForMark,
    /// The path is longer than this crate takes.
    PathRefused,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForeignVersion { found, written } => {
                write!(
                    f,
                    "version {found} was written on the secondary; the replicator wrote up to {written}"
                )
            }
            Self::Foreign => f.write_str("somebody else wrote it on the secondary"),
            Self::Differs { version } => write!(f, "version {version} has other values on the secondary"),
            Self::Destroyed { version } => write!(f, "version {version} was destroyed on the secondary only"),
            Self::SourceWentBack { source, copied } => {
                write!(f, "the primary is at version {source}, but {copied} was copied: was it restored?")
            }
            Self::NoRoomForMark => {
                f.write_str("its custom metadata is full, and the replicator needs a name")
            }
            Self::PathRefused => f.write_str("its path is longer than 512 bytes"),
        }
    }
}
