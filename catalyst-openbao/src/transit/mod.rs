//! Cryptography with keys that never leave the server.

mod administration;
mod batch;
mod client;
mod encrypting;
mod encryption;
mod keys;
mod random;
mod signatures;
mod signing;
mod text;
mod transfer;

pub use client::Transit;
pub use encryption::{DataKey, DataKeyRequest, DataKeySize, Encryption, Plaintext, Sealed};
pub use keys::{Derivation, KeySettings, KeyType, KeyVersion, NewKey, TransitKey};
pub use signing::{HashAlgorithm, Marshaling, Message, RsaPadding, SignatureScheme, Signing};
pub use text::{Ciphertext, Hmac, Signature};
pub use transfer::{ExportKind, ExportVersion, ImportedKey};
