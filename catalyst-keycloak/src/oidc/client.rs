//! A client at the endpoints of its realm.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::http::{HttpClient, HttpConfig, Method};
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Result, RetryBudget, RetryConfig, retry};
use tokio::time::Instant;

use super::answer::TokenAnswer;
use super::authenticate::authenticate;
use super::credential::{ClientCredential, CredentialSource};
use super::proof::Proofs;
use super::token_set::TokenSet;
use crate::form::Form;
use crate::operation::Operation;
use crate::refusal::SERVICE;
use crate::token::DpopKey;
use crate::transport::{Answer, Call, Transport};
use crate::{ClientId, Realm};

/// A client of a realm, as it asks for tokens. Cheap to clone; the credential is asked for at each request, so that
/// one that rotates needs no restart.
///
/// Passing faults are tried again within the limits of the retry configuration. What uses something up (a code, a
/// refresh token) is not, once its outcome is unknown.
#[derive(Clone, Debug)]
pub struct OidcClient {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    realm: Realm,
    client: ClientId,
    credential: Arc<dyn CredentialSource>,
    proofs: Option<Proofs>,
    transport: Transport,
    retry: RetryConfig,
    budget: RetryBudget,
}

/// Sets up an [`OidcClient`]; made by [`OidcClient::builder`].
#[derive(Debug)]
#[must_use]
pub struct OidcClientBuilder {
    realm: Realm,
    client: ClientId,
    credential: Arc<dyn CredentialSource>,
    dpop: Option<Arc<DpopKey>>,
    tls: TlsConfig,
    timeout: Duration,
    retry: RetryConfig,
}

impl OidcClientBuilder {
    /// Asks for tokens that are bound to `key` (`DPoP`, RFC 9449): whoever steals one cannot use it. Each request to a
    /// service then needs a [`DpopKey::proof`], too; [`OidcClient::dpop_key`] is the key.
    pub fn dpop(mut self, key: Arc<DpopKey>) -> Self {
        self.dpop = Some(key);
        self
    }

    /// How the server is checked, and what certificate is presented.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = tls;
        self
    }

    /// How long one try of a call may take; 10 s if not set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How often and how long calls are tried again; three times within 30 s if not set.
    pub fn retry(mut self, retry: RetryConfig) -> Self {
        self.retry = retry;
        self
    }

    /// The client. No I/O happens.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`](crate::ErrorKind::Tls) if the TLS settings cannot work.
    pub fn build(self) -> Result<OidcClient> {
        let limits = HttpConfig::new(SERVICE).timeout(self.timeout).max_body(1 << 20).tls(self.tls);
        Ok(OidcClient {
            inner: Arc::new(Inner {
                realm: self.realm,
                client: self.client,
                credential: self.credential,
                proofs: self.dpop.map(Proofs::new),
                transport: Transport::new(HttpClient::new(limits)?),
                retry: self.retry,
                budget: RetryBudget::default(),
            }),
        })
    }
}

impl OidcClient {
    /// The client `client` of `realm`, which proves who it is with `credential`.
    pub fn builder(realm: Realm, client: ClientId, credential: impl CredentialSource) -> OidcClientBuilder {
        OidcClientBuilder {
            realm,
            client,
            credential: Arc::new(credential),
            dpop: None,
            tls: TlsConfig::new(),
            timeout: Duration::from_secs(10),
            retry: RetryConfig::default(),
        }
    }

    /// Its realm.
    pub fn realm(&self) -> &Realm {
        &self.inner.realm
    }

    /// Its identifier.
    pub fn id(&self) -> &ClientId {
        &self.inner.client
    }

    /// The key that its tokens are bound to, if they are.
    pub fn dpop_key(&self) -> Option<&DpopKey> {
        self.inner.proofs.as_ref().map(|proofs| &*proofs.key)
    }

    /// A token for the client itself (RFC 6749 section 4.4); no scopes means the default ones.
    ///
    /// # Errors
    /// Code `bad_credentials` if the client is not known, disabled, or not believed.
    ///
    /// # Cancel safety
    /// Safe; a token that nobody received ends by itself.
    pub async fn client_credentials(&self, scopes: &[&str]) -> Result<TokenSet> {
        let mut form = Form::new().field("grant_type", "client_credentials");
        if !scopes.is_empty() {
            form = form.field("scope", &scopes.join(" "));
        }
        self.token(form, false).await
    }

    /// Asks the token endpoint. `once`: the grant is used up by the first try.
    pub(crate) async fn token(&self, grant: Form, once: bool) -> Result<TokenSet> {
        let asked_at = Instant::now();
        let answer: TokenAnswer =
            self.post(Operation::RequestToken, "protocol/openid-connect/token", grant, once).await?.json()?;
        Ok(TokenSet::new(answer, asked_at))
    }

    /// Sends `form`, with the proof of who we are, to `path` of the realm. An assertion is made for each try.
    pub(crate) async fn post(
        &self,
        operation: Operation,
        path: &str,
        form: Form,
        once: bool,
    ) -> Result<Answer> {
        let inner = &*self.inner;
        let idempotency =
            if once { catalyst_core::Idempotency::Once } else { catalyst_core::Idempotency::Repeatable };
        retry(&inner.retry, &inner.budget, idempotency, |_attempt| {
            let form = form.clone();
            async move {
                let credential = inner.credential.credential()?;
                match inner.send(operation, path, &form, &credential).await {
                    // The client is refused before its request is looked at, so nothing is used up. If the secret was
                    // replaced between our reading it and the server's, the source has the new one by now.
                    Err(error) if error.code() == Some("bad_credentials") => {
                        let now = inner.credential.credential()?;
                        if now.is_same_secret(&credential) {
                            return Err(error);
                        }
                        inner.send(operation, path, &form, &now).await
                    }
                    answer => answer,
                }
            }
        })
        .await
    }
}

impl Inner {
    async fn send(
        &self,
        operation: Operation,
        path: &str,
        form: &Form,
        credential: &ClientCredential,
    ) -> Result<Answer> {
        let proofs = self.proofs.as_ref().filter(|_| operation == Operation::RequestToken);
        let Some(proofs) = proofs else {
            let call = self.call(operation, path, form, credential).await?;
            return self.transport.exchange(&call, None).await;
        };
        let public = self.realm.public(path)?;
        let mut tries = 0;
        loop {
            tries += 1;
            let call = proofs.prove(self.call(operation, path, form, credential).await?, &public)?;
            let response = self.transport.response(&call, None).await?;
            proofs.hear(&response);
            match call.judge(response) {
                // The server looks at the proof first: nothing is used up, and the next one has the nonce.
                Err(error) if tries == 1 && error.code() == Some("use_dpop_nonce") => {}
                answer => return answer,
            }
        }
    }

    async fn call(
        &self,
        operation: Operation,
        path: &str,
        form: &Form,
        credential: &ClientCredential,
    ) -> Result<Call> {
        let mut form = form.clone();
        // RFC 9126 section 2: a pushed request names its client, also where the proof alone would do.
        if operation == Operation::PushAuthorization && credential.is_of_another_issuer() {
            form = form.field("client_id", self.client.as_str());
        }
        let form = authenticate(credential, &self.client, &self.realm, form).await?;
        let target = format!("{} in realm {}", self.client, self.realm.name());
        Ok(Call::new(operation, Method::Post, self.realm.endpoint(path), target).form(&form))
    }
}
