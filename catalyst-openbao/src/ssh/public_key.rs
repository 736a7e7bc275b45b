//! Public keys.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use catalyst_core::{Error, ErrorKind, Result};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::blob::{self, CERTIFIED, Reader};
use crate::encoded::Encoded;

/// The longest public key in text, in bytes: RSA keys of 16,384 bits have some 2,800.
const MAX_BYTES: usize = 16 * 1024;

/// A public key as OpenSSH writes it, in one line: `ssh-ed25519 AAAA…`. A comment behind it is left out.
///
/// ```
/// use catalyst_openbao::ssh::PublicKey;
///
/// let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAUGI8a74QICUMrorMh2KeJxyD1bDqOuCYDJCZ4+cyl/ ada@laptop";
/// let key: PublicKey = line.parse()?;
/// assert_eq!(key.algorithm(), "ssh-ed25519");
/// assert!("ssh-ed25519 AAAA".parse::<PublicKey>().is_err());
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PublicKey(Arc<str>);

impl PublicKey {
    /// The algorithm and the key, with a space between them.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of its algorithm, such as `ssh-ed25519`.
    pub fn algorithm(&self) -> &str {
        self.0.split(' ').next().unwrap_or_default()
    }

    /// Out of the binary form.
    pub(super) fn from_blob(blob: &[u8]) -> Result<Self, &'static str> {
        let algorithm = check(blob)?;
        Ok(Self(format!("{algorithm} {}", Encoded(blob)).into()))
    }

    /// The binary form.
    pub(super) fn to_blob(&self) -> Box<[u8]> {
        let base64 = self.0.split(' ').next_back().unwrap_or_default();
        crate::encoded::decode(base64).unwrap_or_default()
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        let (algorithm, base64, bytes) = blob::line(text, MAX_BYTES)?;
        if check(&bytes)? != algorithm {
            return Err("the key is of another algorithm than it says");
        }
        Ok(Self(format!("{algorithm} {base64}").into()))
    }
}

/// Gives the name of the algorithm of a key that is whole.
fn check(blob: &[u8]) -> Result<&str, &'static str> {
    let mut reader = Reader::new(blob);
    let algorithm = reader.text().ok_or("the key is cut off")?;
    if algorithm.ends_with(CERTIFIED) {
        return Err("it is a certificate");
    }
    let members = blob::members(algorithm).ok_or("its algorithm is not known")?;
    for _ in 0..members {
        if reader.string().ok_or("the key is cut off")?.is_empty() {
            return Err("a part of the key is empty");
        }
    }
    if reader.rest().is_empty() { Ok(algorithm) } else { Err("something stands behind the key") }
}

impl FromStr for PublicKey {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::InvalidRequest`], code `malformed_input`, saying what is wrong; the text is not quoted.
    fn from_str(text: &str) -> Result<Self> {
        Self::read(text).map_err(|fault| {
            Error::new(ErrorKind::InvalidRequest, "read SSH public key")
                .with_code("malformed_input")
                .with_help(fault)
        })
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.0)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAUGI8a74QICUMrorMh2KeJxyD1bDqOuCYDJCZ4+cyl/";

    #[test]
    fn a_comment_is_left_out() {
        for text in [KEY.to_owned(), format!("{KEY} ada@laptop\n"), format!("  {KEY}\t at home ")] {
            let key: PublicKey = text.parse().unwrap();
            assert_eq!((key.as_str(), key.algorithm()), (KEY, "ssh-ed25519"));
            assert_eq!(PublicKey::from_blob(&key.to_blob()).unwrap(), key);
        }
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_quoted() {
        let certificate = "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t";
        let long = format!("ssh-ed25519 {}", "A".repeat(MAX_BYTES));
        for bad in [
            "",
            "canary",
            "ssh-ed25519",
            "ssh-ed25519 canary!",
            "ssh-ed25519 AAAA",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAAA==",
            &KEY.replacen("ssh-ed25519", "ssh-rsa", 1),
            &format!("{KEY}\n{KEY}"),
            certificate,
            &long,
        ] {
            let error = bad.parse::<PublicKey>().unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("malformed_input")));
            assert!(error.help().is_some() && !format!("{error:?} {error}").contains("canary"), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "(ssh-(ed25519|rsa) )?[A-Za-z0-9+/=]{0,64}|\\PC{0,24}", cut in 0_usize..80) {
            drop(text.parse::<PublicKey>());
            prop_assert!(KEY.get(..cut).is_none_or(|part| part.parse::<PublicKey>().is_err()));
        }
    }
}
