//! Everything that was logged, searched for what must not be there.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

/// Collects all that `tracing` emits, at every level, with all fields and spans.
///
/// ```
/// use catalyst_core::testing::LogCapture;
///
/// let logs = LogCapture::default();
/// tracing::subscriber::with_default(logs.subscriber(), || tracing::info!(user = "a", "logged in"));
/// assert!(logs.text().contains("logged in"));
/// logs.assert_absent(&["hunter2"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct LogCapture(Arc<Mutex<Vec<u8>>>);

impl LogCapture {
    /// Hears all of this thread until the answer is dropped.
    pub fn listen(&self) -> Listening {
        Listening {
            _second: tracing::Dispatch::new(self.subscriber()),
            _scope: tracing::subscriber::set_default(self.subscriber()),
        }
    }

    /// A subscriber that writes here; install it for a scope or for the process.
    pub fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + 'static {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(self.clone())
            .finish()
    }

    /// All that was logged so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Adds `text` to what is searched: the output of `Debug` and `Display`, a report, a panic message.
    pub fn add(&self, text: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(text.as_bytes());
    }

    /// Fails if one of `secrets` was logged, without repeating it.
    ///
    /// # Panics
    /// If one was found.
    #[allow(clippy::panic, reason = "an assertion")]
    pub fn assert_absent(&self, secrets: &[&str]) {
        let text = self.text();
        for (number, secret) in secrets.iter().enumerate() {
            if let Some(at) = text.find(secret) {
                let line = text[..at].rfind('\n').map_or(0, |start| start + 1);
                panic!("secret number {number} was printed, after: {}", &text[line..at]);
            }
        }
    }
}

/// While it lives, a [`LogCapture`] hears the thread that made it.
#[derive(Debug)]
#[must_use = "it hears until it is dropped"]
pub struct Listening {
    _scope: tracing::subscriber::DefaultGuard,
    /// With one dispatcher only, a callsite that a thread without one reaches first is off for all threads.
    _second: tracing::Dispatch,
}

impl io::Write for LogCapture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogCapture {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
