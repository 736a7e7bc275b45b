//! Keys that leave the server, and keys that come from elsewhere.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use catalyst_core::{Result, Secret};
use serde::{Deserialize, Serialize};

use super::{HashAlgorithm, KeyType, Transit};
use crate::KeyName;
use crate::wire::Exposed;

/// What of a key is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportKind {
    /// The key that encrypts.
    Encryption,
    /// The key that signs.
    Signing,
    /// The key that makes HMACs.
    Hmac,
    /// The public key; the key need not be exportable.
    Public,
}

impl ExportKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Encryption => "encryption-key",
            Self::Signing => "signing-key",
            Self::Hmac => "hmac-key",
            Self::Public => "public-key",
        }
    }
}

/// Which versions of a key are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportVersion {
    /// All that can still be used.
    All,
    /// The newest.
    Latest,
    /// This one.
    Number(u64),
}

/// A key that was made elsewhere, encrypted for the server.
///
/// It is made so: a new AES-256 key, encrypted with the [wrapping key](Transit::wrapping_key) by RSA-OAEP with
/// [`ImportedKey::hash`] and an empty label; behind that, the key itself (its bytes, or PKCS #8 in DER), wrapped by the
/// AES key as RFC 5649 says (AES-KWP); all of it in base64. This crate does no cryptography: an HSM or a library makes it.
#[derive(Clone)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "as the server takes them")]
pub struct ImportedKey {
    /// What it is.
    pub key_type: KeyType,
    /// The encrypted key, as said above.
    pub wrapped: Secret,
    /// The hash of RSA-OAEP: SHA-256 if not set. The server takes SHA-1 and those of SHA-2.
    pub hash: HashAlgorithm,
    /// Whether the server may make further versions of it itself.
    pub allow_rotation: bool,
    /// Whether each use derives the key proper from a context.
    pub derived: bool,
    /// Whether it may leave the server. This cannot be taken back.
    pub exportable: bool,
    /// Whether it may be backed up as plaintext. This cannot be taken back.
    pub allow_plaintext_backup: bool,
    /// After how long the server rotates it, which needs [`ImportedKey::allow_rotation`].
    pub auto_rotate: Option<Duration>,
}

impl ImportedKey {
    /// A key of this type that stays on the server, not to be rotated by it.
    pub fn new(key_type: KeyType, wrapped: Secret) -> Self {
        Self {
            key_type,
            wrapped,
            hash: HashAlgorithm::Sha2_256,
            allow_rotation: false,
            derived: false,
            exportable: false,
            allow_plaintext_backup: false,
            auto_rotate: None,
        }
    }

    /// The hash that RSA-OAEP was done with.
    #[must_use]
    pub fn hash(self, hash: HashAlgorithm) -> Self {
        Self { hash, ..self }
    }

    /// The server may make further versions of it.
    #[must_use]
    pub fn allow_rotation(self) -> Self {
        Self { allow_rotation: true, ..self }
    }

    /// Each use derives the key proper from a context.
    #[must_use]
    pub fn derived(self) -> Self {
        Self { derived: true, ..self }
    }

    /// It may leave the server again.
    #[must_use]
    pub fn exportable(self) -> Self {
        Self { exportable: true, ..self }
    }
}

impl fmt::Debug for ImportedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportedKey").field("key_type", &self.key_type).finish_non_exhaustive()
    }
}

/// Keys that leave the server or come from elsewhere.
impl Transit {
    /// The key material itself, by version (`GET export/<kind>/<key>`): base64, or PEM for public and private keys. Repeated
    /// after passing faults.
    ///
    /// # Errors
    /// Codes `key_not_found`, `not_exportable`, `unknown_key_version`, `unsupported_by_key`.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn export_key(
        &self,
        name: &KeyName,
        kind: ExportKind,
        version: ExportVersion,
    ) -> Result<BTreeMap<u64, Secret>> {
        let version = match version {
            ExportVersion::All => String::new(),
            ExportVersion::Latest => "/latest".to_owned(),
            ExportVersion::Number(number) => format!("/{number}"),
        };
        let path = [self.mount.escaped(), "/export/", kind.as_str(), "/", name.escaped(), &version];
        Ok(self.at("export key", &path).read::<ExportWire>().await?.keys)
    }

    /// A key with all its versions and settings, **unencrypted** (`GET backup/<key>`). The key must be exportable and
    /// allow plaintext backups. Repeated after passing faults.
    ///
    /// # Errors
    /// Codes `key_not_found`, `not_exportable`.
    ///
    /// # Cancel safety
    /// It changes nothing, but the time of the key's last backup.
    pub async fn backup_key(&self, name: &KeyName) -> Result<Secret> {
        let path = [self.mount.escaped(), "/backup/", name.escaped()];
        Ok(self.at("back up key", &path).read::<Backup<Secret>>().await?.backup)
    }

    /// Brings a key back from [`Transit::backup_key`], under its own name or another (`POST restore`). With `replace`, a
    /// key of that name makes way. Not repeated once its outcome is unknown.
    ///
    /// Restore only what `backup_key` gave: OpenBao 2.7.2 breaks off the connection over JSON that is no backup.
    ///
    /// # Errors
    /// Codes `key_exists` without `replace`, `invalid_request` for what is no backup.
    ///
    /// # Cancel safety
    /// The key may or may not have been restored.
    pub async fn restore_key(&self, name: Option<&KeyName>, backup: &Secret, replace: bool) -> Result<()> {
        let (slash, name) = name.map_or(("", ""), |name| ("/", name.escaped()));
        let path = [self.mount.escaped(), "/restore", slash, name];
        let body = Restore { backup: Exposed(backup), force: replace };
        self.at("restore key", &path).once().write(&body).await
    }

    /// The public key that [`ImportedKey`]s are encrypted with: RSA with 4096 bits, in PEM (`GET wrapping_key`). Repeated
    /// after passing faults.
    ///
    /// # Errors
    /// Those common to all.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn wrapping_key(&self) -> Result<String> {
        let path = [self.mount.escaped(), "/wrapping_key"];
        Ok(self.at("read wrapping key", &path).read::<WrappingKeyWire>().await?.public_key)
    }

    /// Takes in a key that was made elsewhere, as the first version of a new key (`POST keys/<key>/import`). Not repeated
    /// once its outcome is unknown.
    ///
    /// # Errors
    /// Codes `key_exists`; `malformed_input` for what was not encrypted as [`ImportedKey`] says.
    ///
    /// # Cancel safety
    /// The key may or may not have been taken in.
    pub async fn import_key(&self, name: &KeyName, key: &ImportedKey) -> Result<()> {
        let path = [self.mount.escaped(), "/keys/", name.escaped(), "/import"];
        self.at("import key", &path).once().write(&ImportBody::from(key)).await
    }

    /// Takes in a further version of a key that was [imported](Transit::import_key), encrypted as that was
    /// (`POST keys/<key>/import_version`). Not repeated once its outcome is unknown.
    ///
    /// # Errors
    /// Codes `key_not_found`, `malformed_input`.
    ///
    /// # Cancel safety
    /// The version may or may not have been taken in.
    pub async fn import_key_version(
        &self,
        name: &KeyName,
        wrapped: &Secret,
        hash: HashAlgorithm,
    ) -> Result<()> {
        let path = [self.mount.escaped(), "/keys/", name.escaped(), "/import_version"];
        let body = ImportVersion { ciphertext: Exposed(wrapped), hash_function: oaep_hash(hash) };
        self.at("import key version", &path).once().write(&body).await
    }
}

/// As the server names the hashes of RSA-OAEP.
fn oaep_hash(hash: HashAlgorithm) -> &'static str {
    match hash {
        HashAlgorithm::Sha1 => "SHA1",
        HashAlgorithm::Sha2_224 => "SHA224",
        HashAlgorithm::Sha2_256 => "SHA256",
        HashAlgorithm::Sha2_384 => "SHA384",
        HashAlgorithm::Sha2_512 => "SHA512",
        // It refuses these by their names.
        other => other.as_str(),
    }
}

#[derive(Deserialize)]
struct ExportWire {
    keys: BTreeMap<u64, Secret>,
}

#[derive(Deserialize)]
struct Backup<T> {
    backup: T,
}

#[derive(Serialize)]
struct Restore<'a> {
    backup: Exposed<'a>,
    force: bool,
}

#[derive(Deserialize)]
struct WrappingKeyWire {
    public_key: String,
}

#[derive(Serialize)]
struct ImportVersion<'a> {
    ciphertext: Exposed<'a>,
    hash_function: &'static str,
}

#[derive(Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "as the server takes them")]
struct ImportBody<'a> {
    #[serde(flatten)]
    version: ImportVersion<'a>,
    #[serde(rename = "type")]
    key_type: &'a str,
    allow_rotation: bool,
    derived: bool,
    exportable: bool,
    allow_plaintext_backup: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_rotate_period: Option<u64>,
}

impl<'a> From<&'a ImportedKey> for ImportBody<'a> {
    fn from(key: &'a ImportedKey) -> Self {
        Self {
            version: ImportVersion { ciphertext: Exposed(&key.wrapped), hash_function: oaep_hash(key.hash) },
            key_type: key.key_type.as_str(),
            allow_rotation: key.allow_rotation,
            derived: key.derived,
            exportable: key.exportable,
            allow_plaintext_backup: key.allow_plaintext_backup,
            auto_rotate_period: key.auto_rotate.map(|period| period.as_secs()),
        }
    }
}
