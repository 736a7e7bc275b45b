//! What hears everything that is printed.

use std::fmt::{Debug, Display};
use std::sync::{Arc, Mutex};

use catalyst_core::testing::{Listening, LogCapture};

/// What was planted, and everything that was printed.
pub(super) struct Canaries {
    pub(super) logs: LogCapture,
    pub(super) secrets: Vec<String>,
    /// What observers were told.
    pub(super) said: Arc<Mutex<Vec<String>>>,
}

impl Canaries {
    pub(super) fn plant(&mut self, secret: &str) {
        assert!(secret.len() >= 6, "too short to be searched for");
        self.secrets.push(secret.to_owned());
    }

    /// Prints a value in both ways.
    pub(super) fn show(&self, value: &(impl Debug + Display)) {
        self.debug(value);
        self.logs.add(&format!("{value}\n"));
    }

    pub(super) fn debug(&self, value: &impl Debug) {
        self.logs.add(&format!("{value:?}\n{value:#?}\n"));
    }

    /// An error with its whole chain.
    pub(super) fn error<T: Debug, E: std::error::Error + Debug>(&self, result: Result<T, E>) {
        let error = result.expect_err("this path is to fail");
        self.show(&error);
        let mut source = error.source();
        while let Some(cause) = source {
            self.logs.add(&format!("{cause} {cause:?}\n"));
            source = cause.source();
        }
    }
}

/// Hears all that this thread prints from here on.
pub(super) fn listen() -> (Canaries, Listening) {
    tracing_log::LogTracer::init().ok();
    let logs = LogCapture::default();
    let listening = logs.listen();
    (Canaries { logs, secrets: Vec::new(), said: Arc::default() }, listening)
}
