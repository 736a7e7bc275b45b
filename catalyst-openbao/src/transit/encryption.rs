//! Encryption, as an application asks for it.

use std::fmt;

use async_trait::async_trait;
use catalyst_core::{Result, Secret, SecretBytes};

use super::Ciphertext;
use super::batch::Load;
use crate::KeyName;

/// Encrypts with keys that stay on the server: the transit engine at one mount.
///
/// All of it is repeated after passing faults, for repeated it does the same. Where the policy allows `create` on
/// `encrypt/<key>`, **the server makes a key that is not there yet**: see
/// [`Transit::set_creation_by_encrypting`](crate::Transit::set_creation_by_encrypting).
///
/// The functions for many items send them in as few requests as the server takes, four at a time, and take 100,000
/// items at most. One request has 492 items, 246 if they have a context or associated data, and 1 MiB: OpenBao reads no
/// more than 1,000 strings in a body, the names of members among them. Each item has an outcome of its own, in the order
/// of the items, with the codes that the item by itself would have had. Either all items of a request have a context or
/// none has one. No items are no request.
///
/// Errors common to all: codes `key_not_found`, `context_required` (the key is a derived one), `unsupported_by_key`,
/// `input_too_large` (more than 16 MiB), `permission_denied`, `unknown_mount`, `sealed` and the others of the crate.
///
/// # Cancel safety
/// A dropped call changes nothing, but that the server may have made a key as said above.
///
/// ```
/// use catalyst_openbao::{Encryption, KeyName, Plaintext, Result, Sealed};
///
/// async fn keep(transit: &dyn Encryption, key: &KeyName, card: &[u8]) -> Result<String> {
///     // Bound to its row: moved to another one, it does not decrypt.
///     let ciphertext = transit.encrypt(key, Plaintext::new(card).associated_data(b"row 7")).await?;
///     let back = transit.decrypt(key, Sealed::new(&ciphertext).associated_data(b"row 7")).await?;
///     assert_eq!(back.expose(), card);
///     Ok(ciphertext.to_string())
/// }
/// ```
#[async_trait]
pub trait Encryption: fmt::Debug + Send + Sync + 'static {
    /// Encrypts (`POST encrypt/<key>`).
    ///
    /// # Errors
    /// Codes `unknown_key_version`, `key_version_too_old` if a version is named that may not encrypt.
    async fn encrypt(&self, key: &KeyName, plaintext: Plaintext<'_>) -> Result<Ciphertext>;

    /// Decrypts (`POST decrypt/<key>`).
    ///
    /// # Errors
    /// Codes `not_authentic` if it was tampered with, or made by another key, with another context or other associated
    /// data; `key_version_too_old` below the key's minimum version; `unknown_key_version`; `malformed_input`.
    async fn decrypt(&self, key: &KeyName, sealed: Sealed<'_>) -> Result<SecretBytes>;

    /// Encrypts what is encrypted with the newest version of the key, without showing it to anybody
    /// (`POST rewrap/<key>`). The server cannot do that with associated data: decrypt and encrypt instead.
    ///
    /// # Errors
    /// As [`Encryption::decrypt`]; `unsupported_by_key` with associated data.
    async fn rewrap(&self, key: &KeyName, sealed: Sealed<'_>) -> Result<Ciphertext>;

    /// A new key to encrypt with oneself, and the same encrypted, to be kept beside the data
    /// (`POST datakey/plaintext/<key>`).
    async fn data_key(&self, key: &KeyName, request: DataKeyRequest<'_>) -> Result<DataKey>;

    /// The same for somebody else: encrypted only (`POST datakey/wrapped/<key>`).
    async fn wrapped_data_key(&self, key: &KeyName, request: DataKeyRequest<'_>) -> Result<Ciphertext>;

    /// [`Encryption::encrypt`] for many.
    ///
    /// # Errors
    /// Those that concern all items, code `batch_too_large` with them.
    async fn encrypt_all(
        &self,
        key: &KeyName,
        plaintexts: &[Plaintext<'_>],
    ) -> Result<Vec<Result<Ciphertext>>>;

    /// [`Encryption::decrypt`] for many.
    ///
    /// # Errors
    /// Those that concern all items, code `batch_too_large` with them.
    async fn decrypt_all(&self, key: &KeyName, sealed: &[Sealed<'_>]) -> Result<Vec<Result<SecretBytes>>>;

    /// [`Encryption::rewrap`] for many.
    ///
    /// # Errors
    /// Those that concern all items, code `batch_too_large` with them.
    async fn rewrap_all(&self, key: &KeyName, sealed: &[Sealed<'_>]) -> Result<Vec<Result<Ciphertext>>>;
}

/// What is to be encrypted, and what it is to be bound to. `Debug` shows nothing of it.
#[derive(Clone, Copy)]
pub struct Plaintext<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) context: Option<&'a [u8]>,
    pub(super) associated_data: Option<&'a [u8]>,
    pub(super) key_version: Option<u64>,
}

impl<'a> Plaintext<'a> {
    /// These bytes, which may be none.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, context: None, associated_data: None, key_version: None }
    }

    /// For a derived key: from what the key proper is derived, such as the tenant.
    #[must_use]
    pub fn context(self, context: &'a [u8]) -> Self {
        Self { context: Some(context), ..self }
    }

    /// What has to be shown again to decrypt, and is not kept in the ciphertext, such as the place where that is
    /// stored. Empty counts as none.
    #[must_use]
    pub fn associated_data(self, data: &'a [u8]) -> Self {
        Self { associated_data: Some(data), ..self }
    }

    /// Encrypts with this version of the key instead of the newest.
    #[must_use]
    pub fn key_version(self, version: u64) -> Self {
        Self { key_version: Some(version), ..self }
    }

    pub(super) fn load(&self) -> Load {
        let bound = usize::from(self.context.is_some()) + usize::from(self.associated_data.is_some());
        let strings = 2 + 2 * bound + usize::from(self.key_version.is_some());
        Load { bytes: self.bytes.len() + length(self.context) + length(self.associated_data), strings }
    }
}

impl<'a> From<&'a SecretBytes> for Plaintext<'a> {
    fn from(bytes: &'a SecretBytes) -> Self {
        Self::new(bytes.expose())
    }
}

impl<'a> From<&'a Secret> for Plaintext<'a> {
    fn from(text: &'a Secret) -> Self {
        Self::new(text.expose().as_bytes())
    }
}

impl fmt::Debug for Plaintext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plaintext").field("key_version", &self.key_version).finish_non_exhaustive()
    }
}

/// A ciphertext, and what it is bound to.
#[derive(Clone, Copy)]
pub struct Sealed<'a> {
    pub(super) ciphertext: &'a Ciphertext,
    pub(super) context: Option<&'a [u8]>,
    pub(super) associated_data: Option<&'a [u8]>,
}

impl<'a> Sealed<'a> {
    /// This ciphertext, bound to nothing.
    pub fn new(ciphertext: &'a Ciphertext) -> Self {
        Self { ciphertext, context: None, associated_data: None }
    }

    /// What [`Plaintext::context`] was.
    #[must_use]
    pub fn context(self, context: &'a [u8]) -> Self {
        Self { context: Some(context), ..self }
    }

    /// What [`Plaintext::associated_data`] was.
    #[must_use]
    pub fn associated_data(self, data: &'a [u8]) -> Self {
        Self { associated_data: Some(data), ..self }
    }

    pub(super) fn load(&self) -> Load {
        let bound = usize::from(self.context.is_some()) + usize::from(self.associated_data.is_some());
        let bytes = self.ciphertext.as_str().len() + length(self.context) + length(self.associated_data);
        Load { bytes, strings: 2 + 2 * bound }
    }
}

impl<'a> From<&'a Ciphertext> for Sealed<'a> {
    fn from(ciphertext: &'a Ciphertext) -> Self {
        Self::new(ciphertext)
    }
}

impl fmt::Debug for Sealed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed").field("ciphertext", &self.ciphertext).finish_non_exhaustive()
    }
}

fn length(bytes: Option<&[u8]>) -> usize {
    bytes.map_or(0, <[u8]>::len)
}

/// How a data key is to be.
#[derive(Clone, Copy, Default)]
pub struct DataKeyRequest<'a> {
    pub(super) size: DataKeySize,
    pub(super) context: Option<&'a [u8]>,
    pub(super) associated_data: Option<&'a [u8]>,
}

impl<'a> DataKeyRequest<'a> {
    /// A data key of this size.
    pub fn new(size: DataKeySize) -> Self {
        Self { size, ..Self::default() }
    }

    /// As [`Plaintext::context`], for the encrypted key.
    #[must_use]
    pub fn context(self, context: &'a [u8]) -> Self {
        Self { context: Some(context), ..self }
    }

    /// As [`Plaintext::associated_data`], for the encrypted key.
    #[must_use]
    pub fn associated_data(self, data: &'a [u8]) -> Self {
        Self { associated_data: Some(data), ..self }
    }
}

impl fmt::Debug for DataKeyRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKeyRequest").field("size", &self.size).finish_non_exhaustive()
    }
}

/// The length of a data key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataKeySize {
    /// 16 bytes.
    Bits128,
    /// 32 bytes.
    #[default]
    Bits256,
    /// 64 bytes.
    Bits512,
}

impl DataKeySize {
    pub(super) fn bits(self) -> u16 {
        match self {
            Self::Bits128 => 128,
            Self::Bits256 => 256,
            Self::Bits512 => 512,
        }
    }
}

/// A key to encrypt with oneself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DataKey {
    /// The key. Use it and forget it.
    pub plaintext: SecretBytes,
    /// The key encrypted: [`Encryption::decrypt`] gives it back.
    pub ciphertext: Ciphertext,
}

impl DataKey {
    /// A data key, for tests.
    pub fn new(plaintext: SecretBytes, ciphertext: Ciphertext) -> Self {
        Self { plaintext, ciphertext }
    }
}
