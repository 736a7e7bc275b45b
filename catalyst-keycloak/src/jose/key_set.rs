//! Sets of public keys, as servers publish them.

use std::fmt;

use catalyst_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde::de::{self, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Algorithm, Jwk, JwkSet, VerifyingKey};

/// The keys of one issuer that verify, found by identifier and algorithm.
///
/// Read from what a server published (RFC 7517 section 5): keys of unknown kinds and keys for encryption, which
/// Keycloak puts first, are passed over; an identifier that two keys claim for the same algorithm is refused; and so
/// is a set in which nothing verifies.
#[derive(Debug, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<VerifyingKey>,
}

impl KeySet {
    /// The largest set that is read, in bytes.
    pub const MAX_BYTES: usize = 512 << 10;
    /// The most keys of a set, usable or not.
    pub const MAX_KEYS: usize = 64;
    /// The longest identifier of a key, in bytes.
    pub const MAX_KID: usize = 256;

    /// Reads a set from JSON.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] with the code `key_set_refused`: not a set of keys, over a limit, ambiguous, or nothing in
    /// it verifies.
    pub fn parse(json: &[u8]) -> Result<Self> {
        if json.len() > Self::MAX_BYTES {
            return Err(refused("it is larger than 512 KiB"));
        }
        // Serde alone would take a list for a struct, too.
        let object = json.trim_ascii_start().starts_with(b"{");
        let published: Option<Published> = object.then(|| serde_json::from_slice(json).ok()).flatten();
        let published = published.ok_or_else(|| refused("it is not a list of at most 64 keys"))?;
        Self::of(published.keys.0)
    }

    /// The keys of `set` that verify.
    ///
    /// # Errors
    /// As [`KeySet::parse`].
    pub fn from_jwks(set: &JwkSet) -> Result<Self> {
        if set.keys.len() > Self::MAX_KEYS {
            return Err(refused("it has more than 64 keys"));
        }
        Self::of(set.keys.iter().filter_map(|jwk| VerifyingKey::read(jwk).ok()).collect())
    }

    /// The key `kid` if it is for `algorithm`. Does not allocate.
    pub fn find(&self, kid: &str, algorithm: Algorithm) -> Option<&VerifyingKey> {
        self.keys.get(self.position(kid, algorithm)?)
    }

    /// Where that key stands in [`KeySet::keys`].
    pub(crate) fn position(&self, kid: &str, algorithm: Algorithm) -> Option<usize> {
        self.keys.iter().position(|key| key.kid() == Some(kid) && key.is_for(algorithm))
    }

    /// Identifiers and algorithms of the keys.
    pub fn keys(&self) -> &[VerifyingKey] {
        &self.keys
    }

    fn of(mut keys: Vec<VerifyingKey>) -> Result<Self> {
        // Nothing can name a key without an identifier.
        keys.retain(|key| key.kid().is_some_and(|kid| (1..=Self::MAX_KID).contains(&kid.len())));
        for (index, key) in keys.iter().enumerate() {
            let same = |other: &&VerifyingKey| {
                other.kid() == key.kid() && key.algorithms().any(|algorithm| other.is_for(algorithm))
            };
            if keys.iter().skip(index + 1).any(|other| same(&other)) {
                return Err(refused("two keys have the same kid for the same algorithm"));
            }
        }
        if keys.is_empty() {
            return Err(refused("no key in it is for verification"));
        }
        keys.sort_by(|a, b| (a.kid(), a.thumbprint()).cmp(&(b.kid(), b.thumbprint())));
        Ok(Self { keys })
    }
}

fn refused(why: &'static str) -> Error {
    Error::new(ErrorKind::Decode, "read a set of keys").with_code("key_set_refused").with_help(why)
}

#[derive(Deserialize)]
struct Published {
    keys: Usable,
}

/// The keys that verify; the others were counted and passed over.
struct Usable(Vec<VerifyingKey>);

impl<'de> Deserialize<'de> for Usable {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Usable;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of keys")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Usable, A::Error> {
                let (mut usable, mut count) = (Vec::new(), 0);
                while let Some(key) = list.next_element::<&RawValue>()? {
                    count += 1;
                    if count > KeySet::MAX_KEYS {
                        return Err(de::Error::custom("too many keys"));
                    }
                    let jwk = key
                        .get()
                        .starts_with('{')
                        .then(|| serde_json::from_str::<Jwk>(key.get()).ok())
                        .flatten();
                    usable.extend(jwk.and_then(|jwk| VerifyingKey::read(&jwk).ok()));
                }
                Ok(Usable(usable))
            }
        }
        deserializer.deserialize_seq(Keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::SigningKey;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn parse(set: &Value) -> Result<KeySet> {
        KeySet::parse(set.to_string().as_bytes())
    }

    fn published(algorithm: Algorithm) -> Value {
        serde_json::to_value(SigningKey::generate(algorithm).unwrap().public_jwk()).unwrap()
    }

    #[test]
    fn keycloaks_encryption_key_comes_first_and_is_passed_over() {
        let mut encryption = published(Algorithm::Rs256);
        encryption["use"] = json!("enc");
        encryption["alg"] = json!("RSA-OAEP");
        let signing = published(Algorithm::Rs256);
        let strange = json!({"kty": "AKP", "alg": "ML-DSA-44", "kid": "pq", "pub": "AAAA"});
        let set =
            parse(&json!({"keys": [encryption, strange, {"kty": 7}, [], "x", signing.clone()]})).unwrap();
        let kid = signing["kid"].as_str().unwrap();
        assert_eq!(set.keys().len(), 1);
        assert!(set.find(kid, Algorithm::Rs256).is_some());
        assert!(set.find(kid, Algorithm::Ps256).is_none(), "the key says RS256");
        assert!(set.find(encryption["kid"].as_str().unwrap(), Algorithm::Rs256).is_none());
        assert!(parse(&json!({"keys": [encryption]})).is_err(), "nothing in it verifies");
    }

    #[test]
    fn an_ambiguous_identifier_is_refused_but_one_per_algorithm_is_not() {
        let (mut one, mut other, mut ec) =
            (published(Algorithm::Rs256), published(Algorithm::Rs256), published(Algorithm::Es256));
        for key in [&mut one, &mut other, &mut ec] {
            key["kid"] = json!("a");
        }
        let set = parse(&json!({"keys": [one.clone(), ec.clone()]})).unwrap();
        assert!(set.find("a", Algorithm::Rs256).is_some() && set.find("a", Algorithm::Es256).is_some());
        assert_eq!(set, parse(&json!({"keys": [ec, one.clone()]})).unwrap(), "the order means nothing");
        let error = parse(&json!({"keys": [one, other]})).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Decode, Some("key_set_refused")));
    }

    #[test]
    fn a_set_is_bounded() {
        let key = published(Algorithm::EdDsa);
        let many: Vec<_> = (0..64).map(|_| json!({"kty": "oct"})).chain([key.clone()]).collect();
        assert!(parse(&json!({ "keys": many })).is_err());
        assert!(parse(&json!({"keys": [key], "padding": "x".repeat(KeySet::MAX_BYTES)})).is_err());
        for text in
            ["", "{}", "[[]]", "[]", "null", r#"{"keys":null}"#, r#"{"keys":[]}"#, r#"{"keys":[],"keys":[]}"#]
        {
            assert!(KeySet::parse(text.as_bytes()).is_err(), "{text}");
        }
        let deep = format!("{{\"keys\":[{}{}]}}", "[".repeat(200_000), "]".repeat(200_000));
        assert!(KeySet::parse(deep.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(KeySet::parse(&bytes).is_err());
        }

        /// A good set in which one byte is another: never a panic, and never a key of another identifier.
        #[test]
        fn fuzz_a_changed_set_is_read_or_refused(at in 0_usize..400, byte in any::<u8>()) {
            let mut text = json!({"keys": [
                {"kty": "OKP", "crv": "Ed25519", "kid": "one", "use": "sig", "alg": "EdDSA",
                 "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
                {"kty": "RSA", "kid": "two", "n": "AQAB", "e": "AQAB"},
            ]}).to_string().into_bytes();
            let at = at % text.len();
            text[at] = byte;
            if let Ok(set) = KeySet::parse(&text) {
                prop_assert!(set.keys().len() == 1);
            }
        }
    }
}
