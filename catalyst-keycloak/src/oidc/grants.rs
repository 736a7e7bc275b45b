//! What a client asks of the token endpoint, beyond a token for itself.

use catalyst_core::{Result, Secret};

use super::client::OidcClient;
use super::token_set::TokenSet;
use crate::ClientId;
use crate::form::Form;
use crate::operation::Operation;

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A token to exchange for one that another service accepts (RFC 8693). `Debug` shows no token.
///
/// ```
/// use catalyst_keycloak::{ExchangeRequest, Secret};
///
/// let request = ExchangeRequest::new(Secret::new("eyJ…")).audience("billing".parse()?).scope("invoices");
/// assert!(!format!("{request:?}").contains("eyJ"));
/// # Ok::<(), catalyst_keycloak::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ExchangeRequest {
    subject_token: Secret,
    what: Exchanged,
}

/// What is asked for in exchange.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exchanged {
    pub(crate) audiences: Vec<ClientId>,
    pub(crate) scopes: Vec<String>,
}

impl ExchangeRequest {
    /// Exchanges `subject_token`, an access token that has the asking client among its audiences.
    pub fn new(subject_token: Secret) -> Self {
        Self { subject_token, what: Exchanged::default() }
    }

    /// Narrows the audiences to this client, and others given the same way. The realm must know it, and a mapper or
    /// role of the asking client must lead to it.
    pub fn audience(mut self, client: ClientId) -> Self {
        self.what.audiences.push(client);
        self
    }

    /// Asks for a scope; without any, the default ones of the asking client.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.what.scopes.push(scope.into());
        self
    }
}

impl OidcClient {
    /// New tokens for a refresh token (RFC 6749 section 6). Where the realm revokes refresh tokens with their use, the
    /// old one is used up, and it is never sent a second time once the outcome is unknown.
    ///
    /// # Errors
    /// Code `invalid_grant` if the refresh token ended, was used or revoked, or its session was logged out.
    ///
    /// # Cancel safety
    /// A dropped call may have used the refresh token up.
    pub async fn refresh(&self, refresh_token: &Secret) -> Result<TokenSet> {
        let form = Form::new().field("grant_type", "refresh_token").secret("refresh_token", refresh_token);
        self.token(form, true).await
    }

    /// A token of the same user or service for another audience (RFC 8693, Keycloak's standard token exchange). There
    /// is no refresh token with it.
    ///
    /// # Errors
    /// Code `invalid_request` if the client is not allowed to exchange tokens (`standard.token.exchange.enabled`), the
    /// subject token was refused, or the audience cannot be had; `unknown_audience` if there is no such client.
    ///
    /// # Cancel safety
    /// Safe; a token that nobody received ends by itself.
    pub async fn exchange(&self, request: &ExchangeRequest) -> Result<TokenSet> {
        self.exchanged(&request.subject_token, &request.what).await
    }

    pub(crate) async fn exchanged(&self, subject_token: &Secret, what: &Exchanged) -> Result<TokenSet> {
        let mut form = Form::new()
            .field("grant_type", TOKEN_EXCHANGE)
            .secret("subject_token", subject_token)
            .field("subject_token_type", ACCESS_TOKEN)
            .field("requested_token_type", ACCESS_TOKEN);
        for audience in &what.audiences {
            form = form.field("audience", audience.as_str());
        }
        if !what.scopes.is_empty() {
            form = form.field("scope", &what.scopes.join(" "));
        }
        self.token(form, false).await
    }

    /// Ends the session that a refresh token belongs to, and with it all tokens of the session.
    ///
    /// # Errors
    /// Code `invalid_grant` or `invalid_request` if the refresh token is none of this client.
    ///
    /// # Cancel safety
    /// Safe; it can be repeated.
    pub async fn end_session(&self, refresh_token: &Secret) -> Result<()> {
        let form = Form::new().secret("refresh_token", refresh_token);
        self.post(Operation::EndSession, "protocol/openid-connect/logout", form, false).await.map(drop)
    }
}
