//! Keys that verify.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalyst_core::{Error, ErrorKind, Result};

use super::{Algorithm, Jwk};

/// A public key, parsed once, for the algorithms of one family: RSA (2048 to 8192 bits), P-256, P-384 or Ed25519.
///
/// What the key says about itself is enforced: `use` must be `sig`, `key_ops` must hold `verify`, and with an `alg` it
/// is good for that algorithm only (RFC 8725 section 3.1). `x5c`, `x5u` and the like are ignored.
///
/// ```
/// use catalyst_keycloak::jose::{Algorithm, SigningKey, VerifyingKey};
///
/// let key = VerifyingKey::from_jwk(&SigningKey::generate(Algorithm::EdDsa)?.public_jwk())?;
/// assert!(key.verify(Algorithm::EdDsa, b"message", &[0; 64]).is_err());
/// # Ok::<(), catalyst_keycloak::Error>(())
/// ```
pub struct VerifyingKey {
    kid: Option<Box<str>>,
    thumbprint: Box<str>,
    /// The key as each algorithm wants it: one of them, or those of RSA if the key names none.
    parsed: Vec<(Algorithm, ParsedPublicKey)>,
}

/// RSA in bytes of the modulus.
const LARGEST_MODULUS: usize = 1024;
/// A public exponent is small; a large one makes verification expensive.
const LARGEST_EXPONENT: usize = 4;

impl VerifyingKey {
    /// Reads a public key.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if it is not one of the keys above or not for signatures, saying why.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self> {
        Self::read(jwk)
            .map_err(|why| Error::new(ErrorKind::InvalidRequest, "read a public key").with_help(why))
    }

    /// Whether `signature` is one of this key over `message`.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`] with the code `bad_signature` if not, and also if the key is not for
    /// `algorithm`.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<()> {
        if self.accepts(algorithm, message, signature) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Unauthenticated, "verify a signature").with_code("bad_signature"))
    }

    /// Its identifier, if it has one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The thumbprint of the key (RFC 7638).
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Whether it is for `algorithm`.
    pub fn is_for(&self, algorithm: Algorithm) -> bool {
        self.parsed.iter().any(|(known, _)| *known == algorithm)
    }

    pub(crate) fn accepts(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let parsed = self.parsed.iter().find(|(known, _)| *known == algorithm);
        parsed.is_some_and(|(_, key)| key.verify_sig(message, signature).is_ok())
    }

    pub(super) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.parsed.iter().map(|(algorithm, _)| *algorithm)
    }

    pub(crate) fn read(jwk: &Jwk) -> Result<Self, &'static str> {
        if jwk.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err("the key is not for signatures (use)");
        }
        if jwk.key_ops.as_ref().is_some_and(|operations| !operations.iter().any(|one| one == "verify")) {
            return Err("the key is not for verification (key_ops)");
        }
        let named = match jwk.alg.as_deref().map(Algorithm::from_name) {
            Some(None) => return Err("the key is for an algorithm that is not spoken here (alg)"),
            Some(named) => named,
            None => None,
        };
        let mut parsed = Vec::with_capacity(1);
        for algorithm in family(jwk)? {
            if named.is_none_or(|named| named == *algorithm) {
                parsed.push((*algorithm, parse(jwk, *algorithm)?));
            }
        }
        if parsed.is_empty() {
            return Err("the key is of another kind than its algorithm (kty, crv, alg)");
        }
        Ok(Self { kid: jwk.kid.as_deref().map(Into::into), thumbprint: jwk.thumbprint().into(), parsed })
    }
}

/// What a key of this kind could be for.
fn family(jwk: &Jwk) -> Result<&'static [Algorithm], &'static str> {
    use Algorithm::{EdDsa, Es256, Es384, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => Ok(&[Rs256, Rs384, Rs512, Ps256, Ps384, Ps512]),
        ("EC", Some("P-256")) => Ok(&[Es256]),
        ("EC", Some("P-384")) => Ok(&[Es384]),
        ("OKP", Some("Ed25519")) => Ok(&[EdDsa]),
        _ => Err("a key of this kind is not spoken here (kty, crv)"),
    }
}

fn parse(jwk: &Jwk, algorithm: Algorithm) -> Result<ParsedPublicKey, &'static str> {
    match algorithm {
        Algorithm::Rs256 => rsa(jwk, &RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => rsa(jwk, &RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => rsa(jwk, &RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => rsa(jwk, &RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => rsa(jwk, &RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => rsa(jwk, &RSA_PSS_2048_8192_SHA512),
        Algorithm::Es256 => ec(jwk, &ECDSA_P256_SHA256_FIXED, 32),
        Algorithm::Es384 => ec(jwk, &ECDSA_P384_SHA384_FIXED, 48),
        Algorithm::EdDsa => point(&ED25519, &coordinate(jwk.x.as_deref(), 32)?),
    }
}

fn rsa(jwk: &Jwk, parameters: &'static RsaParameters) -> Result<ParsedPublicKey, &'static str> {
    let n = integer(jwk.n.as_deref(), LARGEST_MODULUS)?;
    let e = integer(jwk.e.as_deref(), LARGEST_EXPONENT)?;
    let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
    if bits < 2048 {
        return Err("an RSA key has at least 2048 bits");
    }
    if e.last().is_none_or(|last| last % 2 == 0) || e == [1] {
        return Err("the exponent of an RSA key is odd and larger than 1");
    }
    RsaPublicKeyComponents { n, e }
        .to_parsed_public_key(parameters)
        .map_err(|_rejected| "the numbers make no RSA key")
}

fn ec(
    jwk: &Jwk,
    algorithm: &'static dyn VerificationAlgorithm,
    size: usize,
) -> Result<ParsedPublicKey, &'static str> {
    let (x, y) = (coordinate(jwk.x.as_deref(), size)?, coordinate(jwk.y.as_deref(), size)?);
    point(algorithm, &[&[0x04], x.as_slice(), y.as_slice()].concat())
}

fn point(
    algorithm: &'static dyn VerificationAlgorithm,
    bytes: &[u8],
) -> Result<ParsedPublicKey, &'static str> {
    ParsedPublicKey::new(algorithm, bytes).map_err(|_rejected| "the point is not on the curve")
}

/// A number without leading zeros, of at most `largest` bytes.
fn integer(text: Option<&str>, largest: usize) -> Result<Vec<u8>, &'static str> {
    let mut bytes = decode(text, largest + 1)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..zeros);
    if (1..=largest).contains(&bytes.len()) {
        Ok(bytes)
    } else {
        Err("a number of the key has no usable size")
    }
}

fn coordinate(text: Option<&str>, size: usize) -> Result<Vec<u8>, &'static str> {
    let bytes = decode(text, size)?;
    if bytes.len() == size {
        Ok(bytes)
    } else {
        Err("a coordinate of the key has another size than its curve")
    }
}

fn decode(text: Option<&str>, largest: usize) -> Result<Vec<u8>, &'static str> {
    let text = text.ok_or("a member of the key is missing")?;
    if text.len() > largest.div_ceil(3) * 4 {
        return Err("a member of the key is too long");
    }
    URL_SAFE_NO_PAD.decode(text).map_err(|_invalid| "a member of the key is not base64url")
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.kid == other.kid
            && self.thumbprint == other.thumbprint
            && self.algorithms().eq(other.algorithms())
    }
}

impl Eq for VerifyingKey {}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithms: Vec<_> = self.algorithms().collect();
        write!(f, "VerifyingKey({}, {algorithms:?})", self.kid().unwrap_or(&self.thumbprint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::SigningKey;

    fn refused(change: impl FnOnce(&mut Jwk), algorithm: Algorithm) -> String {
        let mut jwk = SigningKey::generate(algorithm).unwrap().public_jwk();
        change(&mut jwk);
        VerifyingKey::from_jwk(&jwk).unwrap_err().to_string()
    }

    #[test]
    fn what_a_key_says_about_itself_is_enforced() {
        type Change = fn(&mut Jwk);
        let cases: [(Change, &str); 8] = [
            (|jwk| jwk.usage = Some("enc".into()), "(use)"),
            (|jwk| jwk.key_ops = Some(vec!["sign".into()]), "(key_ops)"),
            (|jwk| jwk.alg = Some("RSA-OAEP".into()), "(alg)"),
            (|jwk| jwk.alg = Some("RS256".into()), "(kty, crv, alg)"),
            (|jwk| jwk.crv = Some("P-384".into()), "another kind"),
            (|jwk| jwk.kty = "oct".into(), "(kty, crv)"),
            (|jwk| jwk.y.clone_from(&jwk.x), "not on the curve"),
            (|jwk| jwk.x = Some("AAAA".into()), "another size"),
        ];
        for (change, why) in cases {
            let text = refused(change, Algorithm::Es256);
            assert!(text.contains(why), "{why}: {text}");
        }
    }

    #[test]
    fn weak_and_expensive_rsa_keys_are_refused() {
        let short = |jwk: &mut Jwk| jwk.n = Some(URL_SAFE_NO_PAD.encode([0xc1; 128]));
        assert!(refused(short, Algorithm::Rs256).contains("2048"));
        assert!(refused(|jwk| jwk.e = Some("AAE".into()), Algorithm::Rs256).contains("larger than 1"));
        let costly = |jwk: &mut Jwk| jwk.e = Some(URL_SAFE_NO_PAD.encode([0xff; 200]));
        assert!(refused(costly, Algorithm::Rs256).contains("too long"));
        assert!(refused(|jwk| jwk.n = None, Algorithm::Rs256).contains("missing"));
    }

    #[test]
    fn an_rsa_key_without_alg_is_for_its_family_and_with_one_for_that_alone() {
        let signing = SigningKey::generate(Algorithm::Ps256).unwrap();
        let mut jwk = signing.public_jwk();
        let named = VerifyingKey::from_jwk(&jwk).unwrap();
        assert!(named.is_for(Algorithm::Ps256) && !named.is_for(Algorithm::Rs256));
        jwk.alg = None;
        let open = VerifyingKey::from_jwk(&jwk).unwrap();
        assert!(open.is_for(Algorithm::Rs512) && open.is_for(Algorithm::Ps256));
        assert!(!open.is_for(Algorithm::Es256));
    }
}
