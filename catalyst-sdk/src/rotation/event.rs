//! What happens in the life of a credential, as it happens.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use catalyst_core::Error;
use futures_core::Stream;
use tokio::sync::broadcast;
use tokio::time::Instant;
use tokio_util::sync::ReusableBoxFuture;

/// The number of a generation; 1 is the first, and each is greater than the one before.
pub type Generation = u64;

/// One step of a rotation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// When it happened.
    pub at: Instant,
    /// Which generation it is about; 0 if none was reached.
    pub generation: Generation,
    /// What names the credential: the user name. Empty if none was reached.
    pub label: String,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventKind {
    /// The server granted a credential; nobody uses it yet.
    Issued {
        /// For how long.
        ttl: Duration,
    },
    /// The generation was warmed and published: every checkout from here on gets it.
    Rotated,
    /// Nothing uses the old generation any more.
    Drained,
    /// The old generation was still in use when it had to end; its users got `error`.
    Ended {
        /// Why it could not be kept.
        error: Error,
    },
    /// The term was extended.
    Renewed {
        /// To this much from now on.
        ttl: Duration,
        /// Whether the server gave less than it did before: the maximum is near.
        clipped: bool,
    },
    /// The server took the credential back.
    Revoked,
    /// Something failed; the generation in use stays.
    Failed {
        /// What.
        error: Error,
    },
    /// It works again after failures.
    Recovered,
    /// The rotation was shut down.
    Stopped,
    /// This receiver was too slow and missed some events.
    Missed {
        /// How many.
        count: u64,
    },
}

/// The events of one rotation from the moment of subscription, as a [`Stream`]. It ends when the rotation stopped.
/// A receiver that is more than 256 events behind gets [`EventKind::Missed`].
pub struct Events(ReusableBoxFuture<'static, Received>);

type Received = (Result<Event, broadcast::error::RecvError>, broadcast::Receiver<Event>);

impl Events {
    pub(super) fn new(receiver: broadcast::Receiver<Event>) -> Self {
        Self(ReusableBoxFuture::new(receive(receiver)))
    }

    /// The next event, or none when the rotation has stopped.
    ///
    /// # Cancel safety
    /// No event is lost.
    pub async fn next(&mut self) -> Option<Event> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let (result, receiver) = ready!(self.0.poll(cx));
        self.0.set(receive(receiver));
        Poll::Ready(match result {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Closed) => None,
            Err(broadcast::error::RecvError::Lagged(count)) => Some(Event {
                at: Instant::now(),
                generation: 0,
                label: String::new(),
                kind: EventKind::Missed { count },
            }),
        })
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}

async fn receive(mut receiver: broadcast::Receiver<Event>) -> Received {
    (receiver.recv().await, receiver)
}

/// Where the engine and its drains report to: subscribers and `tracing`.
#[derive(Debug)]
pub(super) struct Outlet {
    name: String,
    sender: std::sync::Mutex<Option<broadcast::Sender<Event>>>,
}

impl Outlet {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), sender: std::sync::Mutex::new(Some(broadcast::channel(256).0)) }
    }

    pub(super) fn subscribe(&self) -> Events {
        let receiver = match &*self.sender() {
            Some(sender) => sender.subscribe(),
            // Already stopped: a stream that ends at once.
            None => broadcast::channel(1).1,
        };
        Events::new(receiver)
    }

    pub(super) fn emit(&self, generation: Generation, label: &str, kind: EventKind) {
        self.trace(generation, label, &kind);
        let event = Event { at: Instant::now(), generation, label: label.to_owned(), kind };
        if let Some(sender) = &*self.sender() {
            // Nobody has to listen.
            sender.send(event).ok();
        }
    }

    /// Ends all streams.
    pub(super) fn close(&self) {
        self.sender().take();
    }

    fn sender(&self) -> std::sync::MutexGuard<'_, Option<broadcast::Sender<Event>>> {
        self.sender.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn trace(&self, generation: Generation, label: &str, kind: &EventKind) {
        let name = self.name.as_str();
        match kind {
            EventKind::Issued { ttl } => tracing::info!(name, generation, label, ?ttl, "credential issued"),
            EventKind::Rotated => tracing::info!(name, generation, label, "credential in use"),
            EventKind::Drained => tracing::info!(name, generation, label, "credential drained"),
            EventKind::Ended { error } => self.warn(generation, label, error, "credential ended in use"),
            EventKind::Renewed { ttl, clipped } => {
                tracing::info!(name, generation, label, ?ttl, clipped, "credential renewed");
            }
            EventKind::Revoked => tracing::info!(name, generation, label, "credential revoked"),
            EventKind::Failed { error } => self.warn(generation, label, error, "rotation step failed"),
            EventKind::Recovered => tracing::info!(name, generation, label, "rotation works again"),
            EventKind::Stopped => tracing::info!(name, generation, label, "rotation stopped"),
            EventKind::Missed { .. } => {}
        }
    }

    fn warn(&self, generation: Generation, label: &str, error: &Error, what: &'static str) {
        tracing::warn!(name = self.name.as_str(), generation, label, %error, "{what}");
    }
}
