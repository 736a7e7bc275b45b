//! Where the seed lies, and beside it what one run leaves for the next.

use std::fmt;

use async_trait::async_trait;
use catalyst_core::Result;

use super::RecoverySeed;

/// Keeps the seed and the journal of a bring-up.
///
/// The journal is opaque, and encrypted where it holds a secret. What a store promises decides what survives a crash:
/// when [`SeedStore::save`] returns, the journal is there after a power cut; and it is the old or the new one at
/// any moment, never a part.
#[async_trait]
pub trait SeedStore: fmt::Debug + Send + Sync + 'static {
    /// What is there now.
    ///
    /// # Errors
    /// If it cannot be read, or others can read it as well.
    async fn load(&self) -> Result<StoredSeed>;

    /// Replaces the journal.
    ///
    /// # Errors
    /// If it may not have been kept, or somebody else replaced it since it was loaded.
    async fn save(&self, journal: &[u8]) -> Result<()>;

    /// Wipes the seed, and after it the journal; what is gone already is no error.
    ///
    /// # Errors
    /// If one of them may still be there.
    async fn erase(&self) -> Result<()>;
}

/// What a [`SeedStore`] holds.
#[derive(Clone, Debug, Default)]
pub struct StoredSeed {
    /// The seed, until it is erased.
    pub seed: Option<RecoverySeed>,
    /// What the run before wrote.
    pub journal: Option<Vec<u8>>,
}
