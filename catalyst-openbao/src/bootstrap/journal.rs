//! What one run writes down for the next.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::{Error, ErrorKind, Result, Secret, SecretBytes};
use serde::{Deserialize, Serialize};

use super::RecoverySeed;
use crate::{KeyKind, KeyShare};

const OPERATION: &str = "read bootstrap journal";
/// Part of the key and of what is authenticated: another format is another key.
const FORMAT: &[u8] = b"catalyst-openbao bootstrap journal 1";

/// How far a bring-up has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Journal {
    /// Nothing was done.
    Fresh,
    /// The server was about to be initialised: it may be, and then its key is lost.
    Initializing,
    /// The server's key shares, encrypted.
    Initialized(Escrow),
    /// All is done but for the erasing.
    Done,
}

/// Key shares that only the seed opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Escrow {
    kind: Kind,
    sealed: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Unseal,
    Recovery,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
enum Written {
    Initializing,
    Initialized(Escrow),
    Done,
}

impl Journal {
    pub(super) fn read(bytes: Option<&[u8]>) -> Result<Self> {
        let Some(bytes) = bytes else { return Ok(Self::Fresh) };
        match serde_json::from_slice(bytes) {
            Ok(Written::Initializing) => Ok(Self::Initializing),
            Ok(Written::Initialized(escrow)) => Ok(Self::Initialized(escrow)),
            Ok(Written::Done) => Ok(Self::Done),
            Err(_quotes_it) => Err(unreadable("it was written by another program, or damaged")),
        }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let written = match self {
            Self::Fresh => return Vec::new(),
            Self::Initializing => Written::Initializing,
            Self::Initialized(escrow) => Written::Initialized(escrow.clone()),
            Self::Done => Written::Done,
        };
        // These types always have a form in JSON.
        serde_json::to_vec(&written).unwrap_or_default()
    }
}

impl Escrow {
    pub(super) fn seal(seed: &RecoverySeed, kind: KeyKind, keys: &[KeyShare]) -> Result<Self> {
        let kind = Kind::from(kind);
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(no_crypto)?;
        let length = keys.iter().map(|key| key.secret().expose().len() + 1).sum::<usize>();
        // Encrypted in place, and never moved: no copy of a share stays behind.
        let mut bytes = Vec::with_capacity(length + AES_256_GCM.tag_len());
        for key in keys {
            bytes.extend_from_slice(key.secret().expose().as_bytes());
            bytes.push(b'\n');
        }
        let aad = Aad::from(kind.authenticated());
        let nonce_of_this = Nonce::assume_unique_for_key(nonce);
        key_of(seed)?.seal_in_place_append_tag(nonce_of_this, aad, &mut bytes).map_err(no_crypto)?;
        let sealed = STANDARD.encode([&nonce[..], &bytes].concat());
        Ok(Self { kind, sealed })
    }

    pub(super) fn kind(&self) -> KeyKind {
        match self.kind {
            Kind::Unseal => KeyKind::Unseal,
            Kind::Recovery => KeyKind::Recovery,
        }
    }

    pub(super) fn open(&self, seed: &RecoverySeed) -> Result<Vec<KeyShare>> {
        let mismatch = || unreadable("it belongs to another seed, or was changed").with_code("seed_mismatch");
        let sealed = STANDARD.decode(&self.sealed).map_err(|_quotes_it| mismatch())?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(mismatch)?;
        let mut bytes = sealed.to_vec();
        let (nonce, aad) = (Nonce::assume_unique_for_key(*nonce), Aad::from(self.kind.authenticated()));
        let length = key_of(seed)?
            .open_in_place(nonce, aad, &mut bytes)
            .map(|clear| clear.len())
            .map_err(|_unspecified| mismatch())?;
        bytes.truncate(length);
        let clear = SecretBytes::new(bytes);
        let text = std::str::from_utf8(clear.expose()).map_err(|_quotes_it| mismatch())?;
        text.lines().map(|line| KeyShare::new(&Secret::new(line))).collect()
    }
}

impl Kind {
    fn authenticated(self) -> Vec<u8> {
        let kind: &[u8] = match self {
            Self::Unseal => b" unseal",
            Self::Recovery => b" recovery",
        };
        [FORMAT, kind].concat()
    }
}

impl From<KeyKind> for Kind {
    fn from(kind: KeyKind) -> Self {
        match kind {
            KeyKind::Unseal => Self::Unseal,
            KeyKind::Recovery => Self::Recovery,
        }
    }
}

fn key_of(seed: &RecoverySeed) -> Result<LessSafeKey> {
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, FORMAT).extract(seed.expose());
    let key = extracted.expand(&[b"escrow of key shares"], &AES_256_GCM).map_err(no_crypto)?;
    Ok(LessSafeKey::new(UnboundKey::from(key)))
}

fn no_crypto(cause: aws_lc_rs::error::Unspecified) -> Error {
    Error::new(ErrorKind::Other, "encrypt bootstrap journal").with_source(cause)
}

fn unreadable(why: &str) -> Error {
    Error::new(ErrorKind::Config, OPERATION)
        .with_code("journal_unreadable")
        .with_help(format!("the journal beside the seed cannot be read: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seed(byte: u8) -> RecoverySeed {
        RecoverySeed::read(&[byte; 32]).unwrap()
    }

    fn keys() -> Vec<KeyShare> {
        ["00112233445566778899aabbccddeeff", "ro1KIFUFlAhE+uZYMXb/xvu0R+/6/+MBBKujHQDOyfs4"]
            .map(|text| text.parse().unwrap())
            .to_vec()
    }

    #[test]
    fn shares_come_back_with_their_seed_and_with_no_other() {
        let escrow = Escrow::seal(&seed(1), KeyKind::Unseal, &keys()).unwrap();
        let journal = Journal::Initialized(escrow.clone()).write();
        assert!(!String::from_utf8_lossy(&journal).contains("00112233"));
        assert_eq!(Journal::read(Some(&journal)).unwrap(), Journal::Initialized(escrow.clone()));
        assert_eq!(escrow.open(&seed(1)).unwrap(), keys());
        assert_eq!(escrow.open(&seed(2)).unwrap_err().code(), Some("seed_mismatch"));
    }

    #[test]
    fn the_kind_of_key_cannot_be_changed_in_a_journal() {
        let mut escrow = Escrow::seal(&seed(1), KeyKind::Unseal, &keys()).unwrap();
        escrow.kind = Kind::Recovery;
        assert_eq!(escrow.open(&seed(1)).unwrap_err().code(), Some("seed_mismatch"));
    }

    #[test]
    fn each_phase_is_read_back_and_nothing_is_fresh() {
        for journal in [Journal::Initializing, Journal::Done] {
            assert_eq!(Journal::read(Some(&journal.write())).unwrap(), journal);
        }
        assert_eq!(Journal::read(None).unwrap(), Journal::Fresh);
    }

    proptest! {
        #[test]
        fn a_damaged_journal_is_refused_and_never_opens(bytes in proptest::collection::vec(0u8.., 0..60), at in 0usize..300) {
            let _read = Journal::read(Some(&bytes));
            let escrow = Escrow::seal(&seed(1), KeyKind::Unseal, &keys()).unwrap();
            let mut sealed = STANDARD.decode(&escrow.sealed).unwrap();
            let at = at % sealed.len();
            sealed[at] ^= 1;
            let damaged = Escrow { kind: escrow.kind, sealed: STANDARD.encode(sealed) };
            prop_assert!(damaged.open(&seed(1)).is_err());
        }
    }
}
