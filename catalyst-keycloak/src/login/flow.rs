//! The flow itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Clock, Error, ErrorKind, Result, Secret};
use url::Url;

use super::callback;
use super::pending::PendingLogin;
use super::refusal::Refusal;
use super::request::{self, LoginOptions};
use super::session::Session;
use crate::form::Form;
use crate::token::{IdToken, TokenVerifier};
use crate::{OidcClient, TokenSet};

/// How long a user may take, if nothing else is set.
const PATIENCE: Duration = Duration::from_secs(600);
/// How far our clock may have gone back since the login was started.
const SKEW: Duration = Duration::from_secs(10);

/// Logs users in at one client. Cheap to clone.
///
/// ```no_run
/// # async fn example() -> catalyst_keycloak::Result<()> {
/// use catalyst_keycloak::login::{LoginFlow, PendingLogin};
/// use catalyst_keycloak::token::TokenVerifier;
/// use catalyst_keycloak::{ClientCredential, ClientId, OidcClient, Realm, Secret};
///
/// let realm = Realm::new("acme".parse()?, "https://auth.example.test")?;
/// let id: ClientId = "wordpress".parse()?;
/// let credential = ClientCredential::Secret(Secret::new("hunter2"));
/// let client = OidcClient::builder(realm.clone(), id.clone(), credential).build()?;
/// let verifier = TokenVerifier::builder(&realm, "wordpress").client(id).build()?;
/// let flow = LoginFlow::builder(client, verifier, "https://blog.acme.test/oauth/callback")?.build();
///
/// // GET /login: remember `start.pending`, redirect to `start.url`.
/// let start = flow.start().await?;
/// let cookie = start.pending.expose();
/// // GET /oauth/callback?…:
/// # let query = "";
/// let session = flow.finish(PendingLogin::restore(&cookie)?, query).await?;
/// println!("hello {}", session.identity.username().unwrap_or("you"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct LoginFlow {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) client: OidcClient,
    pub(super) verifier: TokenVerifier,
    redirect: Url,
    scopes: Vec<String>,
    pushed: bool,
    patience: Duration,
    clock: Clock,
}

/// Sets up a [`LoginFlow`]; made by [`LoginFlow::builder`].
#[derive(Debug)]
#[must_use]
pub struct LoginFlowBuilder {
    inner: Inner,
}

impl LoginFlowBuilder {
    /// Asks for a scope, beside `openid` and the default ones of the client.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.inner.scopes.push(scope.into());
        self
    }

    /// Pushes each request to the realm before the browser goes there (RFC 9126). FAPI 2.0 asks for it; so do clients
    /// with "pushed authorization request required".
    pub fn pushed(mut self) -> Self {
        self.inner.pushed = true;
        self
    }

    /// How long a user may take to log in; ten minutes if not set.
    pub fn patience(mut self, limit: Duration) -> Self {
        self.inner.patience = limit;
        self
    }

    /// The clock that the age of a login is read from; the machine's if not set.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.inner.clock = clock;
        self
    }

    /// The flow.
    pub fn build(self) -> LoginFlow {
        LoginFlow { inner: Arc::new(self.inner) }
    }
}

/// A login on its way. `Debug` shows where it goes, and not the state and nonce in that address.
#[non_exhaustive]
pub struct LoginStart {
    /// Where to redirect the browser to.
    pub url: Url,
    /// What to remember for its return.
    pub pending: PendingLogin,
}

impl fmt::Debug for LoginStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, path) = (self.url.host_str().unwrap_or_default(), self.url.path());
        write!(f, "LoginStart({host}{path}, {:?})", self.pending)
    }
}

impl LoginFlow {
    /// Logs users in as `client` and brings them back to `redirect`, one of its registered redirect URIs. `verifier`
    /// is for the tokens of the same realm, and knows the client
    /// ([`TokenVerifierBuilder::client`](crate::token::TokenVerifierBuilder::client)).
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if `redirect` is no absolute URL, or has a fragment.
    pub fn builder(client: OidcClient, verifier: TokenVerifier, redirect: &str) -> Result<LoginFlowBuilder> {
        let unusable = |help: &str| Error::new(ErrorKind::Config, "set up logins").with_help(help);
        let redirect = Url::parse(redirect)
            .map_err(|error| unusable("the redirect URI is not a URL").with_source(error))?;
        if redirect.fragment().is_some() {
            return Err(unusable("a redirect URI has no fragment"));
        }
        let (scopes, pushed, clock) = (Vec::new(), false, Clock::system());
        let inner = Inner { client, verifier, redirect, scopes, pushed, patience: PATIENCE, clock };
        Ok(LoginFlowBuilder { inner })
    }

    /// The client that users log in at.
    pub fn client(&self) -> &OidcClient {
        &self.inner.client
    }

    /// A new login.
    ///
    /// # Errors
    /// None without [`LoginFlowBuilder::pushed`]; else as [`OidcClient::push_authorization_request`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn start(&self) -> Result<LoginStart> {
        self.start_with(&LoginOptions::new()).await
    }

    /// A new login that differs from the others.
    ///
    /// # Errors
    /// As [`LoginFlow::start`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn start_with(&self, options: &LoginOptions) -> Result<LoginStart> {
        let inner = &*self.inner;
        let (mut url, pending) =
            request::full(&inner.client, &inner.redirect, &inner.scopes, options, &inner.clock)?;
        if inner.pushed {
            url = Box::pin(request::pushed(&inner.client, url)).await?;
        }
        Ok(LoginStart { url, pending })
    }

    /// The end of a login: `query` is what stands behind the `?` of the callback's address.
    ///
    /// The code is sent once and never again: a second try would end the tokens of the first (RFC 6749 section 10.5).
    ///
    /// # Errors
    /// | code | what happened |
    /// | --- | --- |
    /// | `login_expired` | the user took more than [`LoginFlowBuilder::patience`] |
    /// | `login_callback_invalid` | it is no callback, or longer than 8 KiB |
    /// | `login_state_mismatch` | it belongs to another login |
    /// | `login_issuer_mismatch` | another server, or nobody, signed for it (RFC 9207) |
    /// | `login_denied`, `login_required`, `login_unavailable`, `login_failed` | the realm said no |
    /// | `invalid_grant` | the code was used, is older than a minute, or was made with another verifier |
    /// | `login_no_id_token` | the client has no scope `openid` |
    ///
    /// and those of [`TokenVerifier::verify_id`]. After each of them the way on is a new login.
    ///
    /// # Cancel safety
    /// A dropped call may have used the code up.
    pub async fn finish(&self, pending: PendingLogin, query: &str) -> Result<Session> {
        let inner = &*self.inner;
        self.check_age(&pending)?;
        let code = callback::code(query, &pending.state, inner.client.realm().issuer())?;
        let grant = Form::new()
            .field("grant_type", "authorization_code")
            .secret("code", &code)
            .field("redirect_uri", inner.redirect.as_str())
            .secret("code_verifier", &pending.verifier);
        Box::pin(async {
            let tokens = inner.client.token(grant, true).await?;
            let Some(identity) = self.identity(&tokens, Some(&pending.nonce)).await? else {
                return Err(Refusal::NoIdToken.error());
            };
            Ok(Session { tokens, identity })
        })
        .await
    }

    /// New tokens for `session`, of the same user.
    ///
    /// # Errors
    /// As [`OidcClient::refresh`]: after `invalid_grant` the user has to log in anew. `login_subject_changed` if the
    /// new tokens speak of somebody else; code `login_required` without a refresh token.
    ///
    /// # Cancel safety
    /// A dropped call may have used the refresh token up.
    pub async fn refresh(&self, session: &Session) -> Result<Session> {
        let Some(old) = &session.tokens.refresh_token else { return Err(Refusal::Required.error()) };
        let (tokens, identity) = Box::pin(self.renew(old)).await?;
        let identity = identity.unwrap_or_else(|| session.identity.clone());
        if identity.subject() != session.identity.subject() {
            return Err(Refusal::Subject.error());
        }
        Ok(Session { tokens, identity })
    }

    /// The session of a refresh token that was kept, such as over a restart.
    ///
    /// # Errors
    /// As [`LoginFlow::refresh`]; `login_no_id_token` if the realm does not say again who it is.
    ///
    /// # Cancel safety
    /// As [`LoginFlow::refresh`].
    pub async fn resume(&self, refresh_token: &Secret) -> Result<Session> {
        let (tokens, identity) = Box::pin(self.renew(refresh_token)).await?;
        match identity {
            Some(identity) => Ok(Session { tokens, identity }),
            None => Err(Refusal::NoIdToken.error()),
        }
    }

    async fn renew(&self, refresh_token: &Secret) -> Result<(TokenSet, Option<IdToken>)> {
        let mut tokens = self.inner.client.refresh(refresh_token).await?;
        // RFC 6749 section 6: without a new one, the old one goes on.
        tokens.refresh_token.get_or_insert_with(|| refresh_token.clone());
        // OpenID Connect Core section 12.2: a refreshed ID token belongs to no login, and need not have its nonce.
        let identity = self.identity(&tokens, None).await?;
        Ok((tokens, identity))
    }

    async fn identity(&self, tokens: &TokenSet, nonce: Option<&Secret>) -> Result<Option<IdToken>> {
        let Some(token) = &tokens.id_token else { return Ok(None) };
        let identity = self.inner.verifier.verify_id(token.expose(), nonce.map(Secret::expose)).await?;
        identity.belongs_to(tokens.access_token.expose())?;
        Ok(Some(identity))
    }

    fn check_age(&self, pending: &PendingLogin) -> Result<()> {
        let now = self.inner.clock.now();
        let age = match now.duration_since(pending.started_at) {
            Ok(age) => age,
            // From the future: our clock was set back a little, or somebody made it up.
            Err(ahead) if ahead.duration() <= SKEW => Duration::ZERO,
            Err(_ahead) => return Err(Refusal::Expired.error()),
        };
        if age > self.inner.patience {
            return Err(Refusal::Expired.error());
        }
        Ok(())
    }
}
