//! Serial numbers.

use std::fmt;
use std::str::FromStr;

use catalyst_core::{Error, ErrorKind, Result};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest number, in bytes. Those of the server have 20, as RFC 5280 says; others may be sloppier.
const MAX_BYTES: usize = 64;

/// The serial number of a certificate, in the server's form: `3f:a0:…`.
///
/// Read with colons, dashes or nothing between the bytes, in small letters or large ones.
///
/// ```
/// use catalyst_openbao::pki::SerialNumber;
///
/// let serial: SerialNumber = "3F-A0-11".parse()?;
/// assert_eq!(serial.to_string(), "3f:a0:11");
/// assert_eq!(serial, "3fa011".parse()?);
/// assert!("nonsense".parse::<SerialNumber>().is_err());
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialNumber(String);

impl SerialNumber {
    /// From its bytes, as a certificate holds them.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with code `malformed_input` if there are none, or more than 64.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        if bytes.is_empty() || bytes.len() > MAX_BYTES {
            return Err(malformed());
        }
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")))
    }

    /// In the server's form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SerialNumber {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with code `malformed_input` if it is no number in hexadecimal digits.
    fn from_str(text: &str) -> Result<Self> {
        if text.len() > 3 * MAX_BYTES {
            return Err(malformed());
        }
        let separator = [':', '-'].into_iter().find(|separator| text.contains(*separator));
        let pairs: Vec<&str> = match separator {
            Some(separator) => text.split(separator).collect(),
            None if text.is_ascii() => {
                (0..text.len()).step_by(2).filter_map(|at| text.get(at..at + 2)).collect()
            }
            None => return Err(malformed()),
        };
        if separator.is_none() && !text.len().is_multiple_of(2) {
            return Err(malformed());
        }
        let byte = |pair: &&str| {
            let hex = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
            hex.then(|| u8::from_str_radix(pair, 16).ok()).flatten()
        };
        let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
        Self::from_bytes(&bytes.ok_or_else(malformed)?)
    }
}

fn malformed() -> Error {
    let help = "expected the serial number of a certificate in hexadecimal digits, such as 3f:a0:11";
    Error::new(ErrorKind::InvalidRequest, "read serial number").with_code("malformed_input").with_help(help)
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SerialNumber({})", self.0)
    }
}

impl Serialize for SerialNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SerialNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_serial_number_is_refused() {
        let long = "ab".repeat(MAX_BYTES + 1);
        for bad in [
            "",
            ":",
            "a",
            "abc",
            "zz",
            "ab:c",
            "ab:",
            "ab:cd-ef",
            "äb",
            "+1",
            "ab:cd:é1",
            "crl",
            "../x",
            &long,
        ] {
            let error = bad.parse::<SerialNumber>().unwrap_err();
            assert_eq!(
                (error.kind(), error.code()),
                (ErrorKind::InvalidRequest, Some("malformed_input")),
                "{bad}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_form_of_a_number_is_the_same_number(bytes in proptest::collection::vec(any::<u8>(), 1..=MAX_BYTES)) {
            let serial = SerialNumber::from_bytes(&bytes).unwrap();
            for text in [
                serial.to_string(),
                serial.as_str().replace(':', "-"),
                serial.as_str().replace(':', ""),
                serial.as_str().to_uppercase(),
            ] {
                prop_assert_eq!(&text.parse::<SerialNumber>().unwrap(), &serial);
            }
        }

        #[test]
        fn no_text_makes_reading_panic(text in "\\PC{0,40}") {
            let _serial = text.parse::<SerialNumber>();
        }
    }
}
