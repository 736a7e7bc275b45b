//! The client's side: a key, and proofs made with it.

use std::fmt;
use std::time::SystemTime;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalyst_core::{Clock, Error, ErrorKind, Result, Secret};
use serde::Serialize;
use url::Url;

use crate::jose::{Algorithm, Jwk, SigningKey};

/// A key that access tokens are bound to (RFC 9449). `Debug` shows its algorithm and identifier.
///
/// Each request needs a proof of its own, to the token endpoint and to services alike.
///
/// ```
/// use catalyst_keycloak::jose::Algorithm;
/// use catalyst_keycloak::token::DpopKey;
///
/// let key = DpopKey::generate(Algorithm::Es256)?;
/// let url = "https://orders.example.test/orders".parse().unwrap();
/// let proof = key.proof("GET", &url, Some(&"the access token".into()), None)?;
/// assert_eq!(proof.expose().split('.').count(), 3);
/// # Ok::<(), catalyst_keycloak::Error>(())
/// ```
pub struct DpopKey {
    key: SigningKey,
    /// The public half and nothing beside it.
    jwk: Jwk,
    clock: Clock,
}

#[derive(Serialize)]
struct Header<'a> {
    typ: &'a str,
    alg: &'a str,
    jwk: &'a Jwk,
}

#[derive(Serialize)]
struct Claims<'a> {
    jti: String,
    htm: &'a str,
    htu: &'a str,
    iat: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

impl DpopKey {
    /// Makes a key.
    ///
    /// # Errors
    /// As [`SigningKey::generate`].
    pub fn generate(algorithm: Algorithm) -> Result<Self> {
        Ok(Self::from_key(SigningKey::generate(algorithm)?))
    }

    /// Makes proofs with `key`.
    pub fn from_key(key: SigningKey) -> Self {
        let jwk = Jwk { kid: None, usage: None, alg: None, ..key.public_jwk() };
        Self { key, jwk, clock: Clock::system() }
    }

    /// Tells the wall time that proofs carry.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// What `cnf.jkt` of a token bound to it is (RFC 7638).
    pub fn thumbprint(&self) -> String {
        self.jwk.thumbprint()
    }

    /// A proof for one request of `method` to `url`, with the `access_token` that goes along, and with the `nonce`
    /// that the server last gave in `DPoP-Nonce`.
    ///
    /// # Errors
    /// [`ErrorKind::Other`] if the machine gives no randomness.
    pub fn proof(
        &self,
        method: &str,
        url: &Url,
        access_token: Option<&Secret>,
        nonce: Option<&str>,
    ) -> Result<Secret> {
        let mut random = [0; 16];
        aws_lc_rs::rand::fill(&mut random)
            .map_err(|_unspecified| Error::new(ErrorKind::Other, "make a DPoP proof"))?;
        let now = self.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let mut bare = url.clone();
        bare.set_query(None);
        bare.set_fragment(None);
        let header = Header { typ: "dpop+jwt", alg: self.key.algorithm().as_str(), jwk: &self.jwk };
        let claims = Claims {
            jti: URL_SAFE_NO_PAD.encode(random),
            htm: method,
            htu: bare.as_str(),
            iat: now.as_secs(),
            ath: access_token.map(|token| hash(token.expose())),
            nonce,
        };
        self.key.sign_with(&header, &claims)
    }
}

/// The hash of a token as it stands in `ath`.
pub(super) fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()))
}

impl fmt::Debug for DpopKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DpopKey").field(&self.key).finish()
    }
}
