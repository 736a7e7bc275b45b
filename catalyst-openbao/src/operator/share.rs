//! Key shares, and how many there are.

use std::fmt;
use std::str::FromStr;

use catalyst_core::{Error, ErrorKind, Result, Secret};
use serde::Deserialize;

const OPERATION: &str = "read key share";
/// The lengths that the server accepts, in bytes: a key of 16 to 32, and what the division into shares adds.
const BYTES: std::ops::RangeInclusive<usize> = 16..=33;

/// One share of the unseal key or of the recovery key, in hexadecimal or base64.
///
/// Its form is checked before it is sent; whether it is the right one, only the server knows.
///
/// ```
/// use catalyst_openbao::KeyShare;
///
/// let share: KeyShare = "ro1KIFUFlAhE+uZYMXb/xvu0R+/6/+MBBKujHQDOyfs4".parse()?;
/// assert_eq!(format!("{share:?}"), "KeyShare([redacted])");
/// assert!("a word".parse::<KeyShare>().is_err());
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct KeyShare(Secret);

impl KeyShare {
    /// Takes over `text`. White space at its ends is ignored.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with the code `malformed_share` if it is neither hexadecimal nor base64, or
    /// not of a length that a share can have.
    pub fn new(text: &Secret) -> Result<Self> {
        text.expose().parse()
    }

    /// The share itself, to be handed to whoever keeps it. One of a key that was encrypted for its keeper is the
    /// encrypted text.
    pub fn secret(&self) -> &Secret {
        &self.0
    }
}

impl FromStr for KeyShare {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        if is_hexadecimal(text) || is_base64(text) {
            return Ok(Self(Secret::new(text)));
        }
        Err(Error::new(ErrorKind::InvalidRequest, OPERATION).with_code("malformed_share").with_help(
            "a key share is 16 to 33 bytes in hexadecimal or base64, as the server gave it; is it complete, and one alone?",
        ))
    }
}

impl fmt::Debug for KeyShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyShare([redacted])")
    }
}

fn is_hexadecimal(text: &str) -> bool {
    text.len().is_multiple_of(2)
        && BYTES.contains(&(text.len() / 2))
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    text.len().is_multiple_of(4)
        && padding <= 2
        && (text.len() / 4 * 3).checked_sub(padding).is_some_and(|bytes| BYTES.contains(&bytes))
        && digits.bytes().all(is_digit)
}

/// How many shares a key is divided into, and how many of them put it together again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySplit {
    shares: u8,
    threshold: u8,
}

impl KeySplit {
    /// One share, which is the whole key.
    pub const WHOLE: Self = Self { shares: 1, threshold: 1 };

    /// `threshold` of `shares`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the threshold is zero or larger than the number of shares, or one while there are
    /// several: the server refuses those.
    pub fn new(shares: u8, threshold: u8) -> Result<Self> {
        let bad = |help: &str| {
            Err(Error::new(ErrorKind::Config, "divide a key into shares").with_help(help.to_owned()))
        };
        match (shares, threshold) {
            (0, _) | (_, 0) => bad("there must be at least one share, and a threshold of at least one"),
            (shares, threshold) if threshold > shares => {
                bad("the threshold cannot be larger than the number of shares")
            }
            (2.., 1) => bad("with several shares the threshold must be at least two"),
            (shares, threshold) => Ok(Self { shares, threshold }),
        }
    }

    /// How many shares there are.
    pub fn shares(self) -> u8 {
        self.shares
    }

    /// How many of them are needed.
    pub fn threshold(self) -> u8 {
        self.threshold
    }
}

/// What a key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// It unseals the server, and proves that its holders may do what needs them: a Shamir seal.
    Unseal,
    /// It only proves that: the server unseals itself.
    Recovery,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::support::recorded;
    use proptest::prelude::*;

    #[test]
    fn the_servers_shares_are_shares_in_both_forms() {
        let (_, made) = recorded("op-init");
        for form in ["keys", "keys_base64"] {
            for share in made[form].as_array().unwrap() {
                assert!(share.as_str().unwrap().parse::<KeyShare>().is_ok());
            }
        }
        assert!(" 00112233445566778899aabbccddeeff\n".parse::<KeyShare>().is_ok());
    }

    #[test]
    fn what_is_no_share_is_refused_and_not_shown() {
        for bad in ["", "canary", "00", "zz112233445566778899aabbccddee!!", "====", &"0".repeat(68)] {
            let error = bad.parse::<KeyShare>().unwrap_err();
            assert_eq!(error.code(), Some("malformed_share"), "{bad}");
            assert!(!format!("{error:?}").contains("canary"));
        }
    }

    #[test]
    fn a_split_that_the_server_would_refuse_is_refused_here() {
        assert!(KeySplit::new(5, 3).is_ok() && KeySplit::new(1, 1).is_ok());
        for (shares, threshold) in [(0, 0), (3, 0), (3, 5), (3, 1)] {
            assert_eq!(KeySplit::new(shares, threshold).unwrap_err().kind(), ErrorKind::Config);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_share_panic(text in "[0-9a-f=+/]{0,80}|\\PC{0,40}") {
            let _read = text.parse::<KeyShare>();
        }
    }
}
