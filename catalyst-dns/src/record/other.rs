//! Data of types that this crate does not read.

use std::fmt;

use catalyst_core::Result;

use super::RecordType;
use super::fields::{Fields, refused};

/// The data of a record of another type, as the server writes it, or data of a known type that the server holds
/// although it is not what the type wants. White space between fields counts as one space.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OtherData {
    kind: RecordType,
    content: Box<str>,
}

impl OtherData {
    /// The type of the record.
    pub fn kind(&self) -> RecordType {
        self.kind
    }

    /// The content.
    pub fn content(&self) -> &str {
        &self.content
    }

    /// Content that could not be read, as it is.
    pub(super) fn as_written(kind: RecordType, content: &str) -> Self {
        Self { kind, content: content.into() }
    }

    /// Data as it stood on the wire, in the form for unknown types (RFC 3597 section 5): `\\# 2 0a0b`.
    pub(crate) fn from_wire(kind: RecordType, octets: &[u8]) -> Self {
        let mut content = format!("\\# {}", octets.len());
        if !octets.is_empty() {
            content.push(' ');
        }
        for octet in octets {
            for digit in [octet >> 4, octet & 15] {
                content.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
            }
        }
        Self { kind, content: content.into() }
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self> {
        let mut content = String::new();
        while !fields.is_empty() {
            if !content.is_empty() {
                content.push(' ');
            }
            content.push_str(fields.next("the content")?);
        }
        if content.is_empty() {
            return Err(refused(fields.kind, "the content is empty"));
        }
        Ok(Self { kind: fields.kind, content: content.into() })
    }
}

impl fmt::Display for OtherData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.content)
    }
}
