//! Authenticated calls: the session's token, one second try after a refusal, and the retry loop around both.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Attempt, Error, ErrorKind, Result, RetryBudget, RetryConfig, Secret, retry};
use tokio::time::{Instant, timeout};

use crate::operation::Operation;
use crate::refusal::{self, SERVICE};
use crate::sessions::{Sessions, Verdict};
use crate::token::Token;
use crate::transport::{Answer, Call, Transport};

/// All that the clones of a client share.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) transport: Arc<Transport>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) retry: RetryConfig,
    pub(crate) budget: RetryBudget,
}

impl Api {
    /// Makes a call in the current session.
    pub(crate) async fn send<'a>(&self, call: &Call<'a>) -> Result<Answer<'a>> {
        let attempt = |attempt: Attempt| async move {
            let token = match self.sessions.ready() {
                Some(token) => token,
                None => Box::pin(within(attempt.remaining, self.sessions.token())).await?,
            };
            self.with_token(call, token, attempt).await.map(|(answer, _)| answer)
        };
        retry(&self.retry, &self.budget, call.idempotency, attempt).await
    }

    /// Makes a call that creates a lease of some `needed` life: in a session that lives that long where one is to be
    /// had. Returns the session's token, so that the session is held before the lease exists.
    pub(crate) async fn send_for_lease<'a>(
        &self,
        call: &Call<'a>,
        needed: Duration,
    ) -> Result<(Answer<'a>, Arc<Token>)> {
        let attempt = |attempt: Attempt| async move {
            let token = within(attempt.remaining, self.sessions.token_for(needed)).await?;
            self.with_token(call, token, attempt).await
        };
        retry(&self.retry, &self.budget, call.idempotency, attempt).await
    }

    /// Makes a call without a session.
    pub(crate) async fn send_as<'a>(&self, call: &Call<'a>, token: Option<&Secret>) -> Result<Answer<'a>> {
        let attempt = |attempt: Attempt| async move {
            self.transport.exchange(&call.timeout(attempt.remaining), token).await
        };
        retry(&self.retry, &self.budget, call.idempotency, attempt).await
    }

    async fn with_token<'a>(
        &self,
        call: &Call<'a>,
        token: Arc<Token>,
        attempt: Attempt,
    ) -> Result<(Answer<'a>, Arc<Token>)> {
        let call = call.timeout(attempt.remaining);
        let asked = Instant::now();
        match self.transport.exchange(&call, Some(&token.secret)).await {
            Err(error) if error.code() == Some("invalid_token") => {
                // Boxed, so that the ordinary call does not carry it along.
                Box::pin(self.after_refusal(call, token, asked, error, attempt.remaining)).await
            }
            other => other.map(|answer| (answer, token)),
        }
    }

    async fn after_refusal<'a>(
        &self,
        call: Call<'a>,
        token: Arc<Token>,
        asked: Instant,
        refused: Error,
        limit: Duration,
    ) -> Result<(Answer<'a>, Arc<Token>)> {
        let token = match within(limit, self.sessions.refused(&token, asked)).await? {
            Verdict::Denied => return Err(refusal::denied(&refused)),
            Verdict::Retry(fresh) => fresh,
        };
        match self.transport.exchange(&call, Some(&token.secret)).await {
            Ok(answer) => {
                self.sessions.tried_again(true).await;
                Ok((answer, token))
            }
            Err(error) if error.code() == Some("invalid_token") => {
                self.sessions.tried_again(false).await;
                Err(refusal::denied(&error))
            }
            Err(error) => Err(error),
        }
    }
}

/// Ends the wait for a session in time.
pub(crate) async fn within<T>(limit: Duration, session: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(limit, session).await.unwrap_or_else(|_elapsed| {
        Err(Error::new(ErrorKind::Timeout, Operation::Login.name())
            .with_service(SERVICE)
            .with_help("no session was to be had in time"))
    })
}
