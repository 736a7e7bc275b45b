//! Sessions: a lease dies with the login that asked for it, whatever its own term says.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// One login. Holding a session, or a lease of it, keeps its token from being revoked when a newer login takes its
/// place; drop it when the leases are no longer used. Cheap to clone.
pub struct Session(Arc<Shared>);

/// How long a session lives and what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionState {
    /// When its token ends, as far as is known now; none if never.
    pub expires_at: Option<Instant>,
    /// What is planned for it.
    pub standing: Standing,
}

/// What becomes of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// It is renewed in time, as long as `OpenBao::maintain` runs.
    Lasting,
    /// It lives to its end and is not prolonged: superseded by a newer one, at its maximum, or not renewable.
    /// Leases that must live longer are to be asked for anew.
    Ending,
    /// It was revoked or refused; its leases are gone.
    Lost,
}

impl Session {
    /// Tells sessions apart within this process.
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// How it stands now.
    pub fn state(&self) -> SessionState {
        *self.0.state.borrow()
    }

    /// Waits for changes from here on. A watch does not keep the token from being revoked.
    pub fn changed(&self) -> SessionWatch {
        SessionWatch { changes: self.0.state.subscribe(), _shared: Arc::clone(&self.0) }
    }

    fn of(shared: &Arc<Shared>) -> Self {
        shared.holders.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(shared))
    }
}

impl Clone for Session {
    fn clone(&self) -> Self {
        Self::of(&self.0)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.0.holders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.released.notify_one();
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("id", &self.0.id).field("state", &self.state()).finish()
    }
}

/// Reports the changes of a [`Session`].
#[derive(Debug)]
pub struct SessionWatch {
    changes: watch::Receiver<SessionState>,
    // The sender lives in here: a watch never ends.
    _shared: Arc<Shared>,
}

impl SessionWatch {
    /// Waits until the session changed since the last call, and returns how it stands.
    ///
    /// # Cancel safety
    /// Nothing is missed when the future is dropped.
    pub async fn changed(&mut self) -> SessionState {
        if self.changes.changed().await.is_err() {
            // Unreachable while the sender is held above; waiting is the harmless answer.
            std::future::pending::<()>().await;
        }
        *self.changes.borrow_and_update()
    }
}

/// The owner's side of a [`Session`], for those who implement [`DynamicCredentials`](crate::DynamicCredentials)
/// themselves.
///
/// ```
/// use catalyst_openbao::{SessionKeeper, Standing};
///
/// let keeper = SessionKeeper::new(None, Standing::Lasting);
/// let session = keeper.session();
/// keeper.set(None, Standing::Lost);
/// assert_eq!(session.state().standing, Standing::Lost);
/// assert!(keeper.is_held());
/// ```
#[derive(Debug)]
pub struct SessionKeeper(Arc<Shared>);

impl SessionKeeper {
    /// A new session.
    pub fn new(expires_at: Option<Instant>, standing: Standing) -> Self {
        Self::notifying(expires_at, standing, Arc::new(Notify::new()))
    }

    /// A new session that wakes `released` whenever its last handle is dropped.
    pub(crate) fn notifying(expires_at: Option<Instant>, standing: Standing, released: Arc<Notify>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(Arc::new(Shared {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            state: watch::Sender::new(SessionState { expires_at, standing }),
            holders: AtomicUsize::new(0),
            released,
        }))
    }

    /// A handle for an application.
    pub fn session(&self) -> Session {
        Session::of(&self.0)
    }

    /// The same number that [`Session::id`] gives.
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// How it stands now.
    pub fn state(&self) -> SessionState {
        *self.0.state.borrow()
    }

    /// Changes how it stands; whoever watches is told only if it differs. A lost session stays lost.
    pub fn set(&self, expires_at: Option<Instant>, standing: Standing) {
        let next = SessionState { expires_at, standing };
        self.0.state.send_if_modified(|state| {
            let changes = *state != next && state.standing != Standing::Lost;
            if changes {
                *state = next;
            }
            changes
        });
    }

    /// Whether a handle or a lease of it is still held.
    pub fn is_held(&self) -> bool {
        self.0.holders.load(Ordering::Acquire) > 0
    }
}

#[derive(Debug)]
struct Shared {
    id: u64,
    state: watch::Sender<SessionState>,
    holders: AtomicUsize,
    released: Arc<Notify>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_watch_reports_each_change_once_and_none_twice() {
        let keeper = SessionKeeper::new(None, Standing::Lasting);
        let mut watch = keeper.session().changed();
        keeper.set(None, Standing::Lasting);
        let end = Some(Instant::now() + Duration::from_secs(60));
        keeper.set(end, Standing::Ending);
        assert_eq!(watch.changed().await, SessionState { expires_at: end, standing: Standing::Ending });
        assert!(tokio::time::timeout(Duration::from_secs(1), watch.changed()).await.is_err());
    }

    #[test]
    fn a_lost_session_stays_lost() {
        let keeper = SessionKeeper::new(None, Standing::Lost);
        keeper.set(None, Standing::Lasting);
        assert_eq!(keeper.state().standing, Standing::Lost);
    }

    #[tokio::test]
    async fn the_last_handle_to_go_wakes_the_owner_and_a_watch_does_not_hold() {
        let released = Arc::new(Notify::new());
        let keeper = SessionKeeper::notifying(None, Standing::Lasting, Arc::clone(&released));
        let (first, second) = (keeper.session(), keeper.session());
        let _watch = first.changed();
        drop(first);
        assert!(keeper.is_held());
        drop(second);
        assert!(!keeper.is_held());
        released.notified().await;
    }
}
