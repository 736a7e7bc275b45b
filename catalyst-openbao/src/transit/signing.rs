//! Signatures and HMACs, as an application asks for them.

use std::fmt;

use async_trait::async_trait;
use catalyst_core::Result;

use super::batch::Load;
use super::{Hmac, Signature};
use crate::KeyName;

/// Signs with keys that stay on the server: the transit engine at one mount.
///
/// All of it is repeated after passing faults. The functions for many items work as those of
/// [`Encryption`](crate::Encryption) do.
///
/// Errors common to all: codes `key_not_found`, `context_required` (the key is a derived one), `unsupported_by_key`,
/// `unknown_key_version`, `key_version_too_old`, `malformed_input`, `input_too_large` (more than 16 MiB),
/// `permission_denied`, `unknown_mount`, `sealed` and the others of the crate.
///
/// # Cancel safety
/// A dropped call changes nothing.
///
/// ```
/// use catalyst_openbao::{KeyName, Message, Result, SignatureScheme, Signing};
///
/// async fn release(transit: &dyn Signing, key: &KeyName, image: &[u8]) -> Result<String> {
///     let signature = transit.sign(key, Message::new(image), SignatureScheme::default()).await?;
///     assert!(transit.verify(key, Message::new(image), &signature, SignatureScheme::default()).await?);
///     Ok(signature.to_string())
/// }
/// ```
#[async_trait]
pub trait Signing: fmt::Debug + Send + Sync + 'static {
    /// Signs (`POST sign/<key>`).
    async fn sign(&self, key: &KeyName, message: Message<'_>, scheme: SignatureScheme) -> Result<Signature>;

    /// Whether the key made this signature of this message in this scheme (`POST verify/<key>`). A key that is not
    /// there, or too old, is an error and not a no.
    async fn verify(
        &self,
        key: &KeyName,
        message: Message<'_>,
        signature: &Signature,
        scheme: SignatureScheme,
    ) -> Result<bool>;

    /// The HMAC of a message (`POST hmac/<key>`); any type of key can do it. A [context](Message::context) does not
    /// count here.
    async fn hmac(&self, key: &KeyName, message: Message<'_>, hash: HashAlgorithm) -> Result<Hmac>;

    /// Whether the key made this HMAC of this message (`POST verify/<key>`).
    async fn verify_hmac(
        &self,
        key: &KeyName,
        message: Message<'_>,
        hmac: &Hmac,
        hash: HashAlgorithm,
    ) -> Result<bool>;

    /// [`Signing::sign`] for many.
    ///
    /// # Errors
    /// Those that concern all items, code `batch_too_large` with them.
    async fn sign_all(
        &self,
        key: &KeyName,
        messages: &[Message<'_>],
        scheme: SignatureScheme,
    ) -> Result<Vec<Result<Signature>>>;

    /// [`Signing::verify`] for many.
    ///
    /// # Errors
    /// Those that concern all items, code `batch_too_large` with them.
    async fn verify_all(
        &self,
        key: &KeyName,
        signed: &[(Message<'_>, &Signature)],
        scheme: SignatureScheme,
    ) -> Result<Vec<Result<bool>>>;

    /// [`Signing::hmac`] for many.
    ///
    /// # Errors
    /// Those that concern all items, code `batch_too_large` with them.
    async fn hmac_all(
        &self,
        key: &KeyName,
        messages: &[Message<'_>],
        hash: HashAlgorithm,
    ) -> Result<Vec<Result<Hmac>>>;

    /// [`Signing::verify_hmac`] for many.
    ///
    /// # Errors
    /// Those that concern all items, code `batch_too_large` with them.
    async fn verify_hmac_all(
        &self,
        key: &KeyName,
        made: &[(Message<'_>, &Hmac)],
        hash: HashAlgorithm,
    ) -> Result<Vec<Result<bool>>>;
}

/// What is to be signed. `Debug` shows nothing of it.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) context: Option<&'a [u8]>,
}

impl<'a> Message<'a> {
    /// These bytes, which may be none: the message, or its hash where the scheme is
    /// [prehashed](SignatureScheme::prehashed).
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, context: None }
    }

    /// For a derived key: from what the key proper is derived.
    #[must_use]
    pub fn context(self, context: &'a [u8]) -> Self {
        Self { context: Some(context), ..self }
    }

    pub(super) fn load(&self) -> Load {
        let context = self.context.map_or(0, <[u8]>::len);
        Load { bytes: self.bytes.len() + context, strings: 2 + 2 * usize::from(self.context.is_some()) }
    }

    /// With what is to be verified.
    pub(super) fn load_with(&self, shown: &str) -> Load {
        let Load { bytes, strings } = self.load();
        Load { bytes: bytes + shown.len(), strings: strings + 2 }
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").finish_non_exhaustive()
    }
}

/// How a signature is made. By default as the server does for the type of the key: SHA-256 for ECDSA and RSA, PSS for
/// RSA, ASN.1 for ECDSA. Ed25519 heeds nothing of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignatureScheme {
    /// The hash that is signed.
    pub hash: Option<HashAlgorithm>,
    /// Whether the message is the hash already.
    pub prehashed: bool,
    /// How an RSA key signs.
    pub padding: Option<RsaPadding>,
    /// How an ECDSA signature is written.
    pub marshaling: Option<Marshaling>,
    /// Signs with this version of the key instead of the newest.
    pub key_version: Option<u64>,
}

impl SignatureScheme {
    /// Signs this hash of the message.
    #[must_use]
    pub fn hash(self, hash: HashAlgorithm) -> Self {
        Self { hash: Some(hash), ..self }
    }

    /// The message is a hash, made by the algorithm of [`SignatureScheme::hash`].
    #[must_use]
    pub fn prehashed(self) -> Self {
        Self { prehashed: true, ..self }
    }

    /// An RSA key signs so.
    #[must_use]
    pub fn padding(self, padding: RsaPadding) -> Self {
        Self { padding: Some(padding), ..self }
    }

    /// An ECDSA signature is written so.
    #[must_use]
    pub fn marshaling(self, marshaling: Marshaling) -> Self {
        Self { marshaling: Some(marshaling), ..self }
    }

    /// Signs with this version of the key; to verify, the signature says its version.
    #[must_use]
    pub fn key_version(self, version: u64) -> Self {
        Self { key_version: Some(version), ..self }
    }
}

/// Hashes that the server knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HashAlgorithm {
    /// SHA-1: for what is old; it does not resist collisions.
    Sha1,
    /// SHA-224
    Sha2_224,
    /// SHA-256
    #[default]
    Sha2_256,
    /// SHA-384
    Sha2_384,
    /// SHA-512
    Sha2_512,
    /// SHA3-224
    Sha3_224,
    /// SHA3-256
    Sha3_256,
    /// SHA3-384
    Sha3_384,
    /// SHA3-512
    Sha3_512,
}

impl HashAlgorithm {
    /// As the server names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha2_224 => "sha2-224",
            Self::Sha2_256 => "sha2-256",
            Self::Sha2_384 => "sha2-384",
            Self::Sha2_512 => "sha2-512",
            Self::Sha3_224 => "sha3-224",
            Self::Sha3_256 => "sha3-256",
            Self::Sha3_384 => "sha3-384",
            Self::Sha3_512 => "sha3-512",
        }
    }
}

/// How an RSA key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RsaPadding {
    /// PSS with the longest salt that fits; when verifying, with any.
    Pss,
    /// PSS with a salt as long as the hash, as JWS has it.
    PssWithSaltOfHash,
    /// PKCS #1 version 1.5
    Pkcs1v15,
}

/// How an ECDSA signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Marshaling {
    /// As X.509 has it.
    Asn1,
    /// As JWS has it.
    Jws,
}
