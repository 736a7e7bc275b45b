//! Who may issue certificates.

use std::fmt;

use catalyst_core::Result;

use super::RecordType;
use super::fields::{Fields, refused};
use super::text::{quote, string};

/// Who may issue certificates (RFC 8659 section 4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Caa {
    flags: u8,
    tag: Box<str>,
    value: Box<str>,
}

impl Caa {
    /// The property `tag` with `value`: `issue` and `"letsencrypt.org"`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with code `invalid_record` for a tag that is not
    /// 1 to 15 letters and digits, and for a value that is not printable ASCII.
    pub fn new(tag: &str, value: &str) -> Result<Self> {
        let known = (1..=15).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !known {
            return Err(refused(RecordType::Caa, "a tag has 1 to 15 letters and digits"));
        }
        if value.len() > 4096 || !value.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) {
            return Err(refused(RecordType::Caa, "a value is at most 4,096 bytes of printable ASCII"));
        }
        Ok(Self { flags: 0, tag: tag.to_ascii_lowercase().into(), value: value.into() })
    }

    /// An issuer that does not know the tag must not issue (RFC 8659 section 4.1).
    #[must_use]
    pub fn critical(self) -> Self {
        Self { flags: self.flags | 128, ..self }
    }

    /// The flags.
    pub fn flags(&self) -> u8 {
        self.flags
    }

    /// The tag, in lower case.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The value.
    pub fn value(&self) -> &str {
        &self.value
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self> {
        let flags = fields.parse("the flags")?;
        let tag = fields.next("the tag")?;
        let value = string(fields.string("the value")?)
            .and_then(|octets| String::from_utf8(octets).ok())
            .ok_or_else(|| refused(RecordType::Caa, "the value is no quoted string"))?;
        Ok(Self { flags, ..Self::new(tag, &value)? })
    }
}

impl fmt::Display for Caa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.flags, self.tag)?;
        quote(self.value.as_bytes(), f)
    }
}
