//! Names and types between this crate and the wire.

use std::str::FromStr;

use catalyst_core::{Error, ErrorKind, Result};
use hickory_proto::rr::{Name, RecordType as WireType};

use crate::{DomainName, RecordType, TypeName};

/// The name as the wire holds it.
pub(crate) fn to_wire(name: &DomainName) -> Result<Name> {
    let labels: Vec<Vec<u8>> = name.labels().map(octets).collect();
    let no_name = || {
        Error::new(ErrorKind::Config, "write a name")
            .with_code("invalid_name")
            .with_target(name.as_str())
            .with_help("the name does not fit into a message")
    };
    Name::from_labels(labels.iter().map(Vec::as_slice)).map_err(|_too_long| no_name())
}

/// A name that came on the wire.
pub(crate) fn from_wire(name: &Name) -> Result<DomainName> {
    if name.iter().next().is_none() {
        return Ok(DomainName::root());
    }
    let mut text = String::new();
    for label in name {
        push_label(label, &mut text);
    }
    DomainName::from_server(&text)
}

/// Appends a label and its dot, with every octet escaped that could mean something else.
pub(crate) fn push_label(label: &[u8], out: &mut String) {
    let wildcard = out.is_empty() && label == b"*";
    for octet in label {
        if wildcard || octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'/') {
            out.push(char::from(*octet));
        } else {
            out.push('\\');
            out.extend([octet / 100, octet / 10 % 10, octet % 10].map(|digit| char::from(b'0' + digit)));
        }
    }
    out.push('.');
}

/// The octets of a label that is written with escapes.
pub(crate) fn octets(label: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(label.len());
    let mut rest = label.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some(first) = rest.next() else { break };
        if !first.is_ascii_digit() {
            out.push(first);
            continue;
        }
        let digits = [Some(first), rest.next(), rest.next()];
        let value = digits.iter().flatten().fold(0_u32, |sum, digit| sum * 10 + u32::from(digit & 15));
        out.push(u8::try_from(value).unwrap_or(b'?'));
    }
    out
}

/// The number of a type, also of one that this crate does not read: `LOC`, `TYPE65534`.
pub(crate) fn code(kind: RecordType) -> Result<u16> {
    let unknown = || {
        Error::new(ErrorKind::Config, "ask a name server")
            .with_code("unknown_type")
            .with_target(kind.as_str().to_owned())
            .with_help("no number is known for this type; write it as TYPE and its number, such as TYPE65534")
    };
    if let Some(code) = kind.code() {
        return Ok(code);
    }
    let text = kind.as_str();
    if let Some(number) = text.strip_prefix("TYPE") {
        return number.parse().map_err(|_no_number| unknown());
    }
    WireType::from_str(text).map(u16::from).map_err(|_unknown| unknown())
}

/// The type with this number.
pub(crate) fn kind(wire: WireType) -> RecordType {
    let number = u16::from(wire);
    if let Some(known) = RecordType::KNOWN.iter().find(|kind| kind.code() == Some(number)) {
        return *known;
    }
    let named = match wire {
        WireType::Unknown(_) => None,
        _ => RecordType::from_str(&wire.to_string()).ok().filter(|kind| code(*kind).ok() == Some(number)),
    };
    named.unwrap_or_else(|| RecordType::Other(TypeName::numbered(number)))
}
