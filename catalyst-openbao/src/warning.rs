//! What the server warns of in answers that succeed.

use catalyst_core::redact;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// How many warnings are kept for a reader that is slow.
const KEPT: usize = 64;
/// How many of one answer are passed on.
const PER_ANSWER: usize = 8;
/// How much of one is passed on, in bytes.
const MAX_BYTES: usize = 512;

/// One warning.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerWarning {
    /// What was being done.
    pub operation: &'static str,
    /// What it was about.
    pub target: String,
    /// The server's words, bounded and redacted.
    pub text: String,
    /// The server's identifier of the request.
    pub request_id: String,
}

/// The warnings from the moment of the call on. A reader that falls more than 64 behind misses the oldest.
#[derive(Debug)]
pub struct Warnings(broadcast::Receiver<ServerWarning>);

impl Warnings {
    /// The next warning; none once the client and all its clones are gone.
    ///
    /// # Cancel safety
    /// Nothing is missed when the future is dropped.
    pub async fn next(&mut self) -> Option<ServerWarning> {
        loop {
            match self.0.recv().await {
                Ok(warning) => return Some(warning),
                Err(RecvError::Lagged(missed)) => tracing::debug!(missed, "warnings were not read in time"),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

#[derive(Debug)]
pub(crate) struct WarningSink(broadcast::Sender<ServerWarning>);

impl WarningSink {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }

    pub(crate) fn subscribe(&self) -> Warnings {
        Warnings(self.0.subscribe())
    }

    /// Logs the warnings of one answer and passes them on.
    pub(crate) fn take(
        &self,
        operation: &'static str,
        target: impl Fn() -> String,
        request_id: &str,
        texts: &[String],
    ) {
        for text in texts.iter().take(PER_ANSWER) {
            let text = redact::text(text, MAX_BYTES);
            let (target, request_id) = (target(), redact::text(request_id, 64));
            tracing::warn!(operation, target = %target, request_id = %request_id, "OpenBao warns: {text}");
            // Nobody listening is the ordinary case.
            let _listeners = self.0.send(ServerWarning { operation, target, text, request_id });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn warnings_are_bounded_redacted_and_a_slow_reader_misses_the_oldest() {
        let sink = WarningSink::new();
        let mut warnings = sink.subscribe();
        let texts: Vec<String> =
            (0..100).map(|n| format!("number {n} password=canary {}", "x".repeat(9000))).collect();
        for _ in 0..KEPT {
            sink.take("renew lease", || "a".to_owned(), "id", &texts);
        }
        let first = warnings.next().await.unwrap();
        assert!(first.text.len() <= MAX_BYTES + 3 && !first.text.contains("canary"));
        drop(sink);
        let mut count = 1;
        while warnings.next().await.is_some() {
            count += 1;
        }
        assert_eq!(count, KEPT);
    }
}
