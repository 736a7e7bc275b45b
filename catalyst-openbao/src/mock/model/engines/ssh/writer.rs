//! The binary form of OpenSSH, written (RFC 4251, section 5).

/// Bytes with their length before them.
pub(super) fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), bytes].concat()
}

/// A number that is not negative: without zeros before it, and with one where its first bit would be a sign.
pub(super) fn number(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let significant = bytes.get(start..).unwrap_or_default();
    match significant.first() {
        Some(first) if first & 0x80 != 0 => string(&[&[0], significant].concat()),
        _ => string(significant),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_in_the_rfc() {
        assert_eq!(number(&[0, 0]), [0, 0, 0, 0]);
        assert_eq!(number(&[0, 0x80]), [0, 0, 0, 2, 0, 0x80]);
        assert_eq!(number(&[9, 0xa3]), [0, 0, 0, 2, 9, 0xa3]);
        assert_eq!(string(b"testing"), b"\0\0\0\x07testing");
    }
}
