//! Randomness and hashes of the server.

use catalyst_core::{Result, SecretBytes};
use serde::{Deserialize, Serialize};

use super::batch::{check_size, refused};
use super::{HashAlgorithm, Transit};
use crate::encoded::{Decoded, Encoded};

const RANDOM: &str = "get random bytes";
const HASH: &str = "hash";
/// The most bytes that the server gives at a time.
const MAX_RANDOM: u32 = 128 << 10;

impl Transit {
    /// Random bytes from the server, 1 to 131,072 of them (`POST random`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` for another number.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn random(&self, bytes: u32) -> Result<SecretBytes> {
        if !(1..=MAX_RANDOM).contains(&bytes) {
            return Err(refused(RANDOM, "invalid_request", "ask for 1 to 131,072 bytes"));
        }
        let path = [self.mount.escaped(), "/random"];
        let body = RandomBody { bytes };
        Ok(self.at(RANDOM, &path).exchange::<RandomWire>(&body).await?.random_bytes.into_secret())
    }

    /// The hash of `input` (`POST hash/<algorithm>`). Repeated after passing faults.
    ///
    /// # Errors
    /// Codes `input_too_large` (more than 16 MiB); `invalid_request` for SHA-1, which the server does not hash with.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn hash(&self, algorithm: HashAlgorithm, input: &[u8]) -> Result<Vec<u8>> {
        check_size(HASH, input.len())?;
        let path = [self.mount.escaped(), "/hash/", algorithm.as_str()];
        let body = HashBody { input: Encoded(input), format: "base64" };
        Ok(self.at(HASH, &path).exchange::<HashWire>(&body).await?.sum.0.into_vec())
    }
}

#[derive(Serialize)]
struct RandomBody {
    bytes: u32,
}

#[derive(Deserialize)]
struct RandomWire {
    random_bytes: Decoded,
}

#[derive(Serialize)]
struct HashBody<'a> {
    input: Encoded<'a>,
    format: &'static str,
}

#[derive(Deserialize)]
struct HashWire {
    sum: Decoded,
}
