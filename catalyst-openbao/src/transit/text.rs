//! What transit makes: texts that carry the version of the key that made them.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use catalyst_core::{Error, ErrorKind, Result};
use serde::de::{Deserialize, Deserializer, Visitor};

/// The longest text, in bytes.
const MAX_BYTES: usize = 32 << 20;
const PREFIX: &str = "vault:v";

macro_rules! texts {
    ($($(#[doc = $docs:literal])* $name:ident, $what:literal;)*) => {$(
        $(#[doc = $docs])*
        ///
        /// A text such as `vault:v3:…`, checked for its form when it is parsed; at most 32 MiB. `Display` shows the
        /// whole, to be stored; `Debug` its version only.
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name {
            text: Box<str>,
            version: u64,
        }

        impl $name {
            /// The whole text.
            pub fn as_str(&self) -> &str {
                &self.text
            }

            /// The version of the key that made it; the first is 1.
            pub fn key_version(&self) -> u64 {
                self.version
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// # Errors
            /// [`ErrorKind::InvalidRequest`], code `malformed_input`; the text is not quoted.
            fn from_str(text: &str) -> Result<Self> {
                let malformed = |help| {
                    Error::new(ErrorKind::InvalidRequest, concat!("read ", $what))
                        .with_code("malformed_input")
                        .with_help(help)
                };
                let version = read(text).map_err(malformed)?;
                Ok(Self { text: text.into(), version })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "(version {})"), self.version)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("a ", $what, " of transit"))
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        let version = read(text).map_err(E::custom)?;
                        Ok($name { text: text.into(), version })
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    )*};
}

texts! {
    /// What [`Encryption::encrypt`](crate::Encryption::encrypt) made of a plaintext.
    ///
    /// ```
    /// use catalyst_openbao::Ciphertext;
    ///
    /// let ciphertext: Ciphertext = "vault:v2:BdWuZAdo2kZnIlAAteBASiuQskZgQgxB7Rb3s6G3dgfV".parse()?;
    /// assert_eq!(ciphertext.key_version(), 2);
    /// assert!("vault:v2:".parse::<Ciphertext>().is_err());
    /// # Ok::<(), catalyst_openbao::Error>(())
    /// ```
    Ciphertext, "ciphertext";

    /// What [`Signing::sign`](crate::Signing::sign) made of a message.
    Signature, "signature";

    /// What [`Signing::hmac`](crate::Signing::hmac) made of a message. To check one, ask the server, which takes the
    /// same time whatever differs.
    Hmac, "HMAC";
}

impl Signature {
    /// The bytes of the signature, for those who verify it without the server: in ASN.1 or as in JWS, as it was asked
    /// for.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`], code `malformed_input`, if they are no base64.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        decode(&self.text)
    }
}

impl Hmac {
    /// The bytes of the HMAC.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`], code `malformed_input`, if they are no base64.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        decode(&self.text)
    }
}

/// The version that `text` names; what is wrong with it otherwise.
fn read(text: &str) -> Result<u64, &'static str> {
    if text.len() > MAX_BYTES {
        return Err("it is longer than 32 MiB");
    }
    let rest = text.strip_prefix(PREFIX).ok_or("it does not begin with \"vault:v\"")?;
    let (version, body) = rest.split_once(':').ok_or("there is nothing behind the version of its key")?;
    if body.is_empty() {
        return Err("there is nothing behind the version of its key");
    }
    if !body
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'='))
    {
        return Err("what stands behind the version of its key is no base64");
    }
    let digits = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    version
        .parse()
        .ok()
        .filter(|&version: &u64| digits && version > 0)
        .ok_or("the version of its key is no number above zero")
}

/// What stands behind the version: either alphabet, padded or not.
fn decode(text: &str) -> Result<Vec<u8>> {
    let body = text.rsplit(':').next().unwrap_or_default();
    let alphabet = if body.contains(['-', '_']) { alphabet::URL_SAFE } else { alphabet::STANDARD };
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&alphabet, config).decode(body).map_err(|_quotes_nothing| {
        Error::new(ErrorKind::InvalidRequest, "read signature")
            .with_code("malformed_input")
            .with_help("what stands behind the version of its key is no base64")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_malformed_text_is_refused_and_not_quoted() {
        let long = format!("vault:v1:{}", "A".repeat(MAX_BYTES));
        for bad in [
            "",
            "canary",
            "vault:v1",
            "vault:v1:",
            "vault:v:AAAA",
            "vault:v0:AAAA",
            "vault:vx:AAAA",
            "vault:v+1:AAAA",
            "vault:v1:canary canary",
            "vault:v1:AA:AA",
            "vault:v99999999999999999999:AAAA",
            &long,
        ] {
            let error = bad.parse::<Ciphertext>().unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("malformed_input")));
            assert!(error.help().is_some() && !format!("{error:?} {error}").contains("canary"), "{bad}");
        }
    }

    #[test]
    fn the_version_is_read_and_debug_shows_nothing_else() {
        let ciphertext: Ciphertext = "vault:v12:q0d3".parse().unwrap();
        assert_eq!(ciphertext.key_version(), 12);
        assert_eq!(format!("{ciphertext:?} {ciphertext}"), "Ciphertext(version 12) vault:v12:q0d3");
    }

    #[test]
    fn the_bytes_of_a_signature_come_in_either_alphabet() {
        for text in ["vault:v1:-_8=", "vault:v1:-_8", "vault:v1:+/8=", "vault:v1:+/8"] {
            assert_eq!(text.parse::<Signature>().unwrap().to_bytes().unwrap(), [0xfb, 0xff], "{text}");
        }
        assert!("vault:v1:A".parse::<Signature>().unwrap().to_bytes().is_err());
        assert_eq!("vault:v1:+/8=".parse::<Hmac>().unwrap().to_bytes().unwrap(), [0xfb, 0xff]);
    }

    proptest! {
        #[test]
        fn what_is_accepted_comes_back_as_it_was(text in "(vault)?:?v[0-9]{0,3}:?[A-Za-z0-9+/=]{0,8}|\\PC{0,12}") {
            if let Ok(parsed) = text.parse::<Signature>() {
                prop_assert_eq!(parsed.to_string(), text);
                prop_assert!(parsed.key_version() > 0);
                let _bytes = parsed.to_bytes();
            }
        }
    }
}
