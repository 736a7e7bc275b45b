//! The server's side: what a proof must say (RFC 9449 section 4.3).

use catalyst_core::Result;
use serde::Deserialize;
use url::Url;

use super::Nonces;
use super::key::hash;
use crate::jose::{Algorithm, Jwk, VerifyingKey};
use crate::token::Refusal;
use crate::token::compact::{Compact, Header, HeaderBuffer};
use crate::token::lists;
use crate::token::replay::Replays;

/// The largest proof, in bytes.
const MAX_PROOF: usize = 8 << 10;
/// A proof is good for so many seconds.
const LIFETIME: i64 = 60;
/// The longest modulus in base64url: that of 4096 bits. A larger one would cost us more than the client.
const LONGEST_MODULUS: usize = 684;
/// Members of private and symmetric keys (RFC 7518 section 6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Checks proofs and remembers those that were used.
#[derive(Debug)]
pub(in crate::token) struct Proofs {
    algorithms: Vec<Algorithm>,
    /// Seconds.
    skew: i64,
    nonces: Option<Nonces>,
    used: Replays,
}

/// A proof that was found right.
pub(in crate::token) struct Shown {
    key: String,
    id: String,
    /// The last second at which it would be taken.
    until: i64,
}

impl Shown {
    /// The thumbprint of the key that made it.
    pub(in crate::token) fn key(&self) -> &str {
        &self.key
    }
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    ath: String,
    #[serde(default)]
    nonce: Option<String>,
}

impl Proofs {
    pub(in crate::token) fn new(
        algorithms: Vec<Algorithm>,
        skew: i64,
        nonces: Option<Nonces>,
        capacity: usize,
    ) -> Self {
        Self { algorithms, skew, nonces, used: Replays::new(capacity) }
    }

    pub(in crate::token) fn nonce(&self, now: i64) -> Option<String> {
        self.nonces.as_ref().map(|nonces| nonces.current(now))
    }

    /// Whether `proof` is one for this request with this `token`. It is not used up yet.
    pub(in crate::token) fn check(
        &self,
        proof: &str,
        token: &str,
        method: &str,
        url: &Url,
        now: i64,
    ) -> Result<Shown, Refusal> {
        if proof.len() > MAX_PROOF {
            return Err(Refusal::DpopProof("the proof is larger than 8 KiB"));
        }
        let compact = Compact::split(proof).map_err(in_proof)?;
        let mut buffer = HeaderBuffer::new();
        let header = Header::read(compact.header, &mut buffer).map_err(in_proof)?;
        if !header.typ().eq_ignore_ascii_case("dpop+jwt") {
            return Err(Refusal::DpopProof("the header is not that of a proof (typ)"));
        }
        let algorithm = header.algorithm(&self.algorithms)?;
        let key = key_of(&header, algorithm)?;
        if !compact.is_signed_by(&key, algorithm) {
            return Err(Refusal::DpopProof("the signature is not one of the key in the header"));
        }
        let payload = compact.payload().map_err(in_proof)?;
        let claims: Claims =
            lists::object(&payload).ok_or(Refusal::DpopProof("the proof lacks jti, htm, htu, iat or ath"))?;
        self.check_claims(&claims, token, method, url, now)?;
        let until = claims.iat.saturating_add(LIFETIME + self.skew);
        Ok(Shown { key: key.thumbprint().to_owned(), id: claims.jti, until })
    }

    /// Remembers that the proof was used.
    pub(in crate::token) fn use_up(&self, shown: &Shown, now: i64) -> Result<(), Refusal> {
        self.used.first_use(&shown.key, &shown.id, shown.until, now)
    }

    fn check_claims(
        &self,
        claims: &Claims,
        token: &str,
        method: &str,
        url: &Url,
        now: i64,
    ) -> Result<(), Refusal> {
        let refuse = |why| Err(Refusal::DpopProof(why));
        if !(1..=256).contains(&claims.jti.len()) {
            return refuse("the identifier of the proof has 1 to 256 bytes (jti)");
        }
        if claims.htm != method {
            return refuse("the proof is for another method (htm)");
        }
        if Url::parse(&claims.htu).ok().map(bare) != Some(bare(url.clone())) {
            return refuse("the proof is for another address (htu)");
        }
        if claims.ath != hash(token) {
            return refuse("the proof is for another token (ath)");
        }
        // The nonce first: a client whose clock is wrong can still be told what to use.
        match (&self.nonces, &claims.nonce) {
            (Some(nonces), Some(nonce)) if nonces.accepts(nonce, now) => {}
            (Some(_), _) => return Err(Refusal::DpopNonce),
            (None, _) => {}
        }
        if claims.iat > now.saturating_add(self.skew) {
            return refuse("the proof is of the future (iat); is this clock right?");
        }
        if claims.iat.saturating_add(LIFETIME + self.skew) < now {
            return refuse("the proof is too old (iat)");
        }
        Ok(())
    }
}

fn key_of(header: &Header<'_>, algorithm: Algorithm) -> Result<VerifyingKey, Refusal> {
    let unusable = Refusal::DpopProof("the header has no public key for its algorithm (jwk)");
    let json = header.jwk().ok_or(unusable)?;
    let mut private = false;
    if !lists::members(json, |name, _value| private |= PRIVATE.contains(&name.as_ref())) {
        return Err(unusable);
    }
    if private {
        return Err(Refusal::DpopProof("the header holds a private key: make a new one"));
    }
    let mut jwk: Jwk = lists::object(json).ok_or(unusable)?;
    if jwk.n.as_ref().is_some_and(|n| n.len() > LONGEST_MODULUS) {
        return Err(Refusal::DpopProof("an RSA key of a proof has at most 4096 bits"));
    }
    jwk.alg.get_or_insert_with(|| algorithm.to_string());
    VerifyingKey::read(&jwk).map_err(|_why| unusable)
}

/// A fault of the proof, not of the token.
fn in_proof(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Malformed(why) => Refusal::DpopProof(why),
        other => other,
    }
}

/// The address without what proofs do not cover.
fn bare(mut url: Url) -> Url {
    url.set_query(None);
    url.set_fragment(None);
    url
}
