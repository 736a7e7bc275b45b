//! The upkeep of a client's session, and its end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use tokio::time::{Instant, timeout};

use crate::refusal::SERVICE;
use crate::sessions::Sessions;
use crate::upkeep;

/// No sleep is longer, so that a host that was suspended notices.
const TICK: Duration = Duration::from_secs(30);
/// After a superseded session could not be revoked, none is tried for this long.
const REVOKE_PAUSE: Duration = Duration::from_secs(15);

/// Keeps the session alive, and revokes the superseded ones that nobody uses.
pub(crate) async fn maintain(sessions: Arc<Sessions>) -> Infallible {
    let mut jitter = fastrand::f64();
    let mut revoke_from = Instant::now();
    loop {
        if sessions.is_closed() {
            std::future::pending::<()>().await;
        }
        if Instant::now() >= revoke_from && !revoke_unused(&sessions).await {
            revoke_from = Instant::now() + REVOKE_PAUSE;
        }
        let due = sessions.outlook().and_then(|(term, failures)| upkeep::due(&term, failures, jitter));
        let wait = due.map_or(TICK, |due| due.saturating_duration_since(Instant::now()).min(TICK));
        if wait.is_zero() {
            keep(&sessions).await;
            jitter = fastrand::f64();
        } else {
            // Elapsed or woken: either way it looks again.
            let _woken = timeout(wait, sessions.wake.notified()).await;
        }
    }
}

async fn keep(sessions: &Sessions) {
    if let Err(error) = sessions.keep().await {
        sessions.failed();
        tracing::warn!(%error, "the session could not be prolonged or replaced; it is tried again");
    }
}

/// Returns whether all that were to be revoked are.
async fn revoke_unused(sessions: &Sessions) -> bool {
    for token in sessions.unused() {
        match sessions.revoke(&token).await {
            Ok(()) => tracing::debug!(session = token.id(), "superseded session revoked"),
            Err(error) => {
                tracing::debug!(session = token.id(), %error, "superseded session not revoked yet");
                return false;
            }
        }
    }
    true
}

/// Closes the client and revokes its sessions within `limit`.
pub(crate) async fn shutdown(sessions: &Sessions, limit: Duration) -> Result<()> {
    let tokens = sessions.close();
    let revoke_all = async {
        let mut first_failure = None;
        for token in tokens {
            if let Err(error) = sessions.revoke(&token).await {
                first_failure = first_failure.or(Some(error));
            }
        }
        first_failure.map_or(Ok(()), Err)
    };
    timeout(limit, revoke_all).await.unwrap_or_else(|_elapsed| {
        Err(Error::new(ErrorKind::Timeout, "shut down OpenBao client")
            .with_service(SERVICE)
            .with_help("some sessions were not revoked in time; they end with their tokens' terms"))
    })
}
