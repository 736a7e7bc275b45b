//! Where records are kept.

use std::fmt;

use async_trait::async_trait;
use catalyst_core::Result;

use super::Record;

/// Keeps the record of one client's secret. What makes rotation safe is that a write names the version that it
/// replaces.
#[async_trait]
pub trait RecordStore: fmt::Debug + Send + Sync + 'static {
    /// The newest record, if there is one.
    ///
    /// # Errors
    /// Those of the store; [`ErrorKind::Decode`](crate::ErrorKind::Decode) if what is there is not a record.
    async fn load(&self) -> Result<Option<(Record, Version)>>;

    /// Writes `record` if the newest version is `expected`, or if there is none and `expected` is `None`.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) if somebody else wrote meanwhile; those of the store.
    /// After an error with [`outcome_unknown`](crate::Error::outcome_unknown) the record may have been written.
    async fn save(&self, record: &Record, expected: Option<Version>) -> Result<Version>;
}

/// A version of a record, as the store counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u64);
