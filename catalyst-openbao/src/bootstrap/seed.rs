//! The seed: 32 random bytes that exist for one bring-up.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::{Error, ErrorKind, Result, SecretBytes};

/// How long a seed is, in bytes.
const LENGTH: usize = 32;

/// The single-use secret that a bring-up begins with. What has to be kept between two runs of it is encrypted with a
/// key made from the seed, and is worth nothing once the seed is gone.
///
/// ```
/// use catalyst_openbao::bootstrap::RecoverySeed;
///
/// let seed = RecoverySeed::read(&[7; 32])?;
/// assert_eq!(format!("{seed:?}"), "RecoverySeed([redacted])");
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RecoverySeed(SecretBytes);

impl RecoverySeed {
    /// Reads 32 bytes: as they are, or in hexadecimal or base64 with white space at the ends.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with the code `seed_malformed`; also if all bytes are zero, for that is a file that was
    /// wiped, or never filled.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let found = exactly(bytes.to_vec()).or_else(|| from_text(bytes));
        match found {
            Some(seed) if seed.expose().iter().any(|byte| *byte != 0) => Ok(Self(seed)),
            _ => Err(Error::new(ErrorKind::Config, "read recovery seed")
                .with_code("seed_malformed")
                .with_help("a seed is 32 random bytes, as they are or in hexadecimal or base64")),
        }
    }

    pub(super) fn expose(&self) -> &[u8] {
        self.0.expose()
    }
}

impl std::fmt::Debug for RecoverySeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoverySeed([redacted])")
    }
}

fn exactly(bytes: Vec<u8>) -> Option<SecretBytes> {
    let bytes = SecretBytes::new(bytes);
    (bytes.expose().len() == LENGTH).then_some(bytes)
}

fn from_text(bytes: &[u8]) -> Option<SecretBytes> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    if text.len() == 2 * LENGTH {
        let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
        let bytes = pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect::<Option<Vec<u8>>>();
        return exactly(bytes?);
    }
    exactly(STANDARD.decode(text).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_same_seed_is_read_from_each_of_its_forms() {
        let bytes: Vec<u8> = (1..=32).collect();
        let hex = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20".to_owned();
        let plain = RecoverySeed::read(&bytes).unwrap();
        for text in [hex, format!("{}\n", STANDARD.encode(&bytes))] {
            assert_eq!(RecoverySeed::read(text.as_bytes()).unwrap(), plain);
        }
    }

    #[test]
    fn what_is_no_seed_is_refused() {
        for bad in [&b""[..], &[0; 32], &[1; 31], &[1; 33], b"canary", &[b'0'; 64]] {
            assert_eq!(RecoverySeed::read(bad).unwrap_err().code(), Some("seed_malformed"));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(0u8.., 0..80)) {
            let _read = RecoverySeed::read(&bytes);
        }
    }
}
