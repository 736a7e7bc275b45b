//! Key pairs that were made elsewhere.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::{Error, ErrorKind, Result, Secret};
use zeroize::Zeroizing;

use super::PublicKey;
use super::blob::Reader;

/// The longest private key, in bytes.
const MAX_BYTES: usize = 64 * 1024;
const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END: &str = "-----END OPENSSH PRIVATE KEY-----";
const MAGIC: &[u8] = b"openssh-key-v1\0";

/// A key pair for an issuer. `Debug` shows the public key only.
#[derive(Clone)]
pub struct KeyPair {
    pub(super) public: PublicKey,
    pub(super) private: Secret,
}

impl KeyPair {
    /// A pair: the private key in PEM, as OpenSSH writes it or in one of the older forms, without a passphrase.
    ///
    /// The server takes any two keys, and then signs with one and shows the other. So those that OpenSSH wrote are
    /// compared here; the older forms do not show their public key.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`], code `malformed_input`: the private key is no key in PEM, needs a passphrase, or
    /// belongs to another public key. Nothing is quoted.
    pub fn new(public: PublicKey, private: Secret) -> Result<Self> {
        match fault(&public, private.expose()) {
            None => Ok(Self { public, private }),
            Some(fault) => Err(Error::new(ErrorKind::InvalidRequest, "read SSH key pair")
                .with_code("malformed_input")
                .with_help(fault)),
        }
    }

    /// The public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }
}

const DAMAGED: Option<&str> = Some("the private key is cut off or damaged");
const PASSPHRASE: Option<&str> =
    Some("the private key needs a passphrase; take it off first (ssh-keygen -p)");

fn fault(public: &PublicKey, private: &str) -> Option<&'static str> {
    let private = private.trim_ascii();
    if private.len() > MAX_BYTES {
        return Some("the private key is longer than 64 KiB");
    }
    if !private.starts_with("-----BEGIN ") || !private.contains("PRIVATE KEY-----") {
        return Some("the private key is none in PEM");
    }
    if private.contains("ENCRYPTED") {
        return PASSPHRASE;
    }
    // The older forms tell no more.
    private.strip_prefix(BEGIN).and_then(|body| fault_of_openssh(public, body))
}

fn fault_of_openssh(public: &PublicKey, body: &str) -> Option<&'static str> {
    let Some(body) = body.strip_suffix(END) else { return DAMAGED };
    // As long as the whole from the start, so that nothing is moved and left behind.
    let mut base64 = Zeroizing::new(Vec::with_capacity(body.len()));
    base64.extend(body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let mut bytes = Zeroizing::new(vec![0; base64.len()]);
    let Ok(length) = STANDARD.decode_slice(base64.as_slice(), bytes.as_mut_slice()) else { return DAMAGED };
    let Some(rest) = bytes.get(..length).and_then(|bytes| bytes.strip_prefix(MAGIC)) else { return DAMAGED };
    let mut reader = Reader::new(rest);
    let (cipher, _kdf, _options, keys) = (reader.string(), reader.string(), reader.string(), reader.u32());
    match (cipher, keys, reader.string()) {
        (Some(b"none"), Some(1), Some(blob)) if *blob == *public.to_blob() => None,
        (Some(b"none"), Some(1), Some(_)) => Some("the private key belongs to another public key"),
        (Some(cipher), ..) if cipher != b"none" => PASSPHRASE,
        _ => DAMAGED,
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").field("public", &self.public).finish_non_exhaustive()
    }
}
