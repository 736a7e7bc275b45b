//! The line of one account to its registrar: paced, bounded in time, tried again where that is safe.

use std::time::Duration;

use catalyst_core::http::{HttpClient, HttpConfig, Request, Response};
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, Idempotency, Result, RetryAdvice, RetryBudget, RetryConfig, Secret, retry};

use tokio::time::Instant;

use super::cause::{Cause, is_html, without_secrets};
use super::pace::Pace;

/// The largest answer of a registrar, in bytes.
const MAX_BODY: usize = 4 << 20;

/// What the builders of all registrars set up.
#[derive(Clone, Debug)]
pub(super) struct LineConfig {
    pub(super) tls: TlsConfig,
    pub(super) timeout: Duration,
    pub(super) retry: RetryConfig,
    pub(super) per_minute: u32,
    pub(super) burst: u32,
    pub(super) threads: usize,
}

impl LineConfig {
    pub(super) fn new(per_minute: u32, burst: u32, threads: usize) -> Self {
        let retry = RetryConfig::default();
        Self { tls: TlsConfig::new(), timeout: Duration::from_secs(20), retry, per_minute, burst, threads }
    }

    /// `secrets` are what must not come back in errors.
    pub(super) fn open(self, service: &'static str, secrets: Vec<Secret>) -> Result<Line> {
        let http = HttpConfig::new(service).timeout(self.timeout).max_body(MAX_BODY).tls(self.tls);
        let pace = Pace::new(self.per_minute, self.burst, self.threads);
        let (http, budget) = (HttpClient::new(http)?, RetryBudget::default());
        Ok(Line { service, http, pace, retry: self.retry, budget, secrets })
    }
}

/// A call, apart from its contents.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    /// As errors and spans name it.
    pub(super) operation: &'static str,
    /// What it is about: a domain, or the account.
    pub(super) target: &'a str,
    /// Whether it changes something; such a call is not repeated once its outcome is unknown.
    pub(super) writes: bool,
}

#[derive(Debug)]
pub(super) struct Line {
    service: &'static str,
    http: HttpClient,
    pace: Pace,
    retry: RetryConfig,
    budget: RetryBudget,
    secrets: Vec<Secret>,
}

impl Line {
    /// Makes the call. `request` is asked for each try, for a signature is good for one; `read` says what an answer of
    /// any status means.
    pub(super) async fn ask<T>(
        &self,
        call: Call<'_>,
        request: impl Fn() -> Result<Request>,
        read: impl Fn(&Response) -> Result<T>,
    ) -> Result<T> {
        let (request, read) = (&request, &read);
        let idempotency = if call.writes { Idempotency::Once } else { Idempotency::Repeatable };
        let result = retry(&self.retry, &self.budget, idempotency, |attempt| async move {
            let start = Instant::now();
            let turn = self.pace.turn(attempt.remaining).await.map_err(|wait| too_early(call, wait))?;
            let remaining = attempt.remaining.saturating_sub(start.elapsed());
            let request = request().map_err(unsendable)?.target(call.target).timeout(remaining);
            let sent = self.http.send(request).await.map_err(unreached);
            drop(turn);
            let response = sent?;
            // Before the loop sees it, which logs what it repeats.
            read(&response).map_err(|error| judged(call, &response, without_secrets(error, &self.secrets)))
        })
        .await;
        result.map_err(|error| error.with_service(self.service).with_target(call.target))
    }
}

/// The account's own limit; nothing was sent.
fn too_early(call: Call<'_>, wait: Duration) -> Error {
    Cause::RateLimited
        .error(call.operation)
        .with_help(
            "the account's limit of requests is used up; the limit is the client's own, nothing was sent",
        )
        .with_retry(RetryAdvice::After(wait))
}

/// Only the credential can have a character that no header carries.
fn unsendable(error: Error) -> Error {
    error.with_code(Cause::BadCredential.code())
}

fn unreached(error: Error) -> Error {
    error.with_code(Cause::Unavailable.code())
}

/// A write whose answer cannot be read, or that failed inside, may have been carried out.
fn judged(call: Call<'_>, response: &Response, error: Error) -> Error {
    let error = error.with_status(response.status());
    let page = response.is_success() && is_html(response.body());
    let doubtful = page || response.status() >= 500 || error.code() == Some(Cause::Unavailable.code());
    if call.writes && doubtful { error.with_outcome_unknown() } else { error }
}
