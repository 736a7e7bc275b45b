//! Labels of names.

/// Whether `name` is a label of RFC 1123: 1 to 63 of a-z, 0-9 and `-`, a letter or digit at both ends.
pub(crate) fn is_dns_label(name: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name.len() <= 63
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && edge(name.chars().next())
        && edge(name.chars().next_back())
}
