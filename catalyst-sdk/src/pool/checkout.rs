//! Taking a connection while the pool may be swapped: the one loop for all drivers.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Refusal;
use crate::rotation::{InUse, Rotating};

/// What stands in the way, as the driver's error tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// The database refused the login.
    Refused,
    /// The pool was closed, because a newer one took its place or because of a shutdown.
    Closed,
    /// Something that a newer generation does not cure.
    Other,
}

impl Obstacle {
    pub(super) fn of(refusal: Refusal) -> Self {
        if refusal == Refusal::Login { Self::Refused } else { Self::Other }
    }
}

/// Takes a connection of the newest generation, with the right to keep it. A caller that waits moves over when the
/// pool is swapped. A refused login asks for an early rotation and waits for it, `limit` at most, so that the caller
/// does not see the refusal if the next user comes in time.
///
/// None if the rotation was shut down.
///
/// # Cancel safety
/// As safe as `take`.
pub(super) async fn newest<P, T, E, Fut>(
    rotating: &Rotating<P>,
    limit: Duration,
    take: impl Fn(&P) -> Fut,
    read: impl Fn(&E) -> Obstacle,
) -> Option<Result<(T, InUse<P>), E>>
where
    Fut: Future<Output = Result<T, E>>,
{
    let mut deadline = None;
    loop {
        let in_use = rotating.checkout();
        if in_use.is_closed() {
            return None;
        }
        let result = tokio::select! {
            biased;
            result = take(&in_use) => result,
            // Swapped while we waited: the new pool has room.
            () = in_use.superseded() => continue,
        };
        let error = match result {
            Ok(taken) => return Some(Ok((taken, in_use))),
            Err(error) => error,
        };
        match read(&error) {
            Obstacle::Refused => rotating.report_refused(in_use.generation()),
            Obstacle::Closed if rotating.generation() > in_use.generation() => continue,
            Obstacle::Closed | Obstacle::Other => return Some(Err(error)),
        }
        let deadline = *deadline.get_or_insert_with(|| Instant::now() + limit);
        if timeout_at(deadline, in_use.superseded()).await.is_err() {
            return Some(Err(error));
        }
    }
}
