//! How the answers of an API are told from those of whoever stands before it.

use catalyst_core::{Error, Result};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::cause::{Cause, unreadable};

/// How an API writes.
#[derive(Clone, Copy)]
pub(super) struct Format {
    /// What is asked for.
    pub(super) accept: &'static str,
    /// Whether a body can be the API's; nothing can.
    pub(super) is_data: fn(&[u8]) -> bool,
    /// What it means when it is not, by the status.
    pub(super) page: fn(&'static str, u16) -> Error,
}

impl Format {
    pub(super) const JSON: Self = Self { accept: "application/json", is_data: is_json, page };
}

/// A wall turns away who asks too often; what comes from a proxy with another status is its own trouble.
fn page(operation: &'static str, status: u16) -> Error {
    let cause = if matches!(status, 403 | 405 | 429) { Cause::RateLimited } else { Cause::Unavailable };
    cause.error(operation)
}

/// Objects and lists by their first character, for a broken one is the API's, too; all else only as a whole.
fn is_json(body: &[u8]) -> bool {
    match body.trim_ascii_start().first() {
        None | Some(b'{' | b'[') => true,
        Some(_) => body.len() <= 1000 && serde_json::from_slice::<IgnoredAny>(body).is_ok(),
    }
}

/// Whether a body is a page for people instead of data.
pub(super) fn is_html(body: &[u8]) -> bool {
    let head = &body[..body.len().min(512)];
    let text =
        String::from_utf8_lossy(head).trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).to_lowercase();
    text.starts_with("<!doctype html") || text.starts_with("<html")
}

/// A body, read as JSON.
pub(super) fn json<T: DeserializeOwned>(operation: &'static str, body: &[u8]) -> Result<T> {
    serde_json::from_slice(body)
        .map_err(|_malformed| unreadable(operation, "it is not the JSON of the documentation"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for (body, data) in [
            ("", true),
            (" {\"code\":", true),
            ("[]", true),
            ("1457018875", true),
            ("null\n", true),
            ("404 page not found", false),
            ("no healthy upstream", false),
            ("<html>", false),
        ] {
            assert_eq!(is_json(body.as_bytes()), data, "{body}");
        }
    }
}
