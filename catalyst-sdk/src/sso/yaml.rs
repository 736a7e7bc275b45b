//! Text that stands in YAML and cannot be anything but text.

use std::fmt::Write as _;

/// `text` as a double-quoted scalar (YAML 1.2 section 7.3.1): everything that could end it, and everything beyond
/// printable ASCII, is escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            // Writing to a String cannot fail.
            _ => write!(quoted, "\\U{:08X}", u32::from(c)).unwrap_or_default(),
        }
    }
    quoted.push('"');
    quoted
}
