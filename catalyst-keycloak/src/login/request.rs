//! The way out: the address that the browser is sent to.

use openidconnect::core::{CoreClient, CoreJsonWebKeySet, CoreResponseType};
use openidconnect::{
    AuthUrl, AuthenticationFlow, ClientId, CsrfToken, IssuerUrl, Nonce, PkceCodeChallenge, RedirectUrl, Scope,
};

use catalyst_core::{Clock, Error, ErrorKind, Result, Secret};
use url::Url;

use super::pending::PendingLogin;
use crate::OidcClient;

/// Whether the realm is to ask the user although it need not, or not to ask although it would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prompt {
    /// Ask nothing: log in only whom the realm knows already, else fail with code `login_required`.
    Nothing,
    /// Ask for the password although there is a session.
    Login,
    /// Ask for consent although it was given.
    Consent,
}

/// How one login differs from others of the same flow.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct LoginOptions {
    prompt: Option<Prompt>,
    login_hint: Option<String>,
    identity_provider: Option<String>,
    scopes: Vec<String>,
}

impl LoginOptions {
    /// No difference.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the realm asks the user.
    pub fn prompt(mut self, prompt: Prompt) -> Self {
        self.prompt = Some(prompt);
        self
    }

    /// The name that the form is filled with.
    pub fn login_hint(mut self, username: impl Into<String>) -> Self {
        self.login_hint = Some(username.into());
        self
    }

    /// Goes straight to this identity provider of the realm, by its alias.
    pub fn identity_provider(mut self, alias: impl Into<String>) -> Self {
        self.identity_provider = Some(alias.into());
        self
    }

    /// Asks for one more scope.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    fn parameters(&self) -> impl Iterator<Item = (&'static str, String)> {
        let prompt = self.prompt.map(|prompt| match prompt {
            Prompt::Nothing => "none".to_owned(),
            Prompt::Login => "login".to_owned(),
            Prompt::Consent => "consent".to_owned(),
        });
        [
            ("prompt", prompt),
            ("login_hint", self.login_hint.clone()),
            ("kc_idp_hint", self.identity_provider.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}

/// The address with everything in it, and what has to be remembered.
pub(super) fn full(
    client: &OidcClient,
    redirect: &Url,
    scopes: &[String],
    options: &LoginOptions,
    clock: &Clock,
) -> Result<(Url, PendingLogin)> {
    let unusable = |error| {
        Error::new(ErrorKind::Config, "start a login")
            .with_help("the issuer of the realm is not a URL")
            .with_source(error)
    };
    let realm = client.realm();
    let issuer = IssuerUrl::new(realm.issuer().as_str().to_owned()).map_err(unusable)?;
    let endpoint = AuthUrl::from_url(realm.public("protocol/openid-connect/auth")?);
    // Its keys stay empty: it would fetch them once and never again. Tokens are verified by `TokenVerifier`.
    let id = ClientId::new(client.id().as_str().to_owned());
    let library = CoreClient::new(id, issuer, CoreJsonWebKeySet::default())
        .set_auth_uri(endpoint)
        .set_redirect_uri(RedirectUrl::from_url(redirect.clone()));
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = library
        .authorize_url(
            AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scopes(scopes.iter().chain(&options.scopes).cloned().map(Scope::new))
        .set_pkce_challenge(challenge);
    for (name, value) in options.parameters() {
        request = request.add_extra_param(name, value);
    }
    let (url, state, nonce) = request.url();
    let pending = PendingLogin {
        state: Secret::new(state.into_secret()),
        nonce: Secret::new(nonce.secret().as_str()),
        verifier: Secret::new(verifier.into_secret()),
        started_at: clock.now(),
    };
    Ok((url, pending))
}

/// The same request, pushed to the realm first: the browser carries a reference (RFC 9126).
pub(super) async fn pushed(client: &OidcClient, full: Url) -> Result<Url> {
    let parameters: Vec<_> = full.query_pairs().filter(|(name, _)| name != "client_id").collect();
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (&**name, &**value)).collect();
    let pushed = client.push_authorization_request(&parameters).await?;
    let mut short = full.clone();
    short
        .query_pairs_mut()
        .clear()
        .append_pair("client_id", client.id().as_str())
        .append_pair("request_uri", &pushed.request_uri);
    Ok(short)
}
