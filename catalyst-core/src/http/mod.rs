//! An HTTP client without its library in sight.
//!
//! What it promises: every call ends within its limit; a body is read up to a limit and no further; a redirect is
//! followed once, and never to another origin, so that a token stays with the server it was made for; headers and
//! bodies are not logged; an answer of any status is an `Ok`, for only the service knows what it means.
//!
//! It does not retry. That is [`retry`](crate::retry()), around the whole call, with the service's own reading of the
//! answer inside.

mod body;
mod client;
mod fault;
mod request;
mod response;
mod stream;

pub use client::{HttpClient, HttpConfig, parse_address};
pub use request::{Method, Request};
pub use response::Response;
pub use stream::Download;

/// Escapes `segment` so that it is one segment of a path, whatever is in it.
///
/// ```
/// assert_eq!(catalyst_core::http::path_segment("a/b c?"), "a%2Fb%20c%3F");
/// ```
pub fn path_segment(segment: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(segment, UNRESERVED).to_string()
}
