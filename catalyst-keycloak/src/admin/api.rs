//! One call of the Admin API: a token, the retry loop, and one more try with a new token after a refusal.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Fetched, Result, RetryBudget, RetryConfig, Secret, TokenCache, retry};
use url::Url;

use super::login::{AdminLogin, Method};
use crate::Realm;
use crate::form::Form;
use crate::oidc::{TokenAnswer, authenticate, left_at_renewal};
use crate::operation::Operation;
use crate::refusal::SERVICE;
use crate::transport::{AdminPath, Answer, Call, Transport};

/// What all administration of one server shares.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) server: Url,
    pub(crate) transport: Arc<Transport>,
    pub(crate) login: Option<(AdminLogin, Realm)>,
    pub(crate) tokens: TokenCache<Secret>,
    pub(crate) retry: RetryConfig,
    pub(crate) budget: RetryBudget,
}

impl Api {
    /// Where an object of the Admin API is.
    pub(crate) fn url(&self, path: &AdminPath) -> Url {
        path.at(&self.server)
    }

    /// Sends `call` with a good token. A token that the server refuses is replaced once.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer> {
        retry(&self.retry, &self.budget, call.idempotency, |_attempt| self.once(call)).await
    }

    /// Gets a new token although the old one serves: roles of a realm that was just created are not in the old one.
    pub(crate) async fn renew_token(&self) -> Result<()> {
        self.tokens.refresh(|| self.log_in()).await.map(drop)
    }

    async fn once(&self, call: &Call) -> Result<Answer> {
        let token = self.tokens.get(|| self.log_in()).await?;
        match self.transport.exchange(call, Some(&token)).await {
            Err(error) if error.status() == Some(401) => {
                self.tokens.invalidate(&token);
                let token = self.tokens.get(|| self.log_in()).await?;
                self.transport.exchange(call, Some(&token)).await
            }
            answer => answer,
        }
    }

    async fn log_in(&self) -> Result<Fetched<Secret>> {
        let Some((login, realm)) = &self.login else {
            return Err(Error::new(ErrorKind::Config, Operation::LogIn.name())
                .with_service(SERVICE)
                .with_help("no admin login is configured; give one to the builder"));
        };
        let form = match &login.method {
            Method::Password { username, password } => Form::new()
                .field("grant_type", "password")
                .field("client_id", login.client.as_str())
                .field("username", username)
                .secret("password", password),
            Method::Client(source) => {
                let form = Form::new().field("grant_type", "client_credentials");
                authenticate(&source.credential()?, &login.client, realm, form).await?
            }
        };
        let url = realm.endpoint("protocol/openid-connect/token");
        let target = format!("{} in realm {}", login.client, realm.name());
        let call = Call::new(Operation::LogIn, catalyst_core::http::Method::Post, url, target).form(&form);
        let sent_at = tokio::time::Instant::now();
        let answer: TokenAnswer = self.transport.exchange(&call, None).await?.json()?;
        let life = Duration::from_secs(answer.expires_in.clamp(1, 86_400));
        Ok(Fetched {
            value: answer.access_token,
            refresh_at: sent_at + life.saturating_sub(left_at_renewal(life)),
            expires_at: sent_at + life,
        })
    }
}
