//! Calls as the server wants them, and its answers.

use std::time::Duration;

use catalyst_core::http::{Method, Request, Response};
use catalyst_core::{Error, ErrorKind, Idempotency, Result, Secret};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;
use zeroize::Zeroizing;

use super::operation::Operation;
use super::path::Path;
use super::refusal::{self, SERVICE};

/// What is to be asked; built once, sent as often as need be.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) operation: Operation,
    pub(super) idempotency: Idempotency,
    pub(super) method: Method,
    pub(super) path: Path,
    pub(super) target: String,
    body: Option<Body>,
}

/// Not shown: the body of a TSIG key is one.
struct Body(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Call {
    /// A call that may be repeated. `target` is what errors name, such as a zone.
    pub(super) fn new(operation: Operation, method: Method, path: Path, target: impl Into<String>) -> Self {
        let idempotency = Idempotency::Repeatable;
        Self { operation, idempotency, method, path, target: target.into(), body: None }
    }

    /// Must not be repeated once its outcome is unknown.
    pub(super) fn once(self) -> Self {
        Self { idempotency: Idempotency::Once, ..self }
    }

    pub(super) fn json(self, body: &impl Serialize) -> Result<Self> {
        // Large enough that a body with a key in it never moves and leaves a copy behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
        serde_json::to_writer(&mut *bytes, body).map_err(|error| {
            Error::new(ErrorKind::InvalidRequest, self.operation.name())
                .with_service(SERVICE)
                .with_help("the request cannot be written as JSON")
                .with_source(error)
        })?;
        Ok(self.body(bytes))
    }

    /// Sends `json`, which is JSON already.
    pub(super) fn body(self, json: Zeroizing<Vec<u8>>) -> Self {
        Self { body: Some(Body(json)), ..self }
    }

    pub(super) fn sent_bytes(&self) -> usize {
        self.body.as_ref().map_or(0, |body| body.0.len())
    }

    pub(super) fn request(&self, server: &Url, access: &Access<'_>, limit: Duration) -> Result<Request> {
        let mut request = Request::new(self.method, self.path.at(server), self.operation.name())
            .target(self.target.clone())
            .timeout(limit)
            // Without it errors come as plain text, and exports are not JSON.
            .fixed_header("accept", "application/json")
            .secret_header("x-api-key", access.key)?;
        if let Some(basic) = access.basic {
            request = request.secret_header("authorization", basic)?;
        }
        Ok(match &self.body {
            Some(Body(bytes)) => request.bytes("application/json", bytes.clone()),
            None => request,
        })
    }

    /// What the answer to this call means.
    pub(super) fn judge(&self, response: Response) -> Result<Answer> {
        if response.is_success() {
            return Ok(Answer { operation: self.operation, target: self.target.clone(), response });
        }
        Err(refusal::refusal(self, &response))
    }

    pub(super) fn about(&self, error: Error) -> Error {
        error.with_service(SERVICE).with_target(self.target.clone())
    }
}

/// What a request carries besides its body.
pub(super) struct Access<'a> {
    pub(super) key: &'a Secret,
    /// The whole value of the header `Authorization`.
    pub(super) basic: Option<&'a Secret>,
}

/// An answer with a successful status.
pub(super) struct Answer {
    operation: Operation,
    target: String,
    response: Response,
}

impl Answer {
    /// The body as JSON; a fault names its place and not a byte of it.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T> {
        self.response.json().map_err(|error| self.unreadable(error.help().unwrap_or("it is not JSON")))
    }

    pub(super) fn body(&self) -> &[u8] {
        self.response.body()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.response.header(name)
    }

    /// The answer is not what the operation promises.
    pub(super) fn unreadable(&self, help: &str) -> Error {
        let page = self.response.body().trim_ascii_start().starts_with(b"<");
        let help = if page { "a web page came back: is this the address of the PowerDNS API?" } else { help };
        let mut error = Error::new(ErrorKind::Decode, self.operation.name())
            .with_service(SERVICE)
            .with_target(self.target.clone())
            .with_code("unreadable_answer")
            .with_status(self.response.status())
            .with_help(help);
        if self.operation.writes() {
            error = error.with_outcome_unknown();
        }
        error
    }
}
