//! Verification of the tokens of one issuer.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::SystemTime;

use catalyst_core::{Clock, Error, ErrorKind, Result};
use futures_util::future::BoxFuture;
use url::Url;

use super::builder::TokenVerifierBuilder;
use super::claims::Claims;
use super::compact::{Compact, Header, HeaderBuffer};
use super::confirmation::{Confirmation, Shown};
use super::dpop::Proofs;
use super::headers::Announced;
use super::keys::{KeyCache, Loaded, Look};
use super::policy::{Policy, Purpose, Typ};
use super::remembered::{Digest, Remembered};
use super::replay::Replays;
use super::{AccessToken, IdToken, LogoutToken, Refusal};
use crate::Realm;
use crate::jose::Algorithm;

/// Verifies the tokens of one realm, in this process and without asking anybody, as long as the key is known. Cheap to
/// clone; clones share the keys.
///
/// Every check of RFC 8725 is on: the algorithm is one of those configured, whatever the header says; the issuer is
/// exact; the audience must be this service; an ID token is no access token; keys named by the token itself are
/// ignored. What it cannot see is that a session was ended or a client disabled before the token's end; ask the
/// introspection endpoint where that matters.
///
/// Errors are [`ErrorKind::Unauthenticated`] or [`ErrorKind::Expired`] if the token is to blame and
/// [`ErrorKind::Unavailable`] if it could not be checked; [`Error::code`] says why. They hold no part of the token.
///
/// ```no_run
/// use catalyst_keycloak::Realm;
/// use catalyst_keycloak::token::TokenVerifier;
///
/// # async fn example(token: &str) -> catalyst_keycloak::Result<()> {
/// let realm = Realm::new("acme".parse()?, "https://auth.example.test")?;
/// let verifier = TokenVerifier::builder(&realm, "orders").build()?;
/// let caller = verifier.verify_access(token).await?;
/// if caller.has_realm_role("orders-admin") {
///     println!("{} may", caller.subject());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TokenVerifier(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) policy: Policy,
    pub(super) keys: KeyCache,
    pub(super) clock: Clock,
    pub(super) remembered: Option<Remembered>,
    pub(super) proofs: Proofs,
    pub(super) logouts: Replays,
}

/// What one attempt came to.
enum Attempt {
    Verified(Arc<Claims>),
    Refused(Refusal),
    /// Again, after this.
    After(BoxFuture<'static, ()>),
    /// Again, with this key.
    Without(Box<str>, Algorithm),
}

/// The key that a header asks for.
enum Asked {
    Known(Announced),
    Unknown(Box<str>, Algorithm),
}

/// What the memory says of a token.
enum Known {
    Verified(Arc<Claims>),
    Not(Option<Digest>),
}

impl TokenVerifier {
    /// A verifier of the tokens of `realm` that are meant for `audience`: the name of this service, for which clients
    /// have an audience mapper. Keycloak's default audience `account` is no such name and is refused.
    pub fn builder(realm: &Realm, audience: impl Into<String>) -> TokenVerifierBuilder {
        TokenVerifierBuilder::new(realm, audience.into())
    }

    /// Verifies an access token that came as `Authorization: Bearer`. One that is bound to a key or certificate is
    /// refused: whoever shows it without the proof may have stolen it.
    ///
    /// # Errors
    /// See [`TokenVerifier`].
    ///
    /// # Cancel safety
    /// Safe. Keys that were being fetched go on being fetched by whoever needs them next.
    pub async fn verify_access(&self, token: &str) -> Result<AccessToken> {
        let claims = self.verify(Purpose::Access, token).await?;
        Confirmation::of(&claims)?.check(Shown::default())?;
        Ok(AccessToken(claims))
    }

    /// Verifies an access token that is bound to the client certificate of the connection (RFC 8705 section 3), given
    /// in DER.
    ///
    /// # Errors
    /// See [`TokenVerifier`]; `unbound_token` if it is bound to no certificate, `wrong_certificate` if to another.
    ///
    /// # Cancel safety
    /// As [`TokenVerifier::verify_access`].
    pub async fn verify_mtls(&self, token: &str, certificate: &[u8]) -> Result<AccessToken> {
        let claims = self.verify(Purpose::Access, token).await?;
        Confirmation::of(&claims)?.check(Shown { certificate: Some(certificate), key: None })?;
        Ok(AccessToken(claims))
    }

    /// Verifies an access token that came as `Authorization: DPoP` with the `proof` of that header (RFC 9449 section
    /// 7), for a request of `method` to `url` as the client sees it.
    ///
    /// # Errors
    /// See [`TokenVerifier`]; `invalid_dpop_proof`, `replayed`, `unbound_token`; `use_dpop_nonce` asks for an answer
    /// of status 401 with the header `DPoP-Nonce` from [`TokenVerifier::dpop_nonce`].
    ///
    /// # Cancel safety
    /// As [`TokenVerifier::verify_access`]. A proof counts as used once everything else was found right.
    pub async fn verify_dpop(
        &self,
        token: &str,
        proof: &str,
        method: &str,
        url: &Url,
    ) -> Result<AccessToken> {
        let claims = self.verify(Purpose::Access, token).await?;
        let (inner, now) = (&*self.0, self.now());
        let bound = Confirmation::of(&claims)?;
        let shown = inner.proofs.check(proof, token, method, url, now)?;
        bound.check(Shown { certificate: None, key: Some(shown.key()) })?;
        inner.proofs.use_up(&shown, now)?;
        Ok(AccessToken(claims))
    }

    /// The nonce that clients are to put into their DPoP proofs, if [`TokenVerifierBuilder::dpop_nonce`] asks for one.
    /// It changes every few minutes, and the one before is still taken.
    pub fn dpop_nonce(&self) -> Option<String> {
        self.0.proofs.nonce(self.now())
    }

    /// Verifies an ID token of [`TokenVerifierBuilder::client`]: the audience is that client, and the nonce is the one
    /// of this login. `None` is for ID tokens that come with a refresh, to which no login belongs.
    ///
    /// # Errors
    /// See [`TokenVerifier`]; `wrong_nonce`; [`ErrorKind::Config`] without a client.
    ///
    /// # Cancel safety
    /// As [`TokenVerifier::verify_access`].
    pub async fn verify_id(&self, token: &str, nonce: Option<&str>) -> Result<IdToken> {
        self.check_client()?;
        let claims = self.verify(Purpose::Id, token).await?;
        if nonce.is_some() && claims.nonce() != nonce {
            return Err(Refusal::Nonce.into());
        }
        Ok(IdToken(claims))
    }

    /// Verifies a logout token of [`TokenVerifierBuilder::client`] (OpenID Connect Back-Channel Logout 1.0 section
    /// 2.6). Each is taken once.
    ///
    /// # Errors
    /// See [`TokenVerifier`]; `replayed`; [`ErrorKind::Config`] without a client.
    ///
    /// # Cancel safety
    /// As [`TokenVerifier::verify_access`].
    pub async fn verify_logout(&self, token: &str) -> Result<LogoutToken> {
        self.check_client()?;
        let claims = self.verify(Purpose::Logout, token).await?;
        let until = claims.fields.exp.unwrap_or(i64::MAX).saturating_add(self.0.policy.skew);
        self.0.logouts.first_use("", claims.token_id().unwrap_or_default(), until, self.now())?;
        Ok(LogoutToken(claims))
    }

    /// Refreshes the keys ahead of their time, for as long as it is polled; it never ends. Without it, the keys are
    /// refreshed by one of the callers after five minutes.
    ///
    /// # Cancel safety
    /// Drop it at any time.
    pub fn maintain(&self) -> impl Future<Output = ()> + Send + 'static {
        self.0.keys.maintain()
    }

    async fn verify(&self, purpose: Purpose, token: &str) -> Result<Arc<Claims>> {
        match self.attempt(purpose, token, true) {
            Attempt::Verified(claims) => Ok(claims),
            Attempt::Refused(refusal) => Err(refusal.into()),
            // On the heap: only those who wait pay for the size of waiting.
            wait => Box::pin(self.wait_and_verify(purpose, token, wait)).await,
        }
    }

    async fn wait_and_verify(&self, purpose: Purpose, token: &str, first: Attempt) -> Result<Arc<Claims>> {
        let mut attempt = first;
        // One refresh, one search for the key, and one more if the keys have ended in between.
        for _ in 0..3 {
            match attempt {
                Attempt::Verified(claims) => return Ok(claims),
                Attempt::Refused(refusal) => return Err(refusal.into()),
                Attempt::After(refresh) => refresh.await,
                Attempt::Without(kid, algorithm) => self.0.keys.obtain(&kid, algorithm).await?,
            }
            attempt = self.attempt(purpose, token, false);
        }
        match attempt {
            Attempt::Verified(claims) => Ok(claims),
            Attempt::Refused(refusal) => Err(refusal.into()),
            Attempt::After(_) | Attempt::Without(..) => Err(Refusal::UnknownKey.into()),
        }
    }

    fn attempt(&self, purpose: Purpose, token: &str, refresh: bool) -> Attempt {
        self.try_verify(purpose, token, refresh).unwrap_or_else(Attempt::Refused)
    }

    /// Everything that needs no waiting, cheapest first; what the token says is read once it is known who said it.
    fn try_verify(&self, purpose: Purpose, token: &str, refresh: bool) -> Result<Attempt, Refusal> {
        let inner = &*self.0;
        let compact = Compact::split(token)?;
        let digest = match self.remembered(purpose, token)? {
            Known::Verified(claims) => return Ok(Attempt::Verified(claims)),
            Known::Not(digest) => digest,
        };
        let current = match inner.keys.look(refresh) {
            Look::Keys(current) => Some(current),
            Look::Refresh(refresh) => return Ok(Attempt::After(refresh)),
            Look::Nothing => None,
        };
        let loaded = current.as_ref().and_then(|current| current.as_ref());
        let seen = loaded.and_then(|loaded| loaded.headers.get(compact.header));
        let announced = match seen {
            Some(announced) => announced,
            None => match self.read_header(purpose, &compact, loaded)? {
                Asked::Known(announced) => announced,
                Asked::Unknown(kid, algorithm) => return Ok(Attempt::Without(kid, algorithm)),
            },
        };
        inner.policy.check_type(purpose, announced.typ)?;
        let loaded = loaded.ok_or(Refusal::UnknownKey)?;
        let claims = self.read_claims(purpose, &compact, loaded, announced)?;
        if seen.is_none() {
            loaded.headers.insert(compact.header, announced);
        }
        if let (Some(memory), Some(digest)) = (&inner.remembered, digest) {
            memory.insert(digest, &claims, loaded.generation, self.now().saturating_sub(inner.policy.skew));
        }
        Ok(Attempt::Verified(claims))
    }

    fn read_header(
        &self,
        purpose: Purpose,
        compact: &Compact<'_>,
        loaded: Option<&Arc<Loaded>>,
    ) -> Result<Asked, Refusal> {
        let policy = &self.0.policy;
        let mut buffer = HeaderBuffer::new();
        let header = Header::read(compact.header, &mut buffer)?;
        let (algorithm, typ) = (header.algorithm(&policy.algorithms)?, Typ::of(header.typ()));
        // Before anything is fetched for it.
        policy.check_type(purpose, typ)?;
        let kid = header.kid()?;
        Ok(match loaded.and_then(|loaded| loaded.keys.position(kid, algorithm)) {
            Some(key) => Asked::Known(Announced { key, algorithm, typ }),
            None => Asked::Unknown(kid.into(), algorithm),
        })
    }

    fn read_claims(
        &self,
        purpose: Purpose,
        compact: &Compact<'_>,
        loaded: &Loaded,
        announced: Announced,
    ) -> Result<Arc<Claims>, Refusal> {
        let policy = &self.0.policy;
        let key = loaded.keys.keys().get(announced.key).ok_or(Refusal::UnknownKey)?;
        if !compact.is_signed_by(key, announced.algorithm) {
            return Err(Refusal::Signature);
        }
        let claims = Claims::read(compact.payload()?, &policy.platform_claim, announced.algorithm)?;
        policy.check(purpose, announced.typ, &claims, self.now())?;
        Ok(Arc::new(claims))
    }

    /// What is known of an access token that is shown again, or how to remember it.
    fn remembered(&self, purpose: Purpose, token: &str) -> Result<Known, Refusal> {
        let inner = &*self.0;
        let memory = inner.remembered.as_ref().filter(|_memory| purpose == Purpose::Access);
        let Some(memory) = memory else { return Ok(Known::Not(None)) };
        let digest = Remembered::digest(token);
        let found = inner.keys.generation().and_then(|generation| memory.get(&digest, generation));
        let Some(claims) = found else { return Ok(Known::Not(Some(digest))) };
        inner.policy.check_end(&claims, self.now())?;
        Ok(Known::Verified(claims))
    }

    /// Seconds since 1970.
    fn now(&self) -> i64 {
        let now = self.0.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
    }

    fn check_client(&self) -> Result<()> {
        if self.0.policy.client.is_some() {
            return Ok(());
        }
        let help = "name the client whose ID and logout tokens these are: TokenVerifierBuilder::client";
        Err(Error::new(ErrorKind::Config, "verify a token").with_help(help))
    }
}

impl fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { policy, keys, .. } = &*self.0;
        f.debug_struct("TokenVerifier").field("policy", policy).field("keys", keys).finish_non_exhaustive()
    }
}
