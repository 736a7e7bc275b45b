//! Signatures, and the difference between our clock and OVH's.

use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use catalyst_core::{Clock, Result};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

/// `$1$` and the SHA-1 of secret, consumer, method, full URL, body and time, joined by `+`.
///
/// SHA-1 is what OVH's protocol asks for; as the secret is hashed with the text, and only OVH checks it, collisions
/// give nothing away.
pub(crate) fn signature(
    secret: &str,
    consumer: &str,
    method: &str,
    url: &str,
    body: &[u8],
    time: i64,
) -> String {
    let time = time.to_string();
    let parts =
        [secret.as_bytes(), consumer.as_bytes(), method.as_bytes(), url.as_bytes(), body, time.as_bytes()];
    let mut text = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len() + 1).sum()));
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            text.push(b'+');
        }
        text.extend_from_slice(part);
    }
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, &text);
    let mut signature = String::with_capacity(3 + 40);
    signature.push_str("$1$");
    for byte in digest.as_ref() {
        for half in [byte >> 4, byte & 15] {
            signature.push(char::from_digit(half.into(), 16).unwrap_or('0'));
        }
    }
    signature
}

/// How far OVH's clock is ahead of ours, in seconds; asked once and kept.
#[derive(Debug)]
pub(super) struct Skew {
    clock: Clock,
    /// Held while OVH is asked, so that calls made at once ask once.
    ahead: Mutex<Option<i64>>,
}

impl Skew {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, ahead: Mutex::new(None) }
    }

    /// The difference that is known, or what `ask` (OVH's time) says.
    pub(super) async fn known(&self, ask: impl Future<Output = Result<i64>>) -> Result<i64> {
        let mut ahead = self.ahead.lock().await;
        if let Some(known) = *ahead {
            return Ok(known);
        }
        let known = ask.await?.saturating_sub(seconds(self.clock.now()));
        *ahead = Some(known);
        Ok(known)
    }

    /// Drops `refused`, unless it was replaced already.
    pub(super) async fn forget(&self, refused: i64) {
        let mut ahead = self.ahead.lock().await;
        if *ahead == Some(refused) {
            *ahead = None;
        }
    }

    /// OVH's time, as far as we know.
    pub(super) fn time(&self, ahead: i64) -> i64 {
        seconds(self.clock.now()).saturating_add(ahead)
    }
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
