//! Values of Lua as they stand in snippets: written here and nowhere else, and read back.

use std::fmt;

use super::quote;
use super::token::Token;

/// The deepest nesting that is read: a list of sets of pairs, and the headers among the options.
const MAX_DEPTH: u8 = 4;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(Vec<u8>),
    Number(u32),
    List(Vec<Value>),
    Map(Vec<(Key, Value)>),
}

/// The key of an entry: a word of ours, or a text from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Word(String),
    Text(Vec<u8>),
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into().into_bytes())
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(octets) => std::str::from_utf8(octets).ok(),
            _ => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Self]> {
        match self {
            Self::List(values) => Some(values),
            _ => None,
        }
    }

    pub(super) fn map(&self) -> Option<&[(Key, Self)]> {
        match self {
            Self::Map(entries) => Some(entries),
            // `{}` has no entries of either kind.
            Self::List(values) if values.is_empty() => Some(&[]),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(octets) => quote::write(octets, f),
            Self::Number(number) => number.fmt(f),
            Self::List(values) => braced(values, f, fmt::Display::fmt),
            Self::Map(entries) => braced(entries, f, |(key, value), f| {
                match key {
                    Key::Word(word) => f.write_str(word)?,
                    Key::Text(octets) => {
                        f.write_str("[")?;
                        quote::write(octets, f)?;
                        f.write_str("]")?;
                    }
                }
                write!(f, "={value}")
            }),
        }
    }
}

fn braced<T>(
    items: &[T],
    f: &mut fmt::Formatter<'_>,
    write: impl Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    f.write_str("{")?;
    for (index, item) in items.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { "," })?;
        write(item, f)?;
    }
    f.write_str("}")
}

/// Tokens that are being read.
pub(super) struct Cursor<'a, 't>(pub(super) &'t [Token<'a>]);

impl<'a> Cursor<'a, '_> {
    /// Steps over `token` if it is next.
    pub(super) fn eat(&mut self, token: Token<'_>) -> bool {
        match self.0.split_first() {
            Some((next, rest)) if *next == token => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        let (next, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*next)
    }

    fn mark(&mut self, mark: &str) -> Option<()> {
        self.eat(Token::Mark(mark)).then_some(())
    }

    /// The value that is next.
    pub(super) fn value(&mut self) -> Option<Value> {
        self.nested(0)
    }

    fn nested(&mut self, depth: u8) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        match *self.0.first()? {
            Token::Number(digits) => {
                self.next();
                digits.parse().ok().map(Value::Number)
            }
            Token::Mark("{") => self.table(depth),
            _ => self.text().map(Value::Text),
        }
    }

    fn text(&mut self) -> Option<Vec<u8>> {
        let mut octets = Vec::new();
        loop {
            match self.next()? {
                Token::Text(piece) => octets.extend_from_slice(piece.as_bytes()),
                Token::Word("string") => self.codes(&mut octets)?,
                _ => return None,
            }
            if !self.eat(Token::Mark("..")) {
                return Some(octets);
            }
        }
    }

    fn codes(&mut self, octets: &mut Vec<u8>) -> Option<()> {
        self.mark(".")?;
        self.eat(Token::Word("char")).then_some(())?;
        self.mark("(")?;
        loop {
            let Token::Number(code) = self.next()? else { return None };
            octets.push(code.parse().ok()?);
            if !self.eat(Token::Mark(",")) {
                return self.mark(")");
            }
        }
    }

    fn table(&mut self, depth: u8) -> Option<Value> {
        self.mark("{")?;
        let (mut values, mut entries) = (Vec::new(), Vec::new());
        while !self.eat(Token::Mark("}")) {
            if !values.is_empty() || !entries.is_empty() {
                self.mark(",")?;
            }
            if self.is_keyed() {
                entries.push((self.key()?, self.nested(depth + 1)?));
            } else {
                values.push(self.nested(depth + 1)?);
            }
        }
        match (values.is_empty(), entries.is_empty()) {
            (_, true) => Some(Value::List(values)),
            (true, false) => Some(Value::Map(entries)),
            (false, false) => None,
        }
    }

    /// Whether the next entry has a key.
    fn is_keyed(&self) -> bool {
        match self.0 {
            [Token::Mark(mark), ..] => *mark == "[",
            [Token::Word(_), Token::Mark(mark), ..] => *mark == "=",
            _ => false,
        }
    }

    /// The key of the next entry, and its `=`.
    fn key(&mut self) -> Option<Key> {
        let key = if let Token::Word(word) = self.next()? {
            Key::Word(word.to_owned())
        } else {
            let key = Key::Text(self.text()?);
            self.mark("]")?;
            key
        };
        self.mark("=")?;
        Some(key)
    }
}
