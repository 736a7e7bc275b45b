//! Waiting for a condition, with a limit.

use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use tokio::time::{Instant, sleep};

/// Asks `check` every 20 ms until it answers `Some`.
///
/// # Errors
/// What `check` fails with, at once; [`ErrorKind::Timeout`] when `limit` is over.
///
/// # Cancel safety
/// Nothing is lost; the condition was only looked at.
pub async fn until<T>(
    what: &'static str,
    limit: Duration,
    mut check: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = check().await? {
            return Ok(found);
        }
        if Instant::now() >= end {
            return Err(
                Error::new(ErrorKind::Timeout, what).with_help(format!("it did not happen within {limit:?}"))
            );
        }
        sleep(Duration::from_millis(20)).await;
    }
}
