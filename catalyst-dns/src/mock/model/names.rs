//! Names as the API takes them, and the identifiers that it makes of them.

use std::fmt::Write as _;

use super::Refusal;
use crate::{DomainName, RecordType};

/// A name in a document: with the final dot, and of the characters that the API takes.
pub(super) fn owner(text: &str) -> Result<DomainName, Refusal> {
    named(text, text.strip_prefix("*.").unwrap_or(text))
}

/// The name of a zone in a document: no wildcard.
pub(super) fn zone(text: &str) -> Result<DomainName, Refusal> {
    named(text, text)
}

fn named(text: &str, checked: &str) -> Result<DomainName, Refusal> {
    if !text.ends_with('.') {
        return Err(Refusal::unprocessable(format!("DNS Name '{text}' is not canonical")));
    }
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'.' | b'-');
    if !checked.bytes().all(known) {
        let shown = escaped(text);
        return Err(Refusal::unprocessable(format!("Name '{shown}' contains unsupported characters")));
    }
    parsed(text)
}

fn parsed(text: &str) -> Result<DomainName, Refusal> {
    DomainName::from_server(text)
        .map_err(|_invalid| Refusal::unprocessable(format!("Unable to parse DNS Name '{text}'")))
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_graphic() {
            out.push(char::from(byte));
        } else {
            // A String takes everything.
            write!(out, "\\{byte:03}").unwrap_or_default();
        }
    }
    out
}

/// The name behind an identifier in a path: `=2E` is a dot. The final dot may be missing.
pub(super) fn of_id(id: &str) -> Result<DomainName, Refusal> {
    if id.is_empty() {
        return Err(Refusal::bad_request());
    }
    let (mut text, mut rest) = (String::new(), id);
    while let Some((before, after)) = rest.split_once('=') {
        let digits = after.get(..2).ok_or_else(Refusal::bad_request)?;
        let octet = u8::from_str_radix(digits, 16).map_err(|_invalid| Refusal::bad_request())?;
        text.push_str(before);
        text.push(char::from(octet));
        rest = &after[2..];
    }
    text.push_str(rest);
    parsed(&text)
}

/// The identifier of a zone or a key, as it stands in paths.
pub(crate) fn id(name: &str) -> String {
    if name == "." {
        return "=2E".to_owned();
    }
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-') {
            out.push(char::from(byte));
        } else {
            write!(out, "={byte:02X}").unwrap_or_default();
        }
    }
    out
}

/// Types that the server knows beside those that this crate reads; and every `TYPE` with a number.
const OTHER_TYPES: &[&str] = &[
    "A6",
    "ADDR",
    "AFSDB",
    "APL",
    "CERT",
    "CSYNC",
    "DHCID",
    "DLV",
    "EUI48",
    "EUI64",
    "HINFO",
    "IPSECKEY",
    "KEY",
    "KX",
    "L32",
    "L64",
    "LOC",
    "LP",
    "MAILA",
    "MAILB",
    "MB",
    "MG",
    "MINFO",
    "MR",
    "NAPTR",
    "NID",
    "NSEC",
    "NSEC3",
    "NSEC3PARAM",
    "OPENPGPKEY",
    "RKEY",
    "RP",
    "RRSIG",
    "SIG",
    "SMIMEA",
    "SPF",
    "TKEY",
    "URI",
    "WKS",
    "ZONEMD",
];

/// The type with this name, if the server knows it.
pub(super) fn kind(text: &str) -> Option<RecordType> {
    let kind: RecordType = text.parse().ok()?;
    let name = kind.as_str();
    let numbered = || name.strip_prefix("TYPE").is_some_and(|number| number.parse::<u16>().is_ok());
    (!matches!(kind, RecordType::Other(_)) || OTHER_TYPES.contains(&name) || numbered()).then_some(kind)
}
