//! Keys that sign.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalyst_core::{Error, ErrorKind, Result, Secret, SecretBytes};
use serde::Serialize;

use super::{Algorithm, Jwk, JwkSet};

/// A private key, with the one algorithm that it signs with. `Debug` shows the algorithm and the identifier.
///
/// ```
/// use catalyst_keycloak::jose::{Algorithm, SigningKey};
///
/// let key = SigningKey::generate(Algorithm::Es256)?;
/// assert_eq!(key.public_jwk().kty, "EC");
/// # Ok::<(), catalyst_keycloak::Error>(())
/// ```
pub struct SigningKey {
    kid: Box<str>,
    algorithm: Algorithm,
    pair: Pair,
    /// PKCS #8, to be stored.
    der: SecretBytes,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
    Ed(Box<Ed25519KeyPair>),
}

impl SigningKey {
    /// Makes a key: 2048 bits for RSA. Its identifier is the thumbprint of the public key (RFC 7638).
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for an algorithm that nothing is signed with here; [`ErrorKind::Other`] if the machine
    /// gives no randomness.
    pub fn generate(algorithm: Algorithm) -> Result<Self> {
        let failed = |_unspecified| Error::new(ErrorKind::Other, "make a signing key");
        let der = match algorithm {
            Algorithm::Es256 => {
                let document =
                    EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                        .map_err(failed)?;
                SecretBytes::new(document.as_ref().to_vec())
            }
            Algorithm::EdDsa => {
                let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(failed)?;
                SecretBytes::new(document.as_ref().to_vec())
            }
            Algorithm::Rs256 | Algorithm::Ps256 => {
                use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
                let document: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                SecretBytes::new(document.as_ref().to_vec())
            }
            other => return Err(unsupported(other)),
        };
        Self::from_pkcs8(algorithm, &der)
    }

    /// Reads a key that [`SigningKey::to_pkcs8`] gave.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is not a key for `algorithm`.
    pub fn from_pkcs8(algorithm: Algorithm, der: &SecretBytes) -> Result<Self> {
        let bad = |_rejected| {
            Error::new(ErrorKind::Config, "read a signing key")
                .with_help(format!("this is not a PKCS #8 key for {algorithm}"))
        };
        let bytes = der.expose();
        let pair = match algorithm {
            Algorithm::Es256 => Pair::Ec(Box::new(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes).map_err(bad)?,
            )),
            Algorithm::EdDsa => Pair::Ed(Box::new(Ed25519KeyPair::from_pkcs8(bytes).map_err(bad)?)),
            Algorithm::Rs256 | Algorithm::Ps256 => {
                Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(bytes).map_err(bad)?))
            }
            other => return Err(unsupported(other)),
        };
        let mut key = Self { kid: "".into(), algorithm, pair, der: der.clone() };
        key.kid = key.thumbprint().into();
        Ok(key)
    }

    /// The key as PKCS #8, to be stored.
    pub fn to_pkcs8(&self) -> &SecretBytes {
        &self.der
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its identifier.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half, for signatures.
    pub fn public_jwk(&self) -> Jwk {
        let encode = |bytes: &[u8]| Some(URL_SAFE_NO_PAD.encode(bytes));
        let (kid, alg) = (Some(self.kid.to_string()), Some(self.algorithm.to_string()));
        let jwk = Jwk { kid, alg, usage: Some("sig".into()), ..Jwk::default() };
        match &self.pair {
            Pair::Rsa(pair) => {
                let public = pair.public_key();
                let modulus = public.modulus().big_endian_without_leading_zero();
                let exponent = public.exponent().big_endian_without_leading_zero();
                Jwk { kty: "RSA".into(), n: encode(modulus), e: encode(exponent), ..jwk }
            }
            Pair::Ec(pair) => {
                // Uncompressed: 04, then the two coordinates.
                let point = pair.public_key().as_ref();
                let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
                Jwk { kty: "EC".into(), crv: Some("P-256".into()), x: encode(x), y: encode(y), ..jwk }
            }
            Pair::Ed(pair) => {
                let x = encode(pair.public_key().as_ref());
                Jwk { kty: "OKP".into(), crv: Some("Ed25519".into()), x, ..jwk }
            }
        }
    }

    /// The set that is registered for this key.
    pub fn public_set(&self) -> JwkSet {
        JwkSet { keys: vec![self.public_jwk()] }
    }

    /// A signed token of type `typ` with these claims (RFC 7515 section 7.1).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if the claims cannot be written as JSON.
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<Secret> {
        #[derive(Serialize)]
        struct Header<'a> {
            alg: &'static str,
            typ: &'a str,
            kid: &'a str,
        }
        let header = Header { alg: self.algorithm.as_str(), typ, kid: &self.kid };
        self.sign_with(&header, claims)
    }

    /// A signed token with a header of the caller's.
    pub(crate) fn sign_with(&self, header: &impl Serialize, claims: &impl Serialize) -> Result<Secret> {
        let unwritable = |error: serde_json::Error| {
            Error::new(ErrorKind::InvalidRequest, "sign a token")
                .with_help("the claims cannot be written as JSON")
                .with_source(error)
        };
        let mut token = URL_SAFE_NO_PAD.encode(serde_json::to_vec(header).map_err(unwritable)?);
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).map_err(unwritable)?));
        let signature = self.signature(token.as_bytes())?;
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Ok(Secret::from(token))
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>> {
        let failed = |_unspecified| Error::new(ErrorKind::Other, "sign a token");
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ed(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Ec(pair) => Ok(pair.sign(&random, message).map_err(failed)?.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let padding: &'static dyn RsaEncoding = match self.algorithm {
                    Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut signed = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signed).map_err(failed)?;
                Ok(signed)
            }
        }
    }

    fn thumbprint(&self) -> String {
        self.public_jwk().thumbprint()
    }
}

fn unsupported(algorithm: Algorithm) -> Error {
    Error::new(ErrorKind::Config, "make a signing key")
        .with_help(format!("nothing is signed with {algorithm} here; use ES256, PS256, RS256 or EdDSA"))
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, {})", self.algorithm, self.kid)
    }
}
