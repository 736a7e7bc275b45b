//! A record in memory, for tests.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result};

use super::{Record, RecordStore, Version};

/// Keeps one record in memory. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryRecordStore(Arc<Mutex<Option<(Record, Version)>>>);

impl MemoryRecordStore {
    /// Nothing kept yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is kept.
    pub fn record(&self) -> Option<Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(record, _)| record.clone())
    }
}

#[async_trait]
impl RecordStore for MemoryRecordStore {
    async fn load(&self) -> Result<Option<(Record, Version)>> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    async fn save(&self, record: &Record, expected: Option<Version>) -> Result<Version> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = kept.as_ref().map(|(_, version)| *version);
        if newest != expected {
            return Err(Error::new(ErrorKind::Conflict, "save the record of a client secret"));
        }
        let next = Version(newest.map_or(1, |Version(number)| number + 1));
        // As a real store would keep it: texts.
        *kept = Some((Record::from_fields(record.to_fields())?, next));
        Ok(next)
    }
}
