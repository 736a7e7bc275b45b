//! What the holder of a kept lease has in hand.

use std::fmt;
use std::sync::Arc;

use catalyst_core::Result;
use tokio::time::Instant;

use super::entry::Entry;
use super::keeper::Shared;
use super::queue::Key;
use crate::{LeaseId, SessionState, Standing};

/// A lease that a [`LeaseKeeper`](super::LeaseKeeper) renews for as long as this is held. Dropped, the lease is let
/// run out; [`KeptLease::revoke`] ends it at once.
pub struct KeptLease {
    pub(super) entry: Arc<Entry>,
    pub(super) shared: Arc<Shared>,
    pub(super) key: Key,
}

impl KeptLease {
    /// The server's name of the lease.
    pub fn id(&self) -> &LeaseId {
        &self.entry.id
    }

    /// How it stands now: when it ends if nothing more is done, and whether it will be prolonged. It is never better
    /// than its session.
    pub fn state(&self) -> SessionState {
        self.entry.state(Instant::now())
    }

    /// Waits until the lease will not be prolonged any more, and returns how it stands: [`Standing::Ending`] with the
    /// moment of its end, or [`Standing::Lost`]. The time to ask for a new one.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn ending(&self) -> SessionState {
        let mut session = self.entry.session.changed();
        loop {
            let changed = self.entry.changed.notified();
            let mut changed = std::pin::pin!(changed);
            // Listening before looking, so that no change falls in between.
            changed.as_mut().enable();
            let state = self.state();
            if state.standing != Standing::Lasting {
                return state;
            }
            let session = std::pin::pin!(session.changed());
            let _either = futures_util::future::select(changed, session).await;
        }
    }

    /// Ends the lease, and returns when what it leased is gone.
    ///
    /// # Errors
    /// As [`Leases::revoke`](crate::Leases::revoke). The lease is not kept any more, and ends with its term.
    ///
    /// # Cancel safety
    /// The lease is not kept any more; it may not be revoked.
    pub async fn revoke(self) -> Result<()> {
        let (leases, id) = (self.shared.leases.clone(), self.entry.id.clone());
        drop(self);
        leases.revoke(&id).await
    }
}

impl Drop for KeptLease {
    fn drop(&mut self) {
        self.shared.queue().remove(self.key);
    }
}

impl fmt::Debug for KeptLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptLease")
            .field("id", &self.entry.id)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
