//! What may be printed of a text that came from outside.
//!
//! Known fields are printed by allow-list elsewhere; this is the last line for free text, such as a server's
//! error message that quotes what it was sent.

const MARK: &str = "[redacted]";

/// `text` without control characters, with everything that looks like a credential replaced, cut to `limit` bytes.
///
/// Replaced are OpenBao and Vault tokens (`s.…`, `b.…`, `r.…`, `hvs.…`), JSON web tokens, PEM blocks, the password
/// in a URL, and the value behind `password`, `secret`, `token` or `secret_id` and a colon or equals sign.
///
/// ```
/// let said = catalyst_core::redact::text("login with password=hunter2 failed", 100);
/// assert_eq!(said, "login with password=[redacted] failed");
/// ```
pub fn text(text: &str, limit: usize) -> String {
    // Bounded before the work, with room for what is about to be cut out.
    let head = floor_boundary(text, limit.saturating_mul(4));
    let flat: String = head.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut clean = String::with_capacity(flat.len().min(limit));
    let mut assigned = false;
    for word in pem_cut(&flat).split_inclusive(' ') {
        let bare = word.trim_end_matches(' ');
        let (shown, expects_value) = redact_word(bare, assigned);
        clean.push_str(&shown);
        clean.push_str(&word[bare.len()..]);
        // `password: value` puts the value into the next word.
        assigned = expects_value || (assigned && bare.is_empty());
    }
    if clean.len() > limit || head.len() < text.len() {
        clean.truncate(floor_boundary(&clean, limit).len());
        clean.push('…');
    }
    clean
}

/// The words whose value is never shown.
const NAMES: [&str; 6] = ["password", "passwd", "secret", "token", "secret_id", "jwt"];

fn redact_word(word: &str, value_expected: bool) -> (String, bool) {
    if value_expected && !word.is_empty() {
        return (MARK.to_owned(), false);
    }
    if let Some(at) = word.find(['=', ':']) {
        let name = word[..at].trim_matches(|c: char| !c.is_alphanumeric() && c != '_').to_ascii_lowercase();
        if NAMES.contains(&name.as_str()) {
            let value = &word[at + 1..];
            if value.is_empty() {
                return (word.to_owned(), true);
            }
            return (format!("{}{MARK}", &word[..=at]), false);
        }
    }
    if let Some(clean) = url_password(word) {
        return (clean, false);
    }
    let core = word.trim_matches(|c: char| !c.is_alphanumeric());
    if looks_like_token(core) {
        return (word.replacen(core, MARK, 1), false);
    }
    (word.to_owned(), false)
}

fn looks_like_token(word: &str) -> bool {
    let bao = ["s.", "b.", "r.", "hvs.", "hvb.", "hvr."]
        .iter()
        .any(|prefix| word.strip_prefix(prefix).is_some_and(|rest| rest.len() >= 16 && is_token_text(rest)));
    let jwt = word.len() >= 40 && word.starts_with("eyJ") && word.matches('.').count() >= 1;
    bao || jwt
}

fn is_token_text(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// `scheme://user:password@host` without its password.
fn url_password(word: &str) -> Option<String> {
    let start = word.find("://")? + 3;
    let at = start + word[start..].find('@')?;
    let colon = start + word[start..at].find(':')?;
    Some(format!("{}:{MARK}{}", &word[..colon], &word[at..]))
}

fn pem_cut(text: &str) -> String {
    let Some(begin) = text.find("-----BEGIN") else {
        return text.to_owned();
    };
    let end = text.rfind("-----END").map_or(text.len(), |end| {
        text[end + 8..].find("-----").map_or(text.len(), |tail| end + 8 + tail + 5)
    });
    if end <= begin {
        return format!("{}{MARK}", &text[..begin]);
    }
    format!("{}{MARK}{}", &text[..begin], &text[end..])
}

fn floor_boundary(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tokens_passwords_urls_and_pem_are_replaced() {
        for (said, shown) in [
            ("bad token s.AT29Cibp8IH4ua9Utacs19yQ", "bad token [redacted]"),
            ("\"hvs.CAESIAT29Cibp8IH4ua9Utacs19yQ\"", "\"[redacted]\""),
            (
                "dial postgres://bao:hunter2@127.0.0.1:5432/app",
                "dial postgres://bao:[redacted]@127.0.0.1:5432/app",
            ),
            ("password: hunter2, user a", "password: [redacted] user a"),
            ("got eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJhIn0.c2ln", "got [redacted]"),
            ("key -----BEGIN KEY----- abc -----END KEY----- end", "key [redacted] end"),
            ("unknown role: nosuch", "unknown role: nosuch"),
            ("missing client token", "missing client token"),
        ] {
            assert_eq!(text(said, 200), shown);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_bounded_and_never_panics(said in ".{0,400}", limit in 0usize..200) {
            let shown = text(&said, limit);
            prop_assert!(shown.len() <= limit + '…'.len_utf8());
            prop_assert!(!shown.chars().any(char::is_control));
        }

        #[test]
        fn a_password_assignment_never_survives(value in "[a-zA-Z0-9]{8,40}", before in "[a-z ]{0,30}") {
            let shown = text(&format!("{before} password={value} tail"), 400);
            prop_assert!(!shown.contains(&value));
        }
    }
}
