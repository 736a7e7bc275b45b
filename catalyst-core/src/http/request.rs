//! What is asked.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Serialize;
use url::Url;
use zeroize::Zeroizing;

use super::body::WipedBuffer;
use crate::{Error, ErrorKind, Result, Secret};

/// The methods that the services use; `List` is OpenBao's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
    /// LIST
    List,
}

impl Method {
    /// As it stands on the request line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::List => "LIST",
        }
    }
}

/// One request. `Debug` shows the method, the operation and its target, and neither headers nor body nor query.
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) operation: &'static str,
    pub(super) target: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    pub(super) timeout: Option<Duration>,
}

impl Request {
    /// A request that is reported as `operation` in errors and spans.
    pub fn new(method: Method, url: Url, operation: &'static str) -> Self {
        Self { method, url, operation, target: None, headers: HeaderMap::new(), body: None, timeout: None }
    }

    /// What errors and spans name as the target; without it, nothing of the URL is shown.
    #[must_use]
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Sets a header.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if `value` cannot stand in a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Result<Self> {
        let value = self.header_value(name, value)?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Sets a header whose value is always the same.
    #[must_use]
    pub fn fixed_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    /// Sets a header whose value is never shown, not even by the HTTP library.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if the value cannot stand in a header.
    pub fn secret_header(mut self, name: &'static str, value: &Secret) -> Result<Self> {
        let mut value = self.header_value(name, value.expose())?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Sends `body` as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if it cannot be written as JSON.
    pub fn json(self, body: &impl Serialize) -> Result<Self> {
        let mut buffer = WipedBuffer::with_capacity(1024);
        serde_json::to_writer(&mut buffer, body).map_err(|error| {
            Error::new(ErrorKind::InvalidRequest, self.operation)
                .with_help("the request cannot be written as JSON")
                .with_source(error)
        })?;
        Ok(self.bytes("application/json", buffer.into_inner()))
    }

    /// Sends `body` as it is.
    #[must_use]
    pub fn bytes(mut self, content_type: &'static str, body: Zeroizing<Vec<u8>>) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.body = Some(Bytes::from_owner(body));
        self
    }

    /// Ends the call after `limit` instead of the client's own limit; the shorter of the two holds.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Where it goes.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// A header that was set, if it is text: for servers in memory, which read what a client sends.
    pub fn header_text(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body; empty if there is none.
    pub fn body(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }

    /// The limit of this call, if it has one of its own.
    pub fn limit(&self) -> Option<Duration> {
        self.timeout
    }

    fn header_value(&self, name: &'static str, value: &str) -> Result<HeaderValue> {
        HeaderValue::from_str(value).map_err(|_invalid| {
            let help = format!("the value for {name} has a character that no header can carry");
            Error::new(ErrorKind::InvalidRequest, self.operation).with_help(help)
        })
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("operation", &self.operation)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
