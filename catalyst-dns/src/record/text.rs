//! Text, as the strings of a TXT record hold it.

use std::fmt::{self, Write as _};

use catalyst_core::Result;

use super::RecordType;
use super::fields::{Fields, refused};

/// The longest string on the wire, in octets (RFC 1035 section 3.3).
pub(crate) const MAX_STRING: usize = 255;
/// The longest data of a record on the wire.
const MAX_DATA: usize = 65_535;

/// The text of a TXT record: octets, cut into strings of at most 255.
///
/// Readers of TXT join the strings, so texts with the same octets are equal however they are cut; `Display` cuts them
/// anew, quotes each string and escapes quotes, backslashes and what is not printable (RFC 1035 section 5.1).
///
/// ```
/// use catalyst_dns::Text;
///
/// let text = Text::new("say \"hi\"")?;
/// assert_eq!(text.to_string(), r#""say \"hi\"""#);
/// assert_eq!(Text::new("x".repeat(300))?.to_string().matches('"').count(), 4);
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Box<[u8]>);

impl Text {
    /// A text of these octets.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with code `invalid_record` if it is longer than
    /// a record can hold.
    pub fn new(octets: impl AsRef<[u8]>) -> Result<Self> {
        let octets = octets.as_ref();
        if octets.len() + octets.len().div_ceil(MAX_STRING) > MAX_DATA {
            return Err(refused(
                RecordType::Txt,
                "the text is longer than a record can hold (65,535 octets)",
            ));
        }
        Ok(Self(octets.into()))
    }

    /// The octets of all its strings together.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As text, if it is UTF-8.
    pub fn to_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self> {
        let mut octets = Vec::new();
        loop {
            let field = fields.string("the text")?;
            let string = string(field).ok_or_else(|| {
                refused(fields.kind, "a text stands in quotes, with \\\" and \\\\ and \\DDD as its escapes")
            })?;
            octets.extend(string);
            if fields.is_empty() {
                return Self::new(octets);
            }
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("\"\"");
        }
        for (index, string) in self.0.chunks(MAX_STRING).enumerate() {
            if index > 0 {
                f.write_char(' ')?;
            }
            quote(string, f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({self})")
    }
}

/// The octets of one string, in quotes or bare.
pub(crate) fn string(field: &str) -> Option<Vec<u8>> {
    let inner = match field.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => field,
    };
    let mut octets = Vec::with_capacity(inner.len());
    let mut rest = inner.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => return None,
            b'\\' => octets.push(escape(&mut rest)?),
            _ => octets.push(byte),
        }
    }
    Some(octets)
}

fn escape(rest: &mut std::str::Bytes<'_>) -> Option<u8> {
    let first = rest.next()?;
    if !first.is_ascii_digit() {
        return Some(first);
    }
    let digits = [first, rest.next()?, rest.next()?];
    let value = digits.iter().try_fold(0_u32, |value, digit| {
        digit.is_ascii_digit().then(|| value * 10 + u32::from(digit - b'0'))
    })?;
    u8::try_from(value).ok()
}

/// Writes one string in quotes.
pub(crate) fn quote(octets: &[u8], f: &mut impl fmt::Write) -> fmt::Result {
    f.write_char('"')?;
    for octet in octets {
        match octet {
            b'"' | b'\\' => write!(f, "\\{}", char::from(*octet))?,
            0x20..=0x7e => f.write_char(char::from(*octet))?,
            _ => write!(f, "\\{octet:03}")?,
        }
    }
    f.write_char('"')
}
