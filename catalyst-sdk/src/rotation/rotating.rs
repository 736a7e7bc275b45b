//! The handle that an application holds: the value of the moment, and the right to use it to the end.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use catalyst_core::{Error, ErrorKind, Result};
use tokio::sync::{Notify, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::event::{Events, Generation, Outlet};
use super::health::Health;

/// A value that is replaced before it ends. Cheap to clone; the rotation goes on while a clone lives.
///
/// [`current`](Self::current) is for a value that is used at once: it takes no lock, does not wait, and touches no
/// shared counter. [`checkout`](Self::checkout) pins the generation: its credential is not given back while the
/// guard lives, except at the deadline that the lease itself sets.
pub struct Rotating<T> {
    shared: Arc<Shared<T>>,
    /// In the handle and not in `Shared`, which the engine's task holds too: the last handle ends the task.
    guard: Arc<DropGuard>,
}

impl<T> Rotating<T> {
    pub(super) fn new(shared: Arc<Shared<T>>) -> Self {
        let guard = Arc::new(shared.stop.clone().drop_guard());
        Self { shared, guard }
    }

    /// The value of this moment. Do not hold it across an `.await`: it keeps an old generation from draining.
    pub fn current(&self) -> Current<T> {
        Current(self.shared.current.load())
    }

    /// The value of this moment, pinned: its generation is kept as long as the guard lives.
    pub fn checkout(&self) -> InUse<T> {
        InUse(self.shared.current.load_full())
    }

    /// The number of the generation in use.
    pub fn generation(&self) -> Generation {
        self.shared.current.load().generation
    }

    /// Tells when a newer generation was published.
    pub fn updates(&self) -> Updates {
        Updates(self.shared.generation.subscribe())
    }

    /// The condition now.
    pub fn health(&self) -> Health {
        self.shared.health.borrow().clone()
    }

    /// Waits until the condition changes, and returns the new one.
    ///
    /// # Cancel safety
    /// Safe; a change in between calls is not reported.
    pub async fn health_changed(&self) -> Health {
        let mut health = self.shared.health.subscribe();
        // The sender lives in `shared`, so this cannot fail while we wait.
        health.changed().await.ok();
        health.borrow().clone()
    }

    /// What happens from here on.
    pub fn events(&self) -> Events {
        self.shared.outlet.subscribe()
    }

    /// Asks for an early rotation because the server refused the credential of `generation`. It is ignored when a
    /// newer generation is in use already; many reports cause one rotation.
    pub fn report_refused(&self, generation: Generation) {
        self.shared.request(generation);
    }

    /// Asks for a rotation now. Early rotations are spaced by [`Policy::early_spacing`](super::Policy).
    pub fn rotate_now(&self) {
        self.shared.request(Generation::MAX);
    }

    /// Stops rotating, waits for those who use the value, and gives every credential back, all within `limit`.
    /// What could not be given back in time ends with its TTL. Calling it again waits for the same end.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] if something was left to its TTL.
    ///
    /// # Cancel safety
    /// The shutdown goes on if this future is dropped.
    pub async fn shutdown(&self, limit: Duration) -> Result<()> {
        self.shared.stop_within.set(limit).ok();
        self.shared.stop.cancel();
        let mut done = self.shared.done.subscribe();
        match done.wait_for(Option::is_some).await.map(|done| done.clone()) {
            Ok(Some(result)) => result,
            _ => {
                Err(Error::new(ErrorKind::Closed, "shut down rotation").with_help("the runtime ended first"))
            }
        }
    }
}

impl<T> Clone for Rotating<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), guard: Arc::clone(&self.guard) }
    }
}

impl<T> fmt::Debug for Rotating<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rotating").field("generation", &self.generation()).finish_non_exhaustive()
    }
}

/// The value of the moment, borrowed.
pub struct Current<T>(Guard<Arc<Slot<T>>>);

impl<T> Deref for Current<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T> fmt::Debug for Current<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Current(generation {})", self.0.generation)
    }
}

/// A value in use. While one of these lives, its generation is not given back.
pub struct InUse<T>(Arc<Slot<T>>);

impl<T> InUse<T> {
    /// Which generation it is.
    pub fn generation(&self) -> Generation {
        self.0.generation
    }

    /// Whether the rotation was shut down.
    pub fn is_closed(&self) -> bool {
        self.0.closed
    }

    /// Waits until a newer generation is in use.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn superseded(&self) {
        self.0.superseded.cancelled().await;
    }

    /// Waits until the credential had to be taken away although it is in use, and says why.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn ended(&self) -> Error {
        self.0.end.reached().await
    }

    /// Why the credential was taken away, if it was.
    pub fn end(&self) -> Option<Error> {
        self.0.end.why.get().cloned()
    }
}

impl<T> Clone for InUse<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for InUse<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T> fmt::Debug for InUse<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InUse(generation {})", self.generation())
    }
}

/// Tells that a newer generation was published. Each receiver sees every change, the latest at least.
#[derive(Clone, Debug)]
pub struct Updates(watch::Receiver<Generation>);

impl Updates {
    /// Waits for a generation that this receiver has not seen; none when the rotation has stopped.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn changed(&mut self) -> Option<Generation> {
        self.0.changed().await.ok()?;
        Some(*self.0.borrow_and_update())
    }
}

/// One generation. Its last owner to go away cancels `drained`: the reader that lets go last is the signal, so no
/// counter has to agree with another.
pub(super) struct Slot<T> {
    pub(super) value: Arc<T>,
    pub(super) generation: Generation,
    pub(super) superseded: CancellationToken,
    pub(super) end: Arc<End>,
    pub(super) closed: bool,
    _drained: DropGuard,
}

impl<T> Slot<T> {
    /// A slot, and the token that its end of use cancels.
    pub(super) fn new(value: Arc<T>, generation: Generation, closed: bool) -> (Self, CancellationToken) {
        let drained = CancellationToken::new();
        let slot = Self {
            value,
            generation,
            superseded: CancellationToken::new(),
            end: Arc::default(),
            closed,
            _drained: drained.clone().drop_guard(),
        };
        (slot, drained)
    }
}

/// The moment at which a generation is taken from its users.
#[derive(Debug, Default)]
pub(super) struct End {
    reached: CancellationToken,
    why: OnceLock<Error>,
}

impl End {
    pub(super) fn reach(&self, why: Error) {
        self.why.set(why).ok();
        self.reached.cancel();
    }

    async fn reached(&self) -> Error {
        self.reached.cancelled().await;
        let unknown = || Error::new(ErrorKind::Expired, "use credential");
        self.why.get().cloned().unwrap_or_else(unknown)
    }
}

/// What the handles and the engine share.
pub(super) struct Shared<T> {
    pub(super) current: ArcSwap<Slot<T>>,
    pub(super) generation: watch::Sender<Generation>,
    pub(super) health: watch::Sender<Health>,
    pub(super) outlet: Arc<Outlet>,
    pub(super) stop: CancellationToken,
    pub(super) stop_within: OnceLock<Duration>,
    pub(super) done: watch::Sender<Option<Result<()>>>,
    pub(super) requested: Notify,
    request: Mutex<Option<Generation>>,
}

impl<T> Shared<T> {
    pub(super) fn new(first: Slot<T>, health: Health, outlet: Arc<Outlet>) -> Self {
        Self {
            generation: watch::Sender::new(first.generation),
            current: ArcSwap::from_pointee(first),
            health: watch::Sender::new(health),
            outlet,
            stop: CancellationToken::new(),
            stop_within: OnceLock::new(),
            done: watch::Sender::new(None),
            requested: Notify::new(),
            request: Mutex::new(None),
        }
    }

    fn request(&self, refused: Generation) {
        if refused < self.current.load().generation {
            return;
        }
        *self.request.lock().unwrap_or_else(PoisonError::into_inner) = Some(refused);
        self.requested.notify_one();
    }

    /// Whether somebody wants the successor of `generation` now; forgets what was asked about earlier ones.
    pub(super) fn take_request(&self, generation: Generation) -> bool {
        let asked = self.request.lock().unwrap_or_else(PoisonError::into_inner).take();
        asked.is_some_and(|refused| refused >= generation)
    }
}
