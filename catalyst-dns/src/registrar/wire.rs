//! What the adapters of JSON APIs share: one call, its limit, its retries, and answers that are no JSON.

use std::time::Duration;

use catalyst_core::http::{HttpClient, HttpConfig, Method, Request, Response, parse_address};
use catalyst_core::tls::TlsConfig;
use catalyst_core::{
    Error, ErrorKind, Idempotency, Result, RetryAdvice, RetryBudget, RetryConfig, Secret, retry,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;
use zeroize::Zeroizing;

use super::RateLimit;
use super::fault::{Refusal, refusal};

/// What is to be asked; built once, sent as often as need be.
pub(crate) struct Call {
    pub(crate) operation: &'static str,
    method: Method,
    url: Url,
    target: String,
    body: Option<Zeroizing<Vec<u8>>>,
    idempotency: Idempotency,
}

impl Call {
    /// A read, which may be repeated. `target` is what errors name: a domain, never the URL.
    pub(crate) fn read(operation: &'static str, url: Url, target: impl Into<String>) -> Self {
        let idempotency = Idempotency::Repeatable;
        Self { operation, method: Method::Get, url, target: target.into(), body: None, idempotency }
    }

    /// A write. It is repeated only when it is certain that it had no effect: between the first one and its repetition
    /// somebody else may have written.
    pub(crate) fn write(
        operation: &'static str,
        method: Method,
        url: Url,
        target: impl Into<String>,
        body: &impl Serialize,
    ) -> Result<Self> {
        let bytes = serde_json::to_vec(body).map_err(|error| {
            Error::new(ErrorKind::InvalidRequest, operation)
                .with_help("the request cannot be written as JSON")
                .with_source(error)
        })?;
        let (body, idempotency) = (Some(Zeroizing::new(bytes)), Idempotency::Once);
        Ok(Self { operation, method, url, target: target.into(), body, idempotency })
    }

    fn request(&self, headers: &[(&'static str, Secret)], limit: Duration) -> Result<Request> {
        let mut request = Request::new(self.method, self.url.clone(), self.operation)
            .target(self.target.clone())
            .fixed_header("accept", "application/json")
            .timeout(limit);
        for (name, value) in headers {
            request = request.secret_header(name, value)?;
        }
        Ok(match &self.body {
            Some(body) => request.bytes("application/json", body.clone()),
            None => request,
        })
    }

    fn is_write(&self) -> bool {
        self.idempotency == Idempotency::Once
    }
}

/// How one registrar says no: the status and the body are read in one place for each.
pub(crate) type ReadRefusal = fn(&'static str, &Response) -> Error;

/// What can be set for any adapter.
#[derive(Debug)]
pub(crate) struct WireConfig {
    /// `None` is the registrar's own.
    pub(crate) address: Option<Url>,
    pub(crate) tls: TlsConfig,
    pub(crate) timeout: Duration,
    pub(crate) retry: RetryConfig,
    pub(crate) limit: RateLimit,
}

impl WireConfig {
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self {
            address: None,
            tls: TlsConfig::new(),
            timeout: Duration::from_secs(20),
            retry: RetryConfig::default(),
            limit,
        }
    }
}

/// The way to one account at a registrar's JSON API.
pub(crate) struct Wire {
    registrar: &'static str,
    http: HttpClient,
    address: Url,
    headers: Vec<(&'static str, Secret)>,
    retry: RetryConfig,
    budget: RetryBudget,
    limit: RateLimit,
    read_refusal: ReadRefusal,
}

/// The largest body: a thousand domains of GoDaddy's with all their contacts.
const MAX_BODY: usize = 8 << 20;

impl Wire {
    pub(crate) fn new(
        registrar: &'static str,
        address: &str,
        config: WireConfig,
        headers: Vec<(&'static str, Secret)>,
        read_refusal: ReadRefusal,
    ) -> Result<Self> {
        let limits = HttpConfig::new(registrar).timeout(config.timeout).max_body(MAX_BODY).tls(config.tls);
        Ok(Self {
            registrar,
            http: HttpClient::new(limits)?,
            address: config.address.map_or_else(|| parse_address(address), Ok)?,
            headers,
            retry: config.retry,
            budget: RetryBudget::default(),
            limit: config.limit,
            read_refusal,
        })
    }

    /// The URL of `path` below the address; `path` has no parts that came from outside without escapes.
    pub(crate) fn url(&self, path: &str) -> Url {
        let mut url = self.address.clone();
        url.set_path(&format!("{}/{path}", self.address.path().trim_end_matches('/')));
        url
    }

    /// Makes the call and reads its answer as JSON.
    pub(crate) async fn json<T: DeserializeOwned>(&self, call: &Call) -> Result<T> {
        let response = self.send(call).await?;
        response.json().map_err(|error| self.about(call, error))
    }

    /// Makes the call; an answer is one with a successful status, and JSON or nothing in its body.
    pub(crate) async fn send(&self, call: &Call) -> Result<Response> {
        // On the heap, for it holds the whole of a request and the callers' futures stay small.
        Box::pin(retry(&self.retry, &self.budget, call.idempotency, |attempt| async move {
            let _permit = self.limit.acquire().await.map_err(|error| self.about(call, error))?;
            let sent =
                call.request(&self.headers, attempt.remaining).map_err(|error| self.about(call, error))?;
            let response = self.http.send(sent).await.map_err(|error| self.about(call, unheard(error)))?;
            let readable = response.body().is_empty() || looks_like_json(&response);
            if response.is_success() && readable {
                return Ok(response);
            }
            let error = if readable { self.judged(call, &response) } else { self.no_json(call, &response) };
            if let (ErrorKind::RateLimited, RetryAdvice::After(pause)) = (error.kind(), error.retry()) {
                self.limit.pause(pause);
            }
            Err(self.about(call, error))
        }))
        .await
    }

    fn judged(&self, call: &Call, response: &Response) -> Error {
        let error = with_retry_after((self.read_refusal)(call.operation, response), response);
        let unsure = call.is_write() && response.status() >= 500;
        if unsure { error.with_outcome_unknown() } else { error }.with_status(response.status())
    }

    /// A page of HTML, or nothing that we know: from a wall before the API that turns guests away, or from a proxy
    /// whose server is down.
    fn no_json(&self, call: &Call, response: &Response) -> Error {
        let status = response.status();
        let meaning = match status {
            403 | 405 | 429 => Refusal::RateLimited,
            _ => Refusal::Unavailable,
        };
        let error = with_retry_after(refusal(self.registrar, meaning, call.operation), response)
            .with_status(status)
            .with_help("the answer is not the API's: a page of a proxy or of a wall before it");
        // Only what was turned away at the door is certain not to have happened.
        let unsure = call.is_write() && meaning == Refusal::Unavailable;
        if unsure { error.with_outcome_unknown() } else { error }
    }

    fn about(&self, call: &Call, error: Error) -> Error {
        error.with_service(self.registrar).with_target(call.target.clone())
    }
}

/// No answer: the codes are the same for all registrars.
fn unheard(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Timeout | ErrorKind::Connect | ErrorKind::Unavailable => {
            error.with_code(Refusal::Unavailable.code())
        }
        _ => error,
    }
}

fn with_retry_after(error: Error, response: &Response) -> Error {
    match response.header("retry-after").and_then(|text| text.trim().parse().ok()) {
        Some(seconds) => error.with_retry(RetryAdvice::After(Duration::from_secs(seconds))),
        None => error,
    }
}

fn looks_like_json(response: &Response) -> bool {
    let first = response.body().iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'['))
}

#[cfg(test)]
mod tests;
