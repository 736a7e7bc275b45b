//! Where the record of a flip is kept while it is under way.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use catalyst_core::Result;

use super::FlipRecord;
use crate::registrar::RegisteredDomain;

/// Keeps one record for each domain that is being flipped. What is saved must outlive the process, or a flip that is
/// killed can only be ended by a person.
///
/// # Cancel safety
/// Each call may be repeated.
#[async_trait]
pub trait FlipJournal: fmt::Debug + Send + Sync + 'static {
    /// Keeps `record` in the place of any other of its domain. Nothing is changed at the registrar before this returns.
    async fn save(&self, record: &FlipRecord) -> Result<()>;

    /// The record of `domain`.
    async fn load(&self, domain: &RegisteredDomain) -> Result<Option<FlipRecord>>;

    /// Forgets the record; none there is no fault.
    async fn remove(&self, domain: &RegisteredDomain) -> Result<()>;
}

/// A journal that lasts as long as the process: for tests, and where a person looks on. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal(Arc<Mutex<BTreeMap<RegisteredDomain, FlipRecord>>>);

impl MemoryJournal {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<RegisteredDomain, FlipRecord>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl FlipJournal for MemoryJournal {
    async fn save(&self, record: &FlipRecord) -> Result<()> {
        self.lock().insert(record.domain.clone(), record.clone());
        Ok(())
    }

    async fn load(&self, domain: &RegisteredDomain) -> Result<Option<FlipRecord>> {
        Ok(self.lock().get(domain).cloned())
    }

    async fn remove(&self, domain: &RegisteredDomain) -> Result<()> {
        self.lock().remove(domain);
        Ok(())
    }
}
