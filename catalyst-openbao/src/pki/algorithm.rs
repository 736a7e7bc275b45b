//! Kinds of keys.

use serde::{Deserialize, Serialize};

/// What a certificate's key is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// RSA with 2,048 bits.
    Rsa2048,
    /// RSA with 3,072 bits.
    Rsa3072,
    /// RSA with 4,096 bits.
    Rsa4096,
    /// ECDSA on P-256.
    #[default]
    EcP256,
    /// ECDSA on P-384.
    EcP384,
    /// ECDSA on P-521.
    EcP521,
    /// Ed25519.
    Ed25519,
}

impl KeyAlgorithm {
    const ALL: [Self; 7] = [
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::EcP256,
        Self::EcP384,
        Self::EcP521,
        Self::Ed25519,
    ];

    /// As the server names it, with the number of bits.
    pub(super) fn wire(self) -> KeyWire {
        let (key_type, key_bits) = match self {
            Self::Rsa2048 => ("rsa", 2048),
            Self::Rsa3072 => ("rsa", 3072),
            Self::Rsa4096 => ("rsa", 4096),
            Self::EcP256 => ("ec", 256),
            Self::EcP384 => ("ec", 384),
            Self::EcP521 => ("ec", 521),
            Self::Ed25519 => ("ed25519", 0),
        };
        KeyWire { key_type: key_type.to_owned(), key_bits }
    }
}

/// Which keys the certificates of a role have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "KeyWire", into = "KeyWire")]
#[non_exhaustive]
pub enum RoleKey {
    /// Keys of this kind.
    Of(KeyAlgorithm),
    /// Whatever a request for signing brings. To issue, the request must name the kind.
    Any,
    /// Another kind, by the server's name.
    Other {
        /// Such as `ec`.
        key_type: String,
        /// How many bits it has.
        key_bits: u32,
    },
}

impl Default for RoleKey {
    fn default() -> Self {
        Self::Of(KeyAlgorithm::default())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeyWire {
    pub(super) key_type: String,
    #[serde(default)]
    pub(super) key_bits: u32,
}

impl From<KeyWire> for RoleKey {
    fn from(wire: KeyWire) -> Self {
        if wire.key_type == "any" {
            return Self::Any;
        }
        let known = KeyAlgorithm::ALL.into_iter().find(|known| known.wire() == wire);
        known.map_or(Self::Other { key_type: wire.key_type, key_bits: wire.key_bits }, Self::Of)
    }
}

impl From<RoleKey> for KeyWire {
    fn from(key: RoleKey) -> Self {
        match key {
            RoleKey::Of(algorithm) => algorithm.wire(),
            RoleKey::Any => Self { key_type: "any".to_owned(), key_bits: 0 },
            RoleKey::Other { key_type, key_bits } => Self { key_type, key_bits },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_back_from_the_wire() {
        let known = KeyAlgorithm::ALL.into_iter().map(RoleKey::Of);
        let other = RoleKey::Other { key_type: "ec".to_owned(), key_bits: 224 };
        for key in known.chain([RoleKey::Any, other]) {
            let text = serde_json::to_string(&key).unwrap();
            assert_eq!(serde_json::from_str::<RoleKey>(&text).unwrap(), key, "{text}");
        }
    }
}
