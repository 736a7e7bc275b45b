//! Kinds of keys that the server makes.

use serde::{Serialize, Serializer};

/// A kind of key that the server makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyType {
    /// Ed25519
    #[default]
    Ed25519,
    /// ECDSA on the curve P-256
    EcdsaP256,
    /// ECDSA on the curve P-384
    EcdsaP384,
    /// ECDSA on the curve P-521
    EcdsaP521,
    /// RSA with 2,048 bits
    Rsa2048,
    /// RSA with 3,072 bits
    Rsa3072,
    /// RSA with 4,096 bits. One takes the server a second or more.
    Rsa4096,
}

/// As a part of a body.
impl Serialize for KeyType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Body {
            key_type: &'static str,
            key_bits: u16,
        }
        let (key_type, key_bits) = match self {
            Self::Ed25519 => ("ed25519", 0),
            Self::EcdsaP256 => ("ec", 256),
            Self::EcdsaP384 => ("ec", 384),
            Self::EcdsaP521 => ("ec", 521),
            Self::Rsa2048 => ("rsa", 2048),
            Self::Rsa3072 => ("rsa", 3072),
            Self::Rsa4096 => ("rsa", 4096),
        };
        Body { key_type, key_bits }.serialize(serializer)
    }
}
