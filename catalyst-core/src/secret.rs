//! Values that must never be printed.

use std::fmt;

use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::de::{Deserialize, Deserializer, Visitor};
use subtle::ConstantTimeEq;

/// A secret text: a password, a token, a signed assertion.
///
/// The memory is wiped on drop. `Debug` prints no part of it, there is no `Display` and no `Serialize`, and
/// equality takes the same time wherever the first difference is. Reading it is the explicit call [`Secret::expose`].
///
/// ```
/// use catalyst_core::Secret;
///
/// let password = Secret::new("hunter2");
/// assert_eq!(format!("{password:?}"), "Secret([redacted])");
/// assert_eq!(password.expose(), "hunter2");
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes over `value`. Pass a `String` of exact capacity or a `Box<str>` to leave no copy behind.
    pub fn new(value: impl Into<Box<str>>) -> Self {
        Self(SecretString::from(value.into()))
    }

    /// The value itself. Keep the borrow short, and copy it nowhere that is not wiped.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }
}

impl Eq for Secret {}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(SecretString::from(value))
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Secret;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E>(self, text: &str) -> Result<Secret, E> {
                Ok(Secret::new(text))
            }
            fn visit_string<E>(self, text: String) -> Result<Secret, E> {
                Ok(Secret::from(text))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Secret bytes: a private key in DER, a request body. The same promises as [`Secret`].
pub struct SecretBytes(SecretBox<[u8]>);

impl SecretBytes {
    /// Takes over `bytes`.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(SecretBox::new(bytes.into()))
    }

    /// The bytes themselves.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl Clone for SecretBytes {
    fn clone(&self) -> Self {
        Self::new(self.expose())
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes([redacted])")
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }
}

impl Eq for SecretBytes {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_not_even_the_length() {
        assert_eq!(format!("{:?}", Secret::new("a")), format!("{:?}", Secret::new("a longer one")));
        assert_eq!(format!("{:?}", SecretBytes::new([1u8, 2, 3])), "SecretBytes([redacted])");
    }

    #[test]
    fn equality_compares_the_whole_value() {
        assert_eq!(Secret::new("same"), Secret::from("same".to_owned()));
        assert_ne!(Secret::new("same"), Secret::new("sam"));
        assert_ne!(SecretBytes::new([1u8]), SecretBytes::new([2u8]));
    }

    #[test]
    fn it_deserializes_from_a_json_string_only() {
        let secret: Secret = serde_json::from_str("\"p\\u00e4ss\"").unwrap();
        assert_eq!(secret.expose(), "päss");
        assert!(serde_json::from_str::<Secret>("7").is_err());
    }
}
