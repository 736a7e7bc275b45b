//! The tokens of a snippet.

use super::Fault;

/// One token. Words that Lua keeps for itself are [`Token::Mark`]s.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Number(f64),
    Text(Vec<u8>),
    /// An operator, a bracket or a keyword.
    Mark(&'static str),
}

/// Longer marks stand before those that they begin with.
const MARKS: [&str; 24] = [
    "..", "==", "~=", "<=", ">=", "+", "-", "*", "/", "%", "#", "<", ">", "=", "(", ")", "{", "}", "[", "]",
    ";", ":", ",", ".",
];
const KEYWORDS: [&str; 15] = [
    "and", "do", "else", "elseif", "end", "false", "for", "if", "in", "local", "nil", "not", "or", "return",
    "true",
];
/// Lua's other words: what a snippet does with them, the fake does not do.
const BEYOND: [&str; 6] = ["break", "function", "repeat", "then", "until", "while"];

/// The tokens of `code`, without comments.
pub(super) fn tokens(code: &str) -> Result<Vec<Token>, Fault> {
    let mut found = Vec::new();
    let mut rest = code;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let Some(first) = rest.bytes().next() else { return Ok(found) };
        if let Some(comment) = rest.strip_prefix("--") {
            rest = match long(comment)? {
                Some((_, after)) => after,
                None => comment.split_once('\n').map_or("", |(_, after)| after),
            };
            continue;
        }
        let (token, after) = match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => word(rest)?,
            b'0'..=b'9' => number(rest)?,
            b'\'' | b'"' => quoted(rest)?,
            _ => match long(rest)? {
                Some((text, after)) => (Token::Text(text.into()), after),
                None => mark(rest)?,
            },
        };
        found.push(token);
        rest = after;
    }
}

fn word(text: &str) -> Result<(Token, &str), Fault> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    if word == "then" {
        return Ok((Token::Mark("then"), after));
    }
    if BEYOND.contains(&word) {
        return Err("the fake does not run this statement of Lua");
    }
    let keyword = KEYWORDS.into_iter().find(|keyword| *keyword == word);
    Ok((keyword.map_or_else(|| Token::Name(word.to_owned()), Token::Mark), after))
}

fn number(text: &str) -> Result<(Token, &str), Fault> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    // `1..'x'` is a malformed number to Lua, `1.5` is one.
    let fraction =
        text[end..].strip_prefix('.').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let end = fraction.map_or(end, |rest| {
        text.len() - rest.len() + rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())
    });
    let (digits, after) = text.split_at(end);
    if after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_') {
        return Err("a number is malformed");
    }
    digits.parse().map(|value| (Token::Number(value), after)).map_err(|_invalid| "a number is malformed")
}

fn quoted(text: &str) -> Result<(Token, &str), Fault> {
    const ENDLESS: Fault = "a literal does not end";
    let mut bytes = text.bytes();
    let quote = bytes.next();
    let mut octets = Vec::new();
    loop {
        match bytes.next().ok_or(ENDLESS)? {
            byte if Some(byte) == quote => break,
            b'\\' => octets.push(escape(&mut bytes)?),
            byte => octets.push(byte),
        }
    }
    Ok((Token::Text(octets), &text[text.len() - bytes.len()..]))
}

fn escape(bytes: &mut std::str::Bytes<'_>) -> Result<u8, Fault> {
    let first = bytes.next().ok_or("a literal does not end")?;
    if !first.is_ascii_digit() {
        return Ok(match first {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            other => other,
        });
    }
    let mut value = u32::from(first - b'0');
    for _ in 0..2 {
        match bytes.clone().next().filter(u8::is_ascii_digit) {
            Some(digit) => value = value * 10 + u32::from(digit - b'0'),
            None => break,
        }
        bytes.next();
    }
    u8::try_from(value).map_err(|_large| "an escape is larger than 255")
}

/// `[[…]]`, `[=[…]=]`, and what follows; `None` if there is none.
fn long(text: &str) -> Result<Option<(&str, &str)>, Fault> {
    let Some(rest) = text.strip_prefix('[') else { return Ok(None) };
    let inner = rest.trim_start_matches('=');
    let level = rest.len() - inner.len();
    let Some(inner) = inner.strip_prefix('[') else { return Ok(None) };
    let close = format!("]{}]", "=".repeat(level));
    inner.split_once(&close).map(Some).ok_or("a long bracket does not end")
}

fn mark(text: &str) -> Result<(Token, &str), Fault> {
    let found = MARKS.into_iter().find(|mark| text.starts_with(mark));
    found.map(|mark| (Token::Mark(mark), &text[mark.len()..])).ok_or("a character is not Lua's")
}
