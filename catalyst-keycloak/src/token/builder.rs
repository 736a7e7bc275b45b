//! The settings of a verifier.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::tls::TlsConfig;
use catalyst_core::{Clock, Error, ErrorKind, Result, SecretBytes};

use super::dpop::{Nonces, Proofs};
use super::keys::{HttpKeySource, KeyCache, KeySource};
use super::policy::Policy;
use super::remembered::Remembered;
use super::replay::Replays;
use super::verifier::{Inner, TokenVerifier};
use crate::jose::Algorithm;
use crate::{ClientId, Realm};

/// So many logout tokens are remembered at once, and so many DPoP proofs.
const LOGOUTS: usize = 10_000;
const PROOFS: usize = 100_000;
/// A skew above this hides a broken clock (FAPI 2.0 section 5.3.2.1).
const MAX_SKEW: Duration = Duration::from_secs(60);
/// Keycloak's audience of every token.
const ACCOUNT: &str = "account";

/// Builds a [`TokenVerifier`].
#[derive(Debug)]
pub struct TokenVerifierBuilder {
    realm: Realm,
    audience: String,
    algorithms: Vec<Algorithm>,
    clients: Vec<ClientId>,
    client: Option<ClientId>,
    skew: Duration,
    max_lifetime: Option<Duration>,
    only_rfc9068: bool,
    platform_claim: String,
    remembered: usize,
    nonces: Option<SecretBytes>,
    proofs: usize,
    tls: TlsConfig,
    keys: Option<Arc<dyn KeySource>>,
    clock: Clock,
}

impl TokenVerifierBuilder {
    pub(super) fn new(realm: &Realm, audience: String) -> Self {
        Self {
            realm: realm.clone(),
            audience,
            algorithms: vec![Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa],
            clients: Vec::new(),
            client: None,
            skew: Duration::from_secs(10),
            max_lifetime: None,
            only_rfc9068: false,
            platform_claim: "org".to_owned(),
            remembered: 0,
            nonces: None,
            proofs: PROOFS,
            tls: TlsConfig::default(),
            keys: None,
            clock: Clock::system(),
        }
    }

    /// The algorithms that are taken, whatever a token says. RS256, PS256, ES256 and `EdDSA` if not called.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// Takes access tokens of this client (`azp`), and of no other unless named, too.
    #[must_use]
    pub fn allow_client(mut self, client: ClientId) -> Self {
        self.clients.push(client);
        self
    }

    /// Who we are as a client: the audience of ID tokens and logout tokens.
    #[must_use]
    pub fn client(mut self, client: ClientId) -> Self {
        self.client = Some(client);
        self
    }

    /// How far the clocks may differ; 10 s if not called, and at most 60 s.
    #[must_use]
    pub fn skew(mut self, skew: Duration) -> Self {
        self.skew = skew;
        self
    }

    /// Refuses tokens that live longer than this (`exp - iat`), give or take the skew. No limit if not called.
    #[must_use]
    pub fn max_lifetime(mut self, lifetime: Duration) -> Self {
        self.max_lifetime = Some(lifetime);
        self
    }

    /// Takes only access tokens that say so in their header (`at+jwt`, RFC 9068). Keycloak's do if the client is told
    /// to; without it they say it in a claim.
    #[must_use]
    pub fn only_rfc9068(mut self) -> Self {
        self.only_rfc9068 = true;
        self
    }

    /// The name of the platform's claim with the Organization; `org` if not called.
    #[must_use]
    pub fn organization_claim(mut self, name: impl Into<String>) -> Self {
        self.platform_claim = name.into();
        self
    }

    /// Remembers up to `tokens` access tokens that were verified, by their SHA-256 and to their end, so that one that
    /// is shown again costs a hash. Off if not called. All are forgotten when the issuer's keys change.
    #[must_use]
    pub fn remember(mut self, tokens: usize) -> Self {
        self.remembered = tokens;
        self
    }

    /// Asks for a nonce of ours in DPoP proofs (RFC 9449 section 9), so that proofs cannot be made ahead. The nonces
    /// are made with `key`, of at least 32 bytes and the same in all replicas of a service.
    #[must_use]
    pub fn dpop_nonce(mut self, key: SecretBytes) -> Self {
        self.nonces = Some(key);
        self
    }

    /// How many DPoP proofs of the last minute are remembered; 100,000 if not called. When they are more, proofs are
    /// refused: see `replay_memory_full`.
    #[must_use]
    pub fn dpop_memory(mut self, proofs: usize) -> Self {
        self.proofs = proofs;
        self
    }

    /// The TLS settings with which the keys are fetched.
    #[must_use]
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = tls;
        self
    }

    /// Takes the keys from elsewhere than the realm's own address.
    #[must_use]
    pub fn keys(mut self, keys: Arc<dyn KeySource>) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Tells the wall time by which tokens begin and end.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The verifier. No I/O happens; the keys are fetched with the first token.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for an audience that is empty or `account`, for no algorithm, for a skew over 60 s, and
    /// for a short key of nonces;
    /// [`ErrorKind::Tls`] if the TLS settings cannot work.
    pub fn build(self) -> Result<TokenVerifier> {
        if let Some(fault) = self.fault() {
            return Err(Error::new(ErrorKind::Config, "build a token verifier").with_help(fault));
        }
        let keys = match self.keys {
            Some(keys) => keys,
            None => Arc::new(HttpKeySource::new(&self.realm, self.tls)?),
        };
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let skew = seconds(self.skew);
        let nonces = self.nonces.as_ref().map(Nonces::new).transpose()?;
        let policy = Policy {
            issuer: self.realm.issuer().clone(),
            audience: self.audience.into(),
            algorithms: self.algorithms.clone(),
            clients: self.clients,
            client: self.client,
            skew,
            max_lifetime: self.max_lifetime.map(seconds),
            only_rfc9068: self.only_rfc9068,
            platform_claim: self.platform_claim.into(),
        };
        Ok(TokenVerifier(Arc::new(Inner {
            policy,
            keys: KeyCache::new(keys),
            clock: self.clock,
            remembered: (self.remembered > 0).then(|| Remembered::new(self.remembered)),
            proofs: Proofs::new(self.algorithms, skew, nonces, self.proofs),
            logouts: Replays::new(LOGOUTS),
        })))
    }

    fn fault(&self) -> Option<&'static str> {
        if self.audience.is_empty() {
            return Some("name the audience: what clients put into aud for this service");
        }
        if self.audience == ACCOUNT {
            return Some(
                "the audience account is in every token of the realm and proves nothing: give the clients an \
                 audience mapper for this service",
            );
        }
        if self.algorithms.is_empty() {
            return Some("allow at least one algorithm");
        }
        (self.skew > MAX_SKEW).then_some("a skew is at most 60 s: set the clock right instead")
    }
}
