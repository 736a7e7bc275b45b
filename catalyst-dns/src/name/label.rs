//! One label: its octets, and the one way in which they are written (RFC 1035 section 5.1, as PowerDNS writes it).

/// The longest label, in octets (RFC 1035 section 2.3.4).
pub(crate) const MAX_LABEL: usize = 63;
/// The longest name on the wire, in octets, with its length bytes and the root.
pub(crate) const MAX_NAME: usize = 255;

/// Why a text is no name.
pub(crate) type Fault = &'static str;

/// Which characters may stand unescaped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alphabet {
    /// Letters, digits, `-`, `_`, `/` (RFC 2317), and `*` as the whole first label: what people mean by a name.
    Strict,
    /// Whatever a server holds.
    Any,
}

/// Appends the canonical form of `label` to `out` and returns its length in octets.
pub(crate) fn append(label: &str, first: bool, alphabet: Alphabet, out: &mut String) -> Result<usize, Fault> {
    let mut octets = 0;
    let mut rest = label.bytes();
    while let Some(byte) = rest.next() {
        let octet = if byte == b'\\' { escaped(&mut rest)? } else { checked(byte, label, first, alphabet)? };
        write(octet, out);
        octets += 1;
    }
    match octets {
        0 => Err("a name has an empty label"),
        1..=MAX_LABEL => Ok(octets),
        _ => Err("a label has at most 63 octets"),
    }
}

/// The octet that an escape means: three decimal digits, or one character that stands for itself.
fn escaped(rest: &mut std::str::Bytes<'_>) -> Result<u8, Fault> {
    const BROKEN: Fault = "an escape is \\DDD from 000 to 255, or \\ and one character";
    let first = rest.next().ok_or(BROKEN)?;
    if !first.is_ascii_digit() {
        return if first.is_ascii_graphic() { Ok(first) } else { Err(BROKEN) };
    }
    let mut value = u32::from(first - b'0');
    for _ in 0..2 {
        let digit = rest.next().filter(u8::is_ascii_digit).ok_or(BROKEN)?;
        value = value * 10 + u32::from(digit - b'0');
    }
    u8::try_from(value).map_err(|_large| BROKEN)
}

/// The octets of a canonical label.
pub(crate) fn octets(label: &str) -> impl Iterator<Item = u8> {
    let mut rest = label.bytes();
    std::iter::from_fn(move || match rest.next()? {
        b'\\' => escaped(&mut rest).ok(),
        byte => Some(byte),
    })
}

fn checked(byte: u8, label: &str, first: bool, alphabet: Alphabet) -> Result<u8, Fault> {
    let known = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/');
    match byte {
        _ if known => Ok(byte),
        b'*' if first && label.len() == 1 => Ok(byte),
        b'*' if alphabet == Alphabet::Strict => Err("an asterisk stands alone in the first label"),
        _ if alphabet == Alphabet::Any && byte.is_ascii_graphic() => Ok(byte),
        _ => Err("a name has letters, digits, hyphens and underscores; anything else is written as \\DDD"),
    }
}

/// As PowerDNS writes it: dots and backslashes escaped, what is not printable as three digits. An asterisk that was
/// escaped is the same octet on the wire, and PowerDNS writes it bare.
fn write(octet: u8, out: &mut String) {
    match octet {
        b'.' | b'\\' => out.extend(['\\', char::from(octet)]),
        0x21..=0x7e => out.push(char::from(octet.to_ascii_lowercase())),
        _ => out.extend(digits(octet)),
    }
}

/// Whether an octet of a canonical name can be read only where it is escaped ([`Alphabet::Strict`]).
pub(crate) fn needs_escape(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_' | b'/' | b'.' | b'\\' | b'*')
}

/// Whether an asterisk stands anywhere but alone in the first label.
pub(crate) fn has_inner_asterisk(ascii: &str) -> bool {
    ascii.strip_prefix("*.").unwrap_or(if ascii == "*" { "" } else { ascii }).contains('*')
}

/// An octet as `\DDD`.
pub(crate) fn digits(octet: u8) -> [char; 4] {
    let digit = |value: u8| char::from(b'0' + value % 10);
    ['\\', digit(octet / 100), digit(octet / 10), digit(octet)]
}
