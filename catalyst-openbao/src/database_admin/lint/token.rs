//! Cuts SQL into its parts, as far as quotes and comments go. It never fails: what does not end, ends with the text.

/// A part of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// With its quotes.
    pub(super) text: &'a str,
    /// The byte where it begins.
    pub(super) at: usize,
    pub(super) terminated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword, a name, a number.
    Word,
    /// `'text'`, and on MySQL `"text"`.
    Text,
    /// `"name"`, on MySQL `` `name` ``.
    Name,
    /// `$tag$ … $tag$`
    Body,
    Comment,
    Symbol,
}

/// What quotes mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    PostgreSql,
    MySql,
}

impl Token<'_> {
    /// Whether it is this word, whatever the size of its letters.
    pub(super) fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// What stands between the quotes.
    pub(super) fn inner(&self) -> &str {
        let opening = match self.kind {
            Kind::Body => self.text[1..].find('$').map_or(1, |end| end + 2),
            Kind::Text | Kind::Name => self.text.find(['\'', '"', '`']).map_or(0, |quote| quote + 1),
            _ => return self.text,
        };
        let closing = match (self.terminated, self.kind) {
            (false, _) => 0,
            (true, Kind::Body) => opening,
            (true, _) => 1,
        };
        let end = self.text.len().saturating_sub(closing);
        self.text.get(opening..end).unwrap_or_default()
    }
}

/// The parts of `sql`, without the space between them.
pub(super) fn tokens(sql: &str, quoting: Quoting) -> Vec<Token<'_>> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(first) = sql[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (kind, length, terminated) = next(&sql[at..], first, quoting);
        all.push(Token { kind, text: &sql[at..at + length], at, terminated });
        at += length;
    }
    all
}

fn next(rest: &str, first: char, quoting: Quoting) -> (Kind, usize, bool) {
    let quoted = |kind, from, quote, escapes| {
        let (length, terminated) = end_of_quotes(rest, from, quote, escapes);
        (kind, length, terminated)
    };
    match (first, quoting) {
        ('\'', _) => quoted(Kind::Text, 1, b'\'', quoting == Quoting::MySql),
        ('E' | 'e', Quoting::PostgreSql) if rest[1..].starts_with('\'') => quoted(Kind::Text, 2, b'\'', true),
        ('"', Quoting::PostgreSql) => quoted(Kind::Name, 1, b'"', false),
        ('"', Quoting::MySql) => quoted(Kind::Text, 1, b'"', true),
        ('`', Quoting::MySql) => quoted(Kind::Name, 1, b'`', false),
        ('-', _) if rest.starts_with("--") => line(rest),
        ('#', Quoting::MySql) => line(rest),
        ('/', _) if rest.starts_with("/*") => block(rest, quoting == Quoting::PostgreSql),
        ('$', Quoting::PostgreSql) => body(rest).unwrap_or((Kind::Symbol, 1, true)),
        (first, _) if is_word(first) => {
            (Kind::Word, rest.find(|c| !is_word(c) && c != '$').unwrap_or(rest.len()), true)
        }
        _ => (Kind::Symbol, first.len_utf8(), true),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The end of what begins before `from`: a quote that is neither doubled nor, where that counts, behind a backslash.
fn end_of_quotes(rest: &str, from: usize, quote: u8, escapes: bool) -> (usize, bool) {
    let bytes = rest.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escapes => at += 2,
            byte if byte == quote && bytes.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return (at + 1, true),
            _ => at += 1,
        }
    }
    (rest.len(), false)
}

fn line(rest: &str) -> (Kind, usize, bool) {
    (Kind::Comment, rest.find('\n').unwrap_or(rest.len()), true)
}

fn block(rest: &str, nested: bool) -> (Kind, usize, bool) {
    let (mut depth, mut at) = (0_usize, 0);
    let bytes = rest.as_bytes();
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" if nested || depth == 0 => (depth, at) = (depth + 1, at + 2),
            b"*/" => {
                (depth, at) = (depth.saturating_sub(1), at + 2);
                if depth == 0 {
                    return (Kind::Comment, at, true);
                }
            }
            _ => at += 1,
        }
    }
    (Kind::Comment, rest.len(), false)
}

/// None if this dollar begins no body.
fn body(rest: &str) -> Option<(Kind, usize, bool)> {
    let end = rest[1..].find('$')? + 2;
    let tag = &rest[..end];
    let name = &tag[1..tag.len() - 1];
    if !name.chars().all(is_word) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match rest[end..].find(tag) {
        Some(closing) => Some((Kind::Body, end + closing + end, true)),
        None => Some((Kind::Body, rest.len(), false)),
    }
}
