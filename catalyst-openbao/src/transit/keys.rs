//! Keys: how they are to be, and what is known of them.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error as _};

use crate::wire::{Seconds, Time};

/// What a key is and can do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyType {
    /// `aes128-gcm96`: encrypts; can be derived.
    Aes128Gcm96,
    /// `aes256-gcm96`: encrypts; can be derived.
    #[default]
    Aes256Gcm96,
    /// `chacha20-poly1305`: encrypts; can be derived.
    ChaCha20Poly1305,
    /// `xchacha20-poly1305`: encrypts; can be derived.
    XChaCha20Poly1305,
    /// `ed25519`: signs; can be derived.
    Ed25519,
    /// `ecdsa-p256`: signs.
    EcdsaP256,
    /// `ecdsa-p384`: signs.
    EcdsaP384,
    /// `ecdsa-p521`: signs.
    EcdsaP521,
    /// `rsa-2048`: signs and encrypts.
    Rsa2048,
    /// `rsa-3072`: signs and encrypts.
    Rsa3072,
    /// `rsa-4096`: signs and encrypts.
    Rsa4096,
    /// `hmac`: makes HMACs and nothing else; needs [`NewKey::key_size`].
    Hmac,
    /// Another one, by the server's name.
    Other(String),
}

impl KeyType {
    const NAMED: [Self; 12] = [
        Self::Aes128Gcm96,
        Self::Aes256Gcm96,
        Self::ChaCha20Poly1305,
        Self::XChaCha20Poly1305,
        Self::Ed25519,
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::EcdsaP521,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::Hmac,
    ];

    /// As the server names it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Aes128Gcm96 => "aes128-gcm96",
            Self::Aes256Gcm96 => "aes256-gcm96",
            Self::ChaCha20Poly1305 => "chacha20-poly1305",
            Self::XChaCha20Poly1305 => "xchacha20-poly1305",
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256 => "ecdsa-p256",
            Self::EcdsaP384 => "ecdsa-p384",
            Self::EcdsaP521 => "ecdsa-p521",
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
            Self::Hmac => "hmac",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for KeyType {
    fn from(name: &str) -> Self {
        let named = Self::NAMED.into_iter().find(|named| named.as_str() == name);
        named.unwrap_or_else(|| Self::Other(name.to_owned()))
    }
}

impl<'de> Deserialize<'de> for KeyType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(deserializer)?.as_str().into())
    }
}

/// Whether each use of a key derives the key proper from a context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Derivation {
    /// The key is used as it is.
    #[default]
    None,
    /// Each use names the context.
    Derived,
    /// The same; and one plaintext in one context has one ciphertext, always.
    Convergent,
}

impl Derivation {
    fn new(derived: bool, convergent: bool) -> Self {
        match (derived, convergent) {
            (false, _) => Self::None,
            (true, false) => Self::Derived,
            (true, true) => Self::Convergent,
        }
    }
}

/// A key that is to be made. By default AES-256, not derived, and never to leave the server.
///
/// ```
/// use std::time::Duration;
/// use catalyst_openbao::{KeyType, NewKey};
///
/// // Equal plaintexts of one tenant have equal ciphertexts, and can be searched for.
/// let key = NewKey::new(KeyType::Aes256Gcm96).convergent().auto_rotate(Duration::from_secs(30 * 86_400));
/// # let _ = key;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewKey {
    /// What it is.
    pub key_type: KeyType,
    /// Whether each use derives the key proper from a context.
    pub derivation: Derivation,
    /// Whether it may leave the server. This cannot be taken back.
    pub exportable: bool,
    /// Whether it may be backed up as plaintext. This cannot be taken back.
    pub allow_plaintext_backup: bool,
    /// After how long the server rotates it: an hour at least; none means never.
    pub auto_rotate: Option<Duration>,
    /// The length of an HMAC key, in bytes: 32 to 512.
    pub key_size: Option<u16>,
}

impl NewKey {
    /// A key of this type.
    pub fn new(key_type: KeyType) -> Self {
        Self { key_type, ..Self::default() }
    }

    /// Derives the key proper from a context, which each use has to name.
    #[must_use]
    pub fn derived(self) -> Self {
        Self { derivation: Derivation::Derived, ..self }
    }

    /// Encrypts one plaintext in one context to the same ciphertext, always; the key is a derived one, too.
    #[must_use]
    pub fn convergent(self) -> Self {
        Self { derivation: Derivation::Convergent, ..self }
    }

    /// May leave the server: see [`Transit::export_key`](crate::Transit::export_key).
    #[must_use]
    pub fn exportable(self) -> Self {
        Self { exportable: true, ..self }
    }

    /// May be backed up as plaintext: see [`Transit::backup_key`](crate::Transit::backup_key), which needs
    /// [`NewKey::exportable`], too.
    #[must_use]
    pub fn allow_plaintext_backup(self) -> Self {
        Self { allow_plaintext_backup: true, ..self }
    }

    /// Is rotated by the server after this time, in whole seconds; an hour at least.
    #[must_use]
    pub fn auto_rotate(self, period: Duration) -> Self {
        Self { auto_rotate: Some(period), ..self }
    }

    /// How long an HMAC key is, in bytes.
    #[must_use]
    pub fn key_size(self, bytes: u16) -> Self {
        Self { key_size: Some(bytes), ..self }
    }
}

/// What is to change about a key; what is not named stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KeySettings {
    /// Versions below this one decrypt and verify nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_decryption_version: Option<u64>,
    /// Versions below this one encrypt and sign nothing. Zero means that only the newest does, unless another is
    /// asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_encryption_version: Option<u64>,
    /// Whether the key may be deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_allowed: Option<bool>,
    /// Whether it may leave the server; only true has an effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exportable: Option<bool>,
    /// Whether it may be backed up as plaintext; only true has an effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_plaintext_backup: Option<bool>,
    /// After how long the server rotates it; zero means never.
    #[serde(
        rename = "auto_rotate_period",
        skip_serializing_if = "Option::is_none",
        serialize_with = "seconds"
    )]
    pub auto_rotate: Option<Duration>,
}

impl KeySettings {
    /// Changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Versions below this one decrypt and verify nothing from now on.
    #[must_use]
    pub fn min_decryption_version(self, version: u64) -> Self {
        Self { min_decryption_version: Some(version), ..self }
    }

    /// Versions below this one encrypt and sign nothing from now on.
    #[must_use]
    pub fn min_encryption_version(self, version: u64) -> Self {
        Self { min_encryption_version: Some(version), ..self }
    }

    /// Whether the key may be deleted.
    #[must_use]
    pub fn deletion_allowed(self, allowed: bool) -> Self {
        Self { deletion_allowed: Some(allowed), ..self }
    }

    /// Lets the key leave the server. This cannot be taken back.
    #[must_use]
    pub fn exportable(self) -> Self {
        Self { exportable: Some(true), ..self }
    }

    /// Lets the key be backed up as plaintext. This cannot be taken back.
    #[must_use]
    pub fn allow_plaintext_backup(self) -> Self {
        Self { allow_plaintext_backup: Some(true), ..self }
    }

    /// Lets the server rotate the key after this time, an hour at least; zero means never.
    #[must_use]
    pub fn auto_rotate(self, period: Duration) -> Self {
        Self { auto_rotate: Some(period), ..self }
    }
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "as the server tells them")]
pub struct TransitKey {
    /// What it is.
    pub key_type: KeyType,
    /// Its versions that can still be used, by their numbers; empty for HMAC keys.
    pub versions: BTreeMap<u64, KeyVersion>,
    /// The newest version.
    pub latest_version: u64,
    /// Versions below this one decrypt and verify nothing.
    pub min_decryption_version: u64,
    /// Versions below this one encrypt and sign nothing; zero if that is not set.
    pub min_encryption_version: u64,
    /// Versions below this one are gone for ever; zero if none is.
    pub min_available_version: u64,
    /// Whether each use derives the key proper from a context.
    pub derivation: Derivation,
    /// Whether it may leave the server.
    pub exportable: bool,
    /// Whether it may be backed up as plaintext.
    pub allow_plaintext_backup: bool,
    /// Whether it may be deleted.
    pub deletion_allowed: bool,
    /// Whether it was made elsewhere.
    pub imported: bool,
    /// After how long the server rotates it.
    pub auto_rotate: Option<Duration>,
    /// Whether it encrypts.
    pub supports_encryption: bool,
    /// Whether it signs.
    pub supports_signing: bool,
}

/// What is known of one version of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyVersion {
    /// When it was made, by the server's clock.
    pub created_at: SystemTime,
    /// Of a key that signs: PEM, or base64 for Ed25519. Empty for a derived one, whose context decides.
    pub public_key: Option<String>,
}

impl<'de> Deserialize<'de> for KeyVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Wire {
            Symmetric(u64),
            Asymmetric { creation_time: Time, public_key: String },
        }
        Ok(match Wire::deserialize(deserializer)? {
            Wire::Symmetric(seconds) => {
                let created_at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
                Self {
                    created_at: created_at.ok_or_else(|| D::Error::custom("no such time"))?,
                    public_key: None,
                }
            }
            Wire::Asymmetric { creation_time, public_key } => {
                Self { created_at: creation_time.0, public_key: Some(public_key) }
            }
        })
    }
}

#[derive(serde::Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "as the server tells them")]
pub(super) struct KeyWire {
    #[serde(rename = "type")]
    key_type: KeyType,
    #[serde(default)]
    keys: BTreeMap<u64, KeyVersion>,
    latest_version: u64,
    min_decryption_version: u64,
    min_encryption_version: u64,
    #[serde(default)]
    min_available_version: u64,
    #[serde(default)]
    derived: bool,
    #[serde(default)]
    convergent_encryption: bool,
    #[serde(default)]
    exportable: bool,
    #[serde(default)]
    allow_plaintext_backup: bool,
    #[serde(default)]
    deletion_allowed: bool,
    #[serde(default)]
    imported_key: bool,
    #[serde(default)]
    auto_rotate_period: Seconds,
    #[serde(default)]
    supports_encryption: bool,
    #[serde(default)]
    supports_signing: bool,
}

impl From<KeyWire> for TransitKey {
    fn from(wire: KeyWire) -> Self {
        Self {
            key_type: wire.key_type,
            versions: wire.keys,
            latest_version: wire.latest_version,
            min_decryption_version: wire.min_decryption_version,
            min_encryption_version: wire.min_encryption_version,
            min_available_version: wire.min_available_version,
            derivation: Derivation::new(wire.derived, wire.convergent_encryption),
            exportable: wire.exportable,
            allow_plaintext_backup: wire.allow_plaintext_backup,
            deletion_allowed: wire.deletion_allowed,
            imported: wire.imported_key,
            auto_rotate: Some(wire.auto_rotate_period.0).filter(|period| !period.is_zero()),
            supports_encryption: wire.supports_encryption,
            supports_signing: wire.supports_signing,
        }
    }
}

#[derive(Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "as the server takes them")]
pub(super) struct NewKeyBody<'a> {
    #[serde(rename = "type")]
    key_type: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    derived: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    convergent_encryption: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    exportable: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    allow_plaintext_backup: bool,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "seconds")]
    auto_rotate_period: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_size: Option<u16>,
}

impl<'a> From<&'a NewKey> for NewKeyBody<'a> {
    fn from(key: &'a NewKey) -> Self {
        Self {
            key_type: key.key_type.as_str(),
            derived: key.derivation != Derivation::None,
            convergent_encryption: key.derivation == Derivation::Convergent,
            exportable: key.exportable,
            allow_plaintext_backup: key.allow_plaintext_backup,
            auto_rotate_period: key.auto_rotate,
            key_size: key.key_size,
        }
    }
}

#[allow(clippy::ref_option, reason = "the signature that serde calls")]
fn seconds<S: serde::Serializer>(span: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(span.unwrap_or_default().as_secs())
}
