//! A token that is there when it is needed.

use std::sync::Arc;

use catalyst_core::{Error, Fetched, Result, Secret, TokenCache};
use tokio::time::Instant;

use super::client::OidcClient;
use super::grants::Exchanged;
use super::renewal::left_at_renewal;
use super::token_set::TokenSet;
use crate::ClientId;

/// A cached token of a client, for calls to other services. Cheap to clone; clones share the token.
///
/// - However many ask, one request is made; while it is under way the old token serves as long as it lives.
/// - It is renewed with 30 s or a tenth of its life left, whichever is more, but not before half of it.
/// - A failed renewal is no error while the old token lives, and is tried again after a pause of a second.
/// - Each request reads the credential anew: after a rotation the next one uses the new secret. One that the server
///   refuses because the secret changed in that moment is sent again with the new one.
///
/// ```no_run
/// # async fn example(client: catalyst_keycloak::OidcClient) -> catalyst_keycloak::Result<()> {
/// use catalyst_keycloak::TokenSource;
///
/// let tokens = TokenSource::new(client).scope("invoices");
/// let token = tokens.get().await?;
/// // … send it as a bearer; where the other side says 401 although it should not:
/// tokens.invalidate(&token);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct TokenSource {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    client: OidcClient,
    grant: Grant,
    tokens: TokenCache<TokenSet>,
}

#[derive(Clone, Debug)]
enum Grant {
    Credentials { scopes: Vec<String> },
    Exchange { subject: TokenSource, what: Exchanged },
}

impl TokenSource {
    /// Tokens of `client` itself (client credentials).
    pub fn new(client: OidcClient) -> Self {
        Self::of(client, Grant::Credentials { scopes: Vec::new() })
    }

    /// Tokens that `client` gets in exchange for those of `subject`, which is often a source of the same client: the
    /// same service, for another audience.
    pub fn exchanging(client: OidcClient, subject: TokenSource) -> Self {
        Self::of(client, Grant::Exchange { subject, what: Exchanged::default() })
    }

    /// Asks for a scope. A source that was changed this way starts with an empty cache.
    pub fn scope(self, scope: impl Into<String>) -> Self {
        self.change(|grant| match grant {
            Grant::Credentials { scopes } => scopes.push(scope.into()),
            Grant::Exchange { what, .. } => what.scopes.push(scope.into()),
        })
    }

    /// Narrows an exchange to this audience. Tokens of the client itself get theirs from its audience mappers, and do
    /// not change with this.
    pub fn audience(self, client: ClientId) -> Self {
        self.change(|grant| match grant {
            Grant::Credentials { .. } => {}
            Grant::Exchange { what, .. } => what.audiences.push(client),
        })
    }

    fn of(client: OidcClient, grant: Grant) -> Self {
        Self { inner: Arc::new(Inner { client, grant, tokens: TokenCache::new() }) }
    }

    fn change(self, edit: impl FnOnce(&mut Grant)) -> Self {
        let mut grant = self.inner.grant.clone();
        edit(&mut grant);
        Self::of(self.inner.client.clone(), grant)
    }

    /// The client that asks.
    pub fn client(&self) -> &OidcClient {
        &self.inner.client
    }

    /// A token that is good for now. From the cache it costs neither a wait nor an allocation.
    ///
    /// # Errors
    /// As [`OidcClient::client_credentials`] and [`OidcClient::exchange`], and only if no token lives any more.
    ///
    /// # Cancel safety
    /// Safe; when the caller that fetches is dropped, the next one does.
    pub async fn get(&self) -> Result<Arc<TokenSet>> {
        if let Some(token) = self.inner.tokens.fresh() {
            return Ok(token);
        }
        Box::pin(self.inner.tokens.get(|| self.fetch())).await
    }

    /// Drops `rejected`, which a service refused, if it is still the cached one; says whether it was. The next
    /// [`TokenSource::get`] fetches another. One token that is refused by many callers at once is fetched anew once.
    pub fn invalidate(&self, rejected: &Arc<TokenSet>) -> bool {
        self.inner.tokens.invalidate(rejected)
    }

    async fn fetch(&self) -> Result<Fetched<TokenSet>> {
        let inner = &*self.inner;
        let asked_at = Instant::now();
        let value = match &inner.grant {
            Grant::Credentials { scopes } => {
                let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
                inner.client.client_credentials(&scopes).await?
            }
            Grant::Exchange { subject, what } => {
                let token = Box::pin(subject.get()).await?;
                match inner.client.exchanged(&token.access_token, what).await {
                    // The subject's session may have ended before its token: once more with another.
                    Err(error) if refuses_subject(&error) && subject.invalidate(&token) => {
                        let token: Secret = Box::pin(subject.get()).await?.access_token.clone();
                        inner.client.exchanged(&token, what).await?
                    }
                    tokens => tokens?,
                }
            }
        };
        let expires_at = value.expires_at;
        let life = expires_at.saturating_duration_since(asked_at);
        Ok(Fetched { refresh_at: expires_at - left_at_renewal(life), value, expires_at })
    }
}

/// Keycloak says `invalid_request` (`Invalid token`) to a subject token that ended.
fn refuses_subject(error: &Error) -> bool {
    let said = error.server_message().unwrap_or_default();
    matches!(error.code(), Some("invalid_token" | "invalid_grant"))
        || (error.code() == Some("invalid_request") && said.contains("Invalid token"))
}
