//! Where tokens come from, behind a trait, so that the life of a session is tested in virtual time.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result, Secret};

use super::exchange;
use super::login::Login;
use crate::operation::Operation;
use crate::refusal::SERVICE;
use crate::token::Term;
use crate::transport::Transport;

/// A token, and what was granted with it.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    pub(crate) secret: Secret,
    pub(crate) term: Term,
    /// Whether it was made for us, so that we revoke it.
    pub(crate) ours: bool,
}

/// Gives tokens, prolongs them and takes them back. One request each; nothing is repeated here.
#[async_trait]
pub(crate) trait Authority: fmt::Debug + Send + Sync + 'static {
    /// Whether a login makes a new token each time.
    fn makes_tokens(&self) -> bool;

    async fn log_in(&self) -> Result<Granted>;

    async fn renew(&self, token: &Secret) -> Result<Term>;

    /// Code `invalid_token` if the server does not know it.
    async fn look_up(&self, token: &Secret) -> Result<Term>;

    /// A token that has ended already is a success.
    async fn revoke(&self, token: &Secret) -> Result<()>;
}

/// The server that the client talks to.
#[derive(Debug)]
pub(crate) struct Server {
    login: Option<Login>,
    transport: Arc<Transport>,
}

impl Server {
    pub(crate) fn new(login: Option<Login>, transport: Arc<Transport>) -> Self {
        Self { login, transport }
    }
}

#[async_trait]
impl Authority for Server {
    fn makes_tokens(&self) -> bool {
        self.login.as_ref().is_some_and(Login::makes_tokens)
    }

    async fn log_in(&self) -> Result<Granted> {
        let login = self.login.as_ref().ok_or_else(|| {
            Error::new(ErrorKind::Config, Operation::Login.name())
                .with_service(SERVICE)
                .with_help("no login is configured; give one to the builder")
        })?;
        login.exchange(&self.transport).await.map_err(|error| error.with_service(SERVICE))
    }

    async fn renew(&self, token: &Secret) -> Result<Term> {
        exchange::renew(&self.transport, token).await
    }

    async fn look_up(&self, token: &Secret) -> Result<Term> {
        exchange::look_up(&self.transport, token).await
    }

    async fn revoke(&self, token: &Secret) -> Result<()> {
        exchange::revoke(&self.transport, token).await
    }
}
