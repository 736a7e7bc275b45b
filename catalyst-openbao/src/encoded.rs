//! Bytes as the server's JSON carries them: base64, straight into the body of a request and straight out of that of
//! an answer.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::SecretBytes;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use zeroize::Zeroizing;

/// Bytes that are encoded at a time: a multiple of three, so that only the end is padded.
const CHUNK: usize = 768;

/// Writes bytes as base64, without a copy of the whole.
#[derive(Clone, Copy)]
pub(crate) struct Encoded<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Zeroizing::new([0_u8; CHUNK / 3 * 4]);
        for chunk in self.0.chunks(CHUNK) {
            let length =
                STANDARD.encode_slice(chunk, text.as_mut_slice()).map_err(|_too_small| fmt::Error)?;
            let text = text.get(..length).unwrap_or_default();
            f.write_str(std::str::from_utf8(text).map_err(|_never| fmt::Error)?)?;
        }
        Ok(())
    }
}

impl Serialize for Encoded<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Bytes that came as base64.
pub(crate) struct Decoded(pub(crate) Box<[u8]>);

impl Decoded {
    pub(crate) fn into_secret(self) -> SecretBytes {
        SecretBytes::new(self.0)
    }
}

/// Decodes into an allocation of the very size, so that none is left behind.
pub(crate) fn decode(text: &str) -> Option<Box<[u8]>> {
    let padding = text.bytes().rev().take_while(|&byte| byte == b'=').count();
    let length = (text.len() / 4 * 3).checked_sub(padding)?;
    let mut bytes = vec![0; length].into_boxed_slice();
    let written = STANDARD.decode_slice(text, &mut bytes).ok()?;
    (written == length).then_some(bytes)
}

impl<'de> Deserialize<'de> for Decoded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Decoded;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("base64")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Decoded, E> {
                decode(text).map(Decoded).ok_or_else(|| E::custom("expected base64"))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_base64_is_refused_without_being_quoted() {
        for bad in ["canary", "a", "====", "AA=A", "AAA", "A===", "=", "QQ==QQ=="] {
            assert!(decode(bad).is_none(), "{bad}");
            let error = serde_json::from_str::<Decoded>(&format!("\"{bad}\"")).err().unwrap();
            assert!(!error.to_string().contains("canary"));
        }
        assert_eq!(decode("").as_deref(), Some(b"".as_slice()));
    }

    proptest! {
        #[test]
        fn bytes_of_any_length_come_back_as_they_were(bytes in proptest::collection::vec(any::<u8>(), 0..4000)) {
            let json = serde_json::to_string(&Encoded(&bytes)).unwrap();
            prop_assert_eq!(json.trim_matches('"'), STANDARD.encode(&bytes));
            prop_assert_eq!(&*serde_json::from_str::<Decoded>(&json).unwrap().0, bytes.as_slice());
        }

        #[test]
        fn no_text_makes_decoding_panic(text in "[A-Za-z0-9+/=]{0,12}|\\PC{0,8}") {
            let _bytes = decode(&text);
        }
    }
}
