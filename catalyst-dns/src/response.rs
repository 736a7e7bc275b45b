//! What every client of an API here takes from an answer, and keeps out of it.

use std::time::Duration;

use catalyst_core::http::Response;
use catalyst_core::{Error, RetryAdvice, Secret};

/// Keeps the pause that the server asks for, up to an hour.
pub(crate) fn with_retry_after(error: Error, response: &Response) -> Error {
    match response.header("retry-after").and_then(|text| text.trim().parse::<u64>().ok()) {
        Some(seconds) => error.with_retry(RetryAdvice::After(Duration::from_secs(seconds.min(3600)))),
        None => error,
    }
}

/// The error without the secrets that the server's words may repeat.
pub(crate) fn without_secrets(error: Error, secrets: &[Secret]) -> Error {
    let Some(said) = error.server_message() else { return error };
    // What is shorter than this could be any word, and is no credential of anybody.
    let long = secrets.iter().map(Secret::expose).filter(|secret| secret.len() >= 4);
    let clean = long.fold(said.to_owned(), |text, secret| text.replace(secret, "[redacted]"));
    if clean == said { error } else { error.with_server_message(&clean) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use catalyst_core::ErrorKind;

    #[test]
    fn what_the_server_repeats_of_a_credential_is_cut_out() {
        let error = Error::new(ErrorKind::Unauthenticated, "x")
            .with_server_message("key abcdefgh of user bob is unknown");
        let clean = without_secrets(error, &[Secret::new("abcdefgh"), Secret::new("bob")]);
        assert_eq!(clean.server_message(), Some("key [redacted] of user bob is unknown"));
    }
}
