//! Reading the fields of a record's content, bounded, with errors that name the field.

use std::str::FromStr;

use catalyst_core::{Error, ErrorKind, Result};

use super::RecordType;
use crate::DomainName;

/// The longest content that is read, in bytes: the largest data on the wire, with every octet escaped.
const MAX_CONTENT: usize = 4 * 65_535;

/// The fields of one record's content, from the left.
pub(crate) struct Fields<'a> {
    pub(crate) kind: RecordType,
    rest: &'a str,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(kind: RecordType, content: &'a str) -> Result<Self> {
        if content.len() > MAX_CONTENT {
            return Err(refused(kind, "the content is larger than any record"));
        }
        if content.contains(|c: char| c.is_control() && c != '\t') {
            return Err(refused(kind, "the content has a control character, such as a line break"));
        }
        Ok(Self { kind, rest: content.trim_matches([' ', '\t']) })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What is left, as it stands.
    pub(crate) fn rest(&mut self) -> &'a str {
        std::mem::take(&mut self.rest)
    }

    /// The next field, up to white space outside of quotes. Quotes stay.
    pub(crate) fn next(&mut self, what: &'static str) -> Result<&'a str> {
        let (mut quoted, mut escaped) = (false, false);
        self.take(what, |byte| {
            let ends = !quoted && !escaped && matches!(byte, b' ' | b'\t');
            quoted ^= !escaped && byte == b'"';
            escaped = byte == b'\\' && !escaped;
            ends
        })
    }

    /// The next string: up to its closing quote, after which no white space needs to stand; or a bare word.
    pub(crate) fn string(&mut self, what: &'static str) -> Result<&'a str> {
        if !self.rest.starts_with('"') {
            return self.next(what);
        }
        let (mut quotes, mut escaped) = (0, false);
        self.take(what, |byte| {
            let ends = quotes == 2;
            quotes += u8::from(!escaped && byte == b'"');
            escaped = byte == b'\\' && !escaped;
            ends
        })
    }

    /// The next field, up to white space. A quote is a character of a name like any other.
    fn word(&mut self, what: &'static str) -> Result<&'a str> {
        self.take(what, |byte| matches!(byte, b' ' | b'\t'))
    }

    fn take(&mut self, what: &'static str, ends: impl FnMut(u8) -> bool) -> Result<&'a str> {
        let end = self.rest.bytes().position(ends).unwrap_or(self.rest.len());
        let (field, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start_matches([' ', '\t']);
        if field.is_empty() {
            return Err(refused(self.kind, format!("{what} is missing")));
        }
        Ok(field)
    }

    /// The next field as a number, an address or the like.
    pub(crate) fn parse<T: FromStr>(&mut self, what: &'static str) -> Result<T> {
        let field = self.word(what)?;
        field.parse().map_err(|_invalid| {
            let shown = catalyst_core::redact::text(field, 40);
            refused(self.kind, format!("{what} cannot be {shown:?}"))
        })
    }

    /// The next field as a name.
    pub(crate) fn name(&mut self, what: &'static str) -> Result<DomainName> {
        let field = self.word(what)?;
        DomainName::from_server(field)
            .map_err(|error| refused(self.kind, format!("{what}: {}", error.help().unwrap_or("is no name"))))
    }

    /// Refuses what is left.
    pub(crate) fn end(&self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(refused(self.kind, "the content has too many fields")) }
    }
}

/// The data of a record is not what its type wants.
pub(crate) fn refused(kind: RecordType, help: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidRequest, "read record data")
        .with_code("invalid_record")
        .with_target(kind.as_str())
        .with_help(help)
}
