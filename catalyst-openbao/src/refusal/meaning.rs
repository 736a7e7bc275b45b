//! What a refusal comes to: a kind, a stable code, and what to do about it.

use catalyst_core::{Error, ErrorKind, RetryAdvice};

use super::SERVICE;
use crate::operation::Operation;

pub(crate) struct Meaning {
    kind: ErrorKind,
    code: &'static str,
    help: &'static str,
    retry: Option<RetryAdvice>,
    unknown: bool,
}

impl Meaning {
    pub(crate) fn new(kind: ErrorKind, code: &'static str, help: &'static str) -> Self {
        Self { kind, code, help, retry: None, unknown: false }
    }

    /// Not worth trying again.
    pub(crate) fn final_(self) -> Self {
        Self { retry: Some(RetryAdvice::Never), ..self }
    }

    /// The server may have done it, or a part.
    pub(crate) fn unknown(self) -> Self {
        Self { unknown: true, ..self }
    }

    pub(super) fn into_error(self, operation: Operation, status: u16, said: &str) -> Error {
        let mut error = Error::new(self.kind, operation.name())
            .with_service(SERVICE)
            .with_code(self.code)
            .with_status(status)
            .with_help(self.help);
        if !said.is_empty() {
            error = error.with_server_message(said);
        }
        if let Some(advice) = self.retry {
            error = error.with_retry(advice);
        }
        if self.unknown {
            error = error.with_outcome_unknown();
        }
        error
    }
}

/// A fault that passes: it is tried again.
pub(crate) fn retried(code: &'static str, help: &'static str) -> Meaning {
    Meaning::new(ErrorKind::Unavailable, code, help)
}
