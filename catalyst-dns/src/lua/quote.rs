//! The one place where a text becomes part of a snippet.

use std::fmt::{self, Write};

/// The longest literal, and the most numbers of one call: what follows is well below the 255 octets at which a
/// record's strings are cut.
const MAX_LITERAL: usize = 200;
const MAX_CODES: usize = 50;

/// A Lua expression whose value is exactly `octets`, whatever they are.
///
/// Letters, digits and harmless marks stand in a literal as they are; quotes, backslashes and everything that is not
/// printable stand as numbers in `string.char`. So no literal has an escape in it, which matters: PowerDNS does not
/// undo the escapes of record data in snippets (4.7 cuts the snippet at each double quote), and a backslash would mean
/// different things on its way. Long texts are joined from pieces.
///
/// ```
/// use catalyst_dns::lua::quote;
///
/// assert_eq!(quote(b"it's"), "'it'..string.char(39)..'s'");
/// assert_eq!(quote(b"')--"), "string.char(39)..')--'");
/// assert_eq!(quote(b""), "''");
/// ```
pub fn quote(octets: impl AsRef<[u8]>) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _written = write(octets.as_ref(), &mut out);
    out
}

pub(super) fn write(octets: &[u8], out: &mut impl Write) -> fmt::Result {
    if octets.is_empty() {
        return out.write_str("''");
    }
    let mut first = true;
    for run in octets.chunk_by(|one, next| is_plain(*one) == is_plain(*next)) {
        let plain = run.first().is_some_and(|octet| is_plain(*octet));
        for piece in run.chunks(if plain { MAX_LITERAL } else { MAX_CODES }) {
            out.write_str(if first { "" } else { ".." })?;
            first = false;
            if plain { literal(piece, out)? } else { codes(piece, out)? }
        }
    }
    Ok(())
}

/// Whether an octet means itself in a literal, to Lua and in the text of a record.
fn is_plain(octet: u8) -> bool {
    matches!(octet, 0x20..=0x7e) && !matches!(octet, b'\'' | b'"' | b'\\')
}

fn literal(octets: &[u8], out: &mut impl Write) -> fmt::Result {
    out.write_char('\'')?;
    octets.iter().try_for_each(|octet| out.write_char(char::from(*octet)))?;
    out.write_char('\'')
}

fn codes(octets: &[u8], out: &mut impl Write) -> fmt::Result {
    out.write_str("string.char(")?;
    for (index, octet) in octets.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(out, "{comma}{octet}")?;
    }
    out.write_char(')')
}
