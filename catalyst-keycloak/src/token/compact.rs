//! The three parts of a compact JWS (RFC 7515 section 7.1) and its header.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, Visitor};
use serde_json::value::RawValue;

use super::{Refusal, base64url, lists};
use crate::jose::{Algorithm, KeySet};

/// The largest token that is read, in bytes.
pub(super) const MAX_TOKEN: usize = 16 << 10;
/// The largest signature, that of an RSA key of 8192 bits, in base64url.
const MAX_SIGNATURE: usize = 1366;
/// A signature larger than this, that of an RSA key of 2048 bits, is decoded on the heap. Room on the stack is not free:
/// it is cleared for each token.
const USUAL_SIGNATURE: usize = 256;
/// A header larger than this is read on the heap.
const USUAL_HEADER: usize = 256;

/// A token, taken apart and not yet believed.
#[derive(Clone, Copy)]
pub(super) struct Compact<'a> {
    pub(super) header: &'a str,
    pub(super) payload: &'a str,
    pub(super) signature: &'a str,
    /// What the signature is over.
    pub(super) signed: &'a str,
}

impl<'a> Compact<'a> {
    pub(super) fn split(token: &'a str) -> Result<Self, Refusal> {
        if token.len() > MAX_TOKEN {
            return Err(Refusal::Malformed("it is larger than 16 KiB"));
        }
        let parts = || {
            let (signed, signature) = token.rsplit_once('.')?;
            let (header, payload) = signed.split_once('.')?;
            Some(Self { header, payload, signature, signed })
        };
        // A dot too many is no base64url and fails there.
        parts().ok_or(Refusal::Malformed("it has not three parts"))
    }

    /// Whether the signature is one of `key`.
    pub(super) fn is_signed_by(&self, key: &crate::jose::VerifyingKey, algorithm: Algorithm) -> bool {
        if self.signature.len() > MAX_SIGNATURE {
            return false;
        }
        let accepts = |signature: &[u8]| key.accepts(algorithm, self.signed.as_bytes(), signature);
        let mut usual = [0; USUAL_SIGNATURE];
        match base64url::decode_into(self.signature, &mut usual) {
            Some(signature) => accepts(signature),
            None => base64url::decode(self.signature).is_some_and(|signature| accepts(&signature)),
        }
    }

    /// The payload as text.
    pub(super) fn payload(&self) -> Result<String, Refusal> {
        let bytes =
            base64url::decode(self.payload).ok_or(Refusal::Malformed("the payload is not base64url"))?;
        String::from_utf8(bytes).map_err(|_invalid| Refusal::Malformed("the payload is not UTF-8"))
    }
}

/// The header as it stands in the token. What it says about keys (`jku`, `x5u`, `x5c`) is not even read.
#[derive(Deserialize)]
pub(super) struct Header<'a> {
    #[serde(borrow)]
    alg: Word<'a>,
    #[serde(borrow, default)]
    kid: Option<Word<'a>>,
    #[serde(borrow, default)]
    typ: Option<Word<'a>>,
    #[serde(borrow, default)]
    jwk: Option<&'a RawValue>,
    #[serde(default)]
    crit: Present,
    #[serde(default)]
    b64: Present,
    #[serde(default)]
    zip: Present,
    #[serde(default)]
    enc: Present,
}

/// Where the header is decoded.
pub(super) struct HeaderBuffer {
    usual: [u8; USUAL_HEADER],
    large: Vec<u8>,
}

impl HeaderBuffer {
    pub(super) fn new() -> Self {
        Self { usual: [0; USUAL_HEADER], large: Vec::new() }
    }
}

impl<'a> Header<'a> {
    pub(super) fn read(segment: &str, buffer: &'a mut HeaderBuffer) -> Result<Self, Refusal> {
        let needed = segment.len() / 4 * 3 + 2;
        let place = if needed <= USUAL_HEADER {
            &mut buffer.usual[..]
        } else {
            buffer.large.resize(needed, 0);
            &mut buffer.large[..]
        };
        let bytes = base64url::decode_into(segment, place)
            .ok_or(Refusal::Malformed("the header is not base64url"))?;
        let header: Self = str::from_utf8(bytes)
            .ok()
            .and_then(lists::object)
            .ok_or(Refusal::Malformed("the header is not a JSON object with the member alg"))?;
        if header.crit.0 || header.b64.0 {
            return Err(Refusal::Malformed("the header asks for an extension that is not spoken (crit)"));
        }
        if header.zip.0 || header.enc.0 {
            return Err(Refusal::Malformed("it is compressed or encrypted"));
        }
        Ok(header)
    }

    /// The algorithm that it claims, if that is one of `allowed`.
    pub(super) fn algorithm(&self, allowed: &[Algorithm]) -> Result<Algorithm, Refusal> {
        let mut named = allowed.iter().filter(|algorithm| algorithm.as_str() == self.alg.as_str());
        named.next().copied().ok_or(Refusal::Algorithm)
    }

    pub(super) fn kid(&self) -> Result<&str, Refusal> {
        let kid = self.kid.as_ref().map(Word::as_str).unwrap_or_default();
        if (1..=KeySet::MAX_KID).contains(&kid.len()) {
            return Ok(kid);
        }
        Err(Refusal::Malformed("the header names no key of at most 256 bytes (kid)"))
    }

    /// The media type without `application/`; empty if there is none.
    pub(super) fn typ(&self) -> &str {
        let typ = self.typ.as_ref().map(Word::as_str).unwrap_or_default();
        match typ.split_at_checked("application/".len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
            _ => typ,
        }
    }

    /// The public key in the header, of which only a DPoP proof makes use.
    pub(super) fn jwk(&self) -> Option<&'a str> {
        self.jwk.map(RawValue::get)
    }
}

/// A text that is borrowed from its JSON unless it is escaped there.
pub(super) struct Word<'a>(Cow<'a, str>);

impl<'a> Word<'a> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn into_inner(self) -> Cow<'a, str> {
        self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Word<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Word<'de>, E> {
                Ok(Word(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Word<'de>, E> {
                Ok(Word(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Whether a member is there, whatever its value.
#[derive(Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_ignored| Self(true))
    }
}
