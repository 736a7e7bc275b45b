//! A server that has to start over.

use std::fmt;

use async_trait::async_trait;
use catalyst_core::Result;

/// Empties the storage of a server whose only key was lost on its way to us, and starts it again.
///
/// It is asked only where the journal proves that this bring-up sent the init whose answer was lost: nobody can have
/// stored anything in that server, and nobody will ever open it.
#[async_trait]
pub trait StorageReset: fmt::Debug + Send + Sync + 'static {
    /// Empties it. The bring-up then waits until the server answers again.
    ///
    /// # Errors
    /// If the server may still be the old one.
    async fn start_over(&self) -> Result<()>;
}
