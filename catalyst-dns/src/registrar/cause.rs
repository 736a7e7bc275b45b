//! Why a registrar did not do what it was asked: the words that are the same for all of them.

use std::time::Duration;

use catalyst_core::http::Response;
use catalyst_core::{Error, ErrorKind, RetryAdvice, Secret};

/// One of the codes that [`Registrar`](super::Registrar) promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    BadCredential,
    NotInAccount,
    AccountTier,
    RateLimited,
    ProtectedDomain,
    Unavailable,
    Unsupported,
    Refused,
}

impl Cause {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::BadCredential => "bad_credential",
            Self::NotInAccount => "not_in_account",
            Self::AccountTier => "account_tier",
            Self::RateLimited => "rate_limited",
            Self::ProtectedDomain => "protected_domain",
            Self::Unavailable => "unavailable",
            Self::Unsupported => "unsupported",
            Self::Refused => "refused",
        }
    }

    fn kind(self) -> ErrorKind {
        match self {
            Self::BadCredential => ErrorKind::Unauthenticated,
            Self::NotInAccount => ErrorKind::NotFound,
            Self::AccountTier | Self::ProtectedDomain => ErrorKind::PermissionDenied,
            Self::RateLimited => ErrorKind::RateLimited,
            Self::Unavailable => ErrorKind::Unavailable,
            Self::Unsupported | Self::Refused => ErrorKind::InvalidRequest,
        }
    }

    /// What to do, where the registrar's answer says nothing finer.
    fn help(self) -> &'static str {
        match self {
            Self::BadCredential => "the registrar refuses the credential",
            Self::NotInAccount => "the account does not have the domain",
            Self::AccountTier => "the account's plan does not allow this call",
            Self::RateLimited => "the registrar asks for fewer requests",
            Self::ProtectedDomain => "the domain is locked or protected; a person has to release it",
            Self::Unavailable => "the registrar, or the registry behind it, cannot serve now",
            Self::Unsupported => "the registrar's API has no call for this",
            Self::Refused => "the registrar refuses the contents of the request",
        }
    }

    pub(super) fn error(self, operation: &'static str) -> Error {
        Error::new(self.kind(), operation).with_code(self.code()).with_help(self.help())
    }
}

/// The error of an answer that is not what the registrar documents.
pub(super) fn unreadable(operation: &'static str, help: &str) -> Error {
    Error::new(ErrorKind::Decode, operation)
        .with_code("unavailable")
        .with_help(format!("the answer is not what the registrar documents: {help}"))
}

/// Keeps the pause that the registrar asks for, up to an hour.
pub(super) fn with_retry_after(error: Error, response: &Response) -> Error {
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

/// Whether a body is a page for people instead of data.
pub(super) fn is_html(body: &[u8]) -> bool {
    let head = &body[..body.len().min(512)];
    let text =
        String::from_utf8_lossy(head).trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).to_lowercase();
    text.starts_with("<!doctype html") || text.starts_with("<html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_repeats_of_a_credential_is_cut_out() {
        let error =
            Cause::BadCredential.error("x").with_server_message("key abcdefgh of user bob is unknown");
        let clean = without_secrets(error, &[Secret::new("abcdefgh"), Secret::new("bob")]);
        assert_eq!(clean.server_message(), Some("key [redacted] of user bob is unknown"));
    }

    #[test]
    fn pages_are_told_from_data() {
        for (body, page) in [
            ("<!DOCTYPE html>", true),
            ("\u{feff} \n<HTML lang=en>", true),
            ("<?xml version=\"1.0\"?>", false),
            ("{}", false),
        ] {
            assert_eq!(is_html(body.as_bytes()), page, "{body}");
        }
    }
}
