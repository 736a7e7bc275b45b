//! Where a snippet may be cut: between the tokens of Lua, as far as they matter for that (Lua 5.1 section 2.1).

use super::text::MAX_STRING;

/// Why a snippet cannot stand in a record, if it cannot.
pub(super) fn fault(snippet: &str) -> Option<&'static str> {
    if snippet.contains('"') {
        return Some("a snippet has no double quotes, which PowerDNS cannot hold; write strings as '…'");
    }
    let mut rest = snippet;
    while !rest.is_empty() {
        match token(rest) {
            Token::Broken(fault) => return Some(fault),
            Token::Plain(length) | Token::Comment(length) => rest = &rest[length..],
        }
    }
    let mut start = 0;
    let fits = tidy(snippet).chain([snippet.len()]).all(|cut| {
        let length = cut - std::mem::replace(&mut start, cut);
        length <= MAX_STRING
    });
    (!fits).then_some("no token has more than 255 octets; write 'one'..'two' instead of a long literal")
}

/// The snippet in parts of at most 255 octets, each cut where white space means nothing. It has no [`fault`].
pub(super) fn chunks(snippet: &str) -> impl Iterator<Item = &str> {
    let mut cuts = tidy(snippet).chain([snippet.len()]).peekable();
    let mut start = 0;
    std::iter::from_fn(move || {
        let mut end = start;
        while let Some(cut) = cuts.next_if(|cut| *cut - start <= MAX_STRING) {
            end = cut;
        }
        let part = &snippet[start..end];
        start = end;
        Some(part).filter(|part| !part.is_empty())
    })
}

/// The cuts after which no space stands: from 5.0, a string that is one space counts for nothing.
fn tidy(snippet: &str) -> impl Iterator<Item = usize> {
    Cuts::of(snippet).filter(|cut| snippet.as_bytes().get(*cut) != Some(&b' '))
}

/// The places inside a snippet where white space means nothing, from the left.
pub(super) struct Cuts<'a> {
    snippet: &'a str,
    position: usize,
    /// Up to here it is a comment.
    comment_until: usize,
}

impl<'a> Cuts<'a> {
    pub(super) fn of(snippet: &'a str) -> Self {
        Self { snippet, position: 0, comment_until: 0 }
    }

    /// Moves to the next place at which a token ends, or on by one in a comment.
    fn advance(&mut self) -> Option<()> {
        if self.position < self.comment_until {
            self.position += 1;
            return Some(());
        }
        match token(&self.snippet[self.position..]) {
            Token::Plain(length) => self.position += length,
            Token::Comment(length) => {
                self.comment_until = self.position + length;
                self.position += 1;
            }
            Token::Broken(_) => return None,
        }
        Some(())
    }
}

impl Iterator for Cuts<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        loop {
            self.advance()?;
            if self.position >= self.snippet.len() {
                return None;
            }
            // What opens and closes a comment stays in one piece, and no backslash stands before the closing quote.
            let last = self.snippet.as_bytes()[self.position - 1];
            if self.position >= self.comment_until || last.is_ascii_alphanumeric() || last == b' ' {
                return Some(self.position);
            }
        }
    }
}

enum Token {
    /// So many octets that belong together.
    Plain(usize),
    /// A comment of so many octets, in which nothing means anything.
    Comment(usize),
    Broken(&'static str),
}

const ENDLESS: Token = Token::Broken("a literal or comment of the snippet does not end");

/// The first token of `text`, which is not empty.
fn token(text: &str) -> Token {
    let bytes = text.as_bytes();
    if let Some(after) = text.strip_prefix("--") {
        return match long_bracket(after) {
            Bracket::Closed(length) => Token::Comment(2 + length),
            Bracket::Open => ENDLESS,
            Bracket::None => Token::Comment(text.len()),
        };
    }
    match bytes[0] {
        b'\'' => quoted(bytes),
        b'[' => match long_bracket(text) {
            Bracket::Closed(length) => Token::Plain(length),
            Bracket::Open => ENDLESS,
            Bracket::None => Token::Plain(1),
        },
        b'\\' => Token::Broken("a backslash stands in literals only"),
        byte if byte.is_ascii_digit() => Token::Plain(number(bytes)),
        byte if byte.is_ascii_alphabetic() || byte == b'_' => {
            Token::Plain(run(bytes, |byte| byte.is_ascii_alphanumeric() || byte == b'_'))
        }
        b'.' if bytes.get(1).is_some_and(u8::is_ascii_digit) => Token::Plain(number(bytes)),
        // Operators of up to three characters: `...`, `..`, `==`, `~=`, `<=`, `>=`, and of later versions `//`, `::`.
        b'.' | b'=' | b'~' | b'<' | b'>' | b'/' | b':' => {
            Token::Plain(run(bytes, |byte| matches!(byte, b'.' | b'=' | b'~' | b'<' | b'>' | b'/' | b':')))
        }
        _ => Token::Plain(1),
    }
}

/// A string in single quotes, with its escapes.
fn quoted(bytes: &[u8]) -> Token {
    let mut escaped = false;
    for (index, byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'\'' => return Token::Plain(index + 1),
            _ => {}
        }
    }
    ENDLESS
}

/// A long bracket at the beginning of a text: `[[…]]`, `[=[…]=]`.
enum Bracket {
    /// Of so many octets.
    Closed(usize),
    Open,
    None,
}

fn long_bracket(text: &str) -> Bracket {
    let level = text.bytes().skip(1).take_while(|byte| *byte == b'=').count();
    let open = level + 2;
    if !text.starts_with('[') || text.as_bytes().get(level + 1) != Some(&b'[') {
        return Bracket::None;
    }
    let close = format!("]{}]", "=".repeat(level));
    text[open..].find(&close).map_or(Bracket::Open, |at| Bracket::Closed(open + at + close.len()))
}

/// A number, generously: digits, letters and dots, and the sign of an exponent.
fn number(bytes: &[u8]) -> usize {
    let mut before = 0;
    let ends = |byte: &u8| {
        let sign = matches!(byte, b'+' | b'-') && matches!(before, b'e' | b'E' | b'p' | b'P');
        before = *byte;
        !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || sign)
    };
    bytes.iter().position(ends).unwrap_or(bytes.len())
}

fn run(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| belongs(**byte)).count()
}
