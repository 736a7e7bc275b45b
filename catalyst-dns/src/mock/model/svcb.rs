//! Parameters of SVCB and HTTPS, in the order and with the quotes in which the server writes them.

/// Those with a name, in the order of their numbers (RFC 9460 section 14.3.2).
const NAMED: &[&str] = &["mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint"];

/// The parameters as the server writes them.
pub(super) fn canonical(text: &str) -> String {
    let mut parameters: Vec<(usize, &str, &str)> = text
        .split_ascii_whitespace()
        .map(|field| {
            let (key, value) = field.split_once('=').unwrap_or((field, ""));
            (number(key), key, value.trim_matches('"'))
        })
        .collect();
    parameters.sort_by_key(|(number, ..)| *number);
    let written: Vec<String> =
        parameters.iter().map(|(number, key, value)| write(*number, key, value)).collect();
    written.join(" ")
}

fn number(key: &str) -> usize {
    let named = NAMED.iter().position(|name| key.eq_ignore_ascii_case(name));
    named.or_else(|| key.strip_prefix("key")?.parse().ok()).unwrap_or(usize::MAX)
}

/// Lists and numbers stand bare; what may have any octet in it stands in quotes.
fn write(number: usize, key: &str, value: &str) -> String {
    let quoted = number >= NAMED.len() || key == "ech";
    match (value.is_empty(), quoted) {
        (true, _) => key.to_owned(),
        (false, false) => format!("{key}={value}"),
        (false, true) => format!("{key}=\"{value}\""),
    }
}
