//! The way of one account to its registrar: within its limit, bounded in time, tried again where that is safe.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::http::{HttpClient, HttpConfig, Request, Response, parse_address};
use catalyst_core::tls::TlsConfig;
use catalyst_core::{
    Error, ErrorKind, Idempotency, Result, RetryAdvice, RetryBudget, RetryConfig, Secret, retry,
};
use tokio::time::Instant;
use url::Url;

use super::RateLimit;
use super::cause::Cause;
use super::format::Format;
use crate::response::{with_retry_after, without_secrets};

/// The largest body: a thousand domains of GoDaddy's with all their contacts.
const MAX_BODY: usize = 8 << 20;

/// A call, apart from its contents.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    /// As errors and spans name it.
    pub(super) operation: &'static str,
    /// What errors name: a domain or the account, never the URL.
    pub(super) target: &'a str,
    idempotency: Idempotency,
}

impl<'a> Call<'a> {
    /// A read, or what changes nothing when it is repeated.
    pub(super) fn read(operation: &'static str, target: &'a str) -> Self {
        Self { operation, target, idempotency: Idempotency::Repeatable }
    }

    /// A write. It is repeated only when it is certain that it had no effect: between the first one and its repetition
    /// somebody else may have written.
    pub(super) fn write(operation: &'static str, target: &'a str) -> Self {
        Self { operation, target, idempotency: Idempotency::Once }
    }

    fn is_write(self) -> bool {
        self.idempotency == Idempotency::Once
    }
}

/// What can be set for any adapter.
#[derive(Debug)]
pub(super) struct WireConfig {
    /// `None` is the registrar's own.
    pub(super) address: Option<Url>,
    pub(super) tls: TlsConfig,
    pub(super) timeout: Duration,
    pub(super) retry: RetryConfig,
    pub(super) limit: RateLimit,
}

impl WireConfig {
    pub(super) fn new(limit: RateLimit) -> Self {
        let (tls, timeout, retry) = (TlsConfig::new(), Duration::from_secs(20), RetryConfig::default());
        Self { address: None, tls, timeout, retry, limit }
    }

    /// The way to `address`, if no other one was set. `secrets` are what must not come back in errors.
    pub(super) fn open(
        self,
        service: &'static str,
        address: &str,
        format: Format,
        secrets: Vec<Secret>,
    ) -> Result<Wire> {
        let limits = HttpConfig::new(service).timeout(self.timeout).max_body(MAX_BODY).tls(self.tls);
        Ok(Wire(Arc::new(Inner {
            service,
            http: HttpClient::new(limits)?,
            address: self.address.map_or_else(|| parse_address(address), Ok)?,
            format,
            secrets,
            retry: self.retry,
            budget: RetryBudget::default(),
            limit: self.limit,
        })))
    }
}

/// The setters that the builders of all adapters have; `$field` is their [`WireConfig`].
macro_rules! wire_settings {
    ($field:ident, address: $address:literal, limit: $limit:literal) => {
        #[doc = concat!("Where the API is; ", $address, " if not set.")]
        ///
        /// # Errors
        /// [`ErrorKind::Config`](crate::ErrorKind::Config) if it is not an absolute `http` or `https` URL.
        pub fn address(mut self, address: &str) -> catalyst_core::Result<Self> {
            self.$field.address = Some(catalyst_core::http::parse_address(address)?);
            Ok(self)
        }

        /// How the server is checked.
        pub fn tls(mut self, tls: catalyst_core::tls::TlsConfig) -> Self {
            self.$field.tls = tls;
            self
        }

        /// How long one try of a call may take; 20 s if not set.
        pub fn timeout(mut self, limit: std::time::Duration) -> Self {
            self.$field.timeout = limit;
            self
        }

        /// How often and how long calls are tried again; three times within 30 s if not set. A write is repeated only
        /// if it certainly had no effect.
        pub fn retry(mut self, retry: catalyst_core::RetryConfig) -> Self {
            self.$field.retry = retry;
            self
        }

        #[doc = concat!("How often the account is asked; ", $limit, " if not set.")]
        pub fn limit(mut self, limit: crate::registrar::RateLimit) -> Self {
            self.$field.limit = limit;
            self
        }
    };
}
pub(super) use wire_settings;

/// The way to one account at a registrar's API. Clones share it.
#[derive(Clone)]
pub(super) struct Wire(Arc<Inner>);

struct Inner {
    service: &'static str,
    http: HttpClient,
    address: Url,
    format: Format,
    secrets: Vec<Secret>,
    retry: RetryConfig,
    budget: RetryBudget,
    limit: RateLimit,
}

impl Wire {
    /// The URL of `path` below the address; `path` has no parts that came from outside without escapes.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.0.address.clone();
        url.set_path(&format!("{}/{path}", url.path().trim_end_matches('/')));
        url
    }

    /// The address itself, for an API that has no paths.
    pub(super) fn address(&self) -> Url {
        self.0.address.clone()
    }

    /// Makes the call. `request` is asked for each try, for a signature is good for one; `read` says what an answer of
    /// the API means, whatever its status.
    pub(super) async fn ask<T>(
        &self,
        call: Call<'_>,
        request: impl Fn() -> Result<Request>,
        read: impl Fn(&Response) -> Result<T>,
    ) -> Result<T> {
        let (inner, request, read) = (&*self.0, &request, &read);
        // On the heap, for it holds the whole of a request and the callers' futures stay small.
        let result = Box::pin(retry(&inner.retry, &inner.budget, call.idempotency, |attempt| async move {
            let response = inner.exchange(call, request, attempt.remaining).await?;
            // Before the loop sees it, which logs what it repeats.
            inner.judge(call, &response, read).map_err(|error| without_secrets(error, &inner.secrets))
        }))
        .await;
        result.map_err(|error| error.with_service(inner.service).with_target(call.target))
    }
}

impl Inner {
    async fn exchange(
        &self,
        call: Call<'_>,
        request: impl Fn() -> Result<Request>,
        remaining: Duration,
    ) -> Result<Response> {
        let start = Instant::now();
        let _permit = self.limit.acquire_within(remaining).await?;
        let remaining = remaining.saturating_sub(start.elapsed());
        let request = request().map_err(unsendable)?.fixed_header("accept", self.format.accept);
        let sent = self.http.send(request.target(call.target).timeout(remaining));
        sent.await.map_err(|error| error.with_code(Cause::Unavailable.code()))
    }

    fn judge<T>(
        &self,
        call: Call<'_>,
        response: &Response,
        read: impl Fn(&Response) -> Result<T>,
    ) -> Result<T> {
        let is_data = (self.format.is_data)(response.body());
        let result = if is_data { read(response) } else { Err(self.page(call, response)) };
        let error = match result {
            Ok(value) => return Ok(value),
            Err(error) => with_retry_after(error, response).with_status(response.status()),
        };
        if let (ErrorKind::RateLimited, RetryAdvice::After(pause)) = (error.kind(), error.retry()) {
            self.limit.pause(pause);
        }
        let doubtful =
            if is_data { failed_inside(response, &error) } else { !turned_away(response.status()) };
        Err(if call.is_write() && doubtful { error.with_outcome_unknown() } else { error })
    }

    /// A page of HTML, or nothing that we know: from a wall before the API that turns guests away, or from a proxy
    /// whose server is down.
    fn page(&self, call: Call<'_>, response: &Response) -> Error {
        (self.format.page)(call.operation, response.status())
            .with_help("the answer is not the API's: a page of a proxy or of a wall before it")
    }
}

/// Only what was turned away at the door is certain not to have happened.
fn turned_away(status: u16) -> bool {
    matches!(status, 403 | 405 | 429)
}

/// A write that failed inside, or whose answer cannot be read, may have been carried out.
fn failed_inside(response: &Response, error: &Error) -> bool {
    response.status() >= 500 || error.code() == Some(Cause::Unavailable.code())
}

/// Only the credential can have a character that no header carries.
fn unsendable(error: Error) -> Error {
    error.with_code(Cause::BadCredential.code())
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("address", &self.0.address.as_str()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
