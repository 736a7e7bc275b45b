//! What was answered.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::{Error, ErrorKind, Result};

/// An answer, read to its end. `Debug` shows the status and the size.
pub struct Response {
    pub(super) operation: &'static str,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Response {
    /// An answer to `operation` that came by another way than HTTP: that of a server in memory. A header that cannot
    /// be one is left out.
    pub fn new(
        operation: &'static str,
        status: u16,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Self {
        let headers = headers.iter().filter_map(|(name, value)| {
            Some((HeaderName::from_static(name), HeaderValue::from_str(value).ok()?))
        });
        Self { operation, status, headers: headers.collect(), body: Zeroizing::new(body) }
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is one of the 200s.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The values of a header that may stand there more than once, such as `set-cookie`.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`], with the place of the fault and not a byte of the body, which may be secret.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let help = format!(
                "the body is not the JSON that was promised (line {}, column {}, {} bytes)",
                error.line(),
                error.column(),
                self.body.len()
            );
            Error::new(ErrorKind::Decode, self.operation).with_status(self.status).with_help(help)
        })
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response(status {}, {} bytes)", self.status, self.body.len())
    }
}
