//! The part of HCL that policies are written in: blocks, texts, numbers, lists, objects and comments; or JSON.

use std::fmt;

/// How deep lists and objects may lie in one another.
const MAX_DEPTH: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Text(String),
    Number(String),
    Bool(bool),
    List(Vec<Value>),
    Map(Vec<Member>),
}

/// `path "secret/*" { … }`, or `name = …`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) label: Option<String>,
    pub(crate) value: Value,
}

/// Where the text stops to be HCL, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) what: &'static str,
}

/// The members of a document.
pub(crate) fn parse(text: &str) -> Result<Vec<Member>, Fault> {
    if text.trim_start().starts_with('{')
        && let Ok(serde_json::Value::Object(members)) = serde_json::from_str(text)
    {
        return Ok(members.into_iter().map(|(name, value)| member_of_json(name, value)).collect());
    }
    let mut reader = Reader { text, at: 0 };
    let members = reader.members(0)?;
    match reader.peek() {
        None => Ok(members),
        Some(_) => Err(reader.fault("expected: IDENT | STRING")),
    }
}

/// A text in quotes, such that nothing in it is read as anything else.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            // With a brace behind it, it would begin an expression.
            '$' => quoted.push_str("\\u0024"),
            c if c.is_control() => quoted.extend(["\\u", &format!("{:04x}", u32::from(c))]),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Number(number) => f.write_str(number),
            Self::Bool(value) => write!(f, "{value}"),
            Self::List(all) => {
                let all: Vec<_> = all.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", all.join(", "))
            }
            Self::Map(members) => {
                let one = |member: &Member| format!("{} = {}", quoted(&member.name), member.value);
                write!(f, "{{ {} }}", members.iter().map(one).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn member_of_json(name: String, value: serde_json::Value) -> Member {
    Member { name, label: None, value: of_json(value) }
}

fn of_json(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Text(String::new()),
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::Number(number) => Value::Number(number.to_string()),
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(all) => Value::List(all.into_iter().map(of_json).collect()),
        serde_json::Value::Object(members) => {
            Value::Map(members.into_iter().map(|(name, value)| member_of_json(name, value)).collect())
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn members(&mut self, depth: usize) -> Result<Vec<Member>, Fault> {
        let mut members = Vec::new();
        loop {
            self.skip();
            match self.peek() {
                None | Some('}') => return Ok(members),
                Some(',') if depth > 0 && !members.is_empty() => self.at += 1,
                Some(_) => members.push(self.member(depth)?),
            }
        }
    }

    fn member(&mut self, depth: usize) -> Result<Member, Fault> {
        let name = self.name()?;
        self.skip();
        let label = match self.peek() {
            Some('"') => Some(self.quoted()?),
            _ => None,
        };
        self.skip();
        let value = match self.peek() {
            Some('=' | ':') if label.is_none() => {
                self.at += 1;
                self.value(depth + 1)?
            }
            Some('{') => self.value(depth + 1)?,
            _ => return Err(self.fault("expected: = or {")),
        };
        Ok(Member { name, label, value })
    }

    fn name(&mut self) -> Result<String, Fault> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let word = self.word();
        let begins = word.starts_with(|c: char| c.is_alphabetic() || c == '_');
        match self.peek() {
            _ if begins => Ok(word),
            Some('{') => Err(self.fault("expected: IDENT | STRING got: LBRACE")),
            _ => Err(self.fault("expected: IDENT | STRING")),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Fault> {
        if depth > MAX_DEPTH {
            return Err(self.fault("it is too deep"));
        }
        self.skip();
        match self.peek() {
            Some('"') => self.quoted().map(Value::Text),
            Some('{') => {
                self.at += 1;
                let members = self.members(depth)?;
                self.expect('}')?;
                Ok(Value::Map(members))
            }
            Some('[') => self.list(depth).map(Value::List),
            _ => match self.word() {
                word if word == "true" => Ok(Value::Bool(true)),
                word if word == "false" => Ok(Value::Bool(false)),
                word if word.parse::<f64>().is_ok_and(f64::is_finite) => Ok(Value::Number(word)),
                _ => Err(self.fault("expected a value")),
            },
        }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Value>, Fault> {
        self.at += 1;
        let mut all = Vec::new();
        loop {
            self.skip();
            if self.peek() == Some(']') {
                self.at += 1;
                return Ok(all);
            }
            if !all.is_empty() {
                self.expect(',')?;
                self.skip();
                if self.peek() == Some(']') {
                    continue;
                }
            }
            all.push(self.value(depth + 1)?);
        }
    }

    fn quoted(&mut self) -> Result<String, Fault> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(c) = self.next() else { return Err(self.fault("literal not terminated")) };
            match c {
                '"' => return Ok(text),
                '\n' => return Err(self.fault("literal not terminated")),
                '\\' => text.push(self.escaped()?),
                c => text.push(c),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, Fault> {
        let digits = match self.next() {
            Some(c @ ('"' | '\\')) => return Ok(c),
            Some('n') => return Ok('\n'),
            Some('t') => return Ok('\t'),
            Some('r') => return Ok('\r'),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => return Err(self.fault("illegal char escape")),
        };
        let code = self.text.get(self.at..self.at + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let Some(c) = code.and_then(char::from_u32) else { return Err(self.fault("illegal char escape")) };
        self.at += digits;
        Ok(c)
    }

    fn word(&mut self) -> String {
        let rest = &self.text[self.at..];
        let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
        let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
        self.at += end;
        rest[..end].to_owned()
    }

    /// Passes over space and comments.
    fn skip(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let comment = if trimmed.starts_with('#') || trimmed.starts_with("//") {
                trimmed.find('\n').unwrap_or(trimmed.len())
            } else if trimmed.starts_with("/*") {
                trimmed.find("*/").map_or(trimmed.len(), |end| end + 2)
            } else {
                return;
            };
            self.at += comment;
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), Fault> {
        self.skip();
        if self.peek() != Some(wanted) {
            return Err(self.fault("object expected closing RBRACE or COMMA"));
        }
        self.at += wanted.len_utf8();
        Ok(())
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn fault(&self, what: &'static str) -> Fault {
        let before = &self.text[..self.at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Fault { line, column, what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blocks_values_and_comments_are_read() {
        let text = "# one\npath \"a/*\" { // two\n capabilities = [\"read\", \"list\",]\n n = 1 /* three */ o = { \"x\" = [], y = true } }";
        let members = parse(text).unwrap();
        assert_eq!((members.len(), members[0].label.as_deref()), (1, Some("a/*")));
        let Value::Map(inner) = &members[0].value else { panic!("{members:?}") };
        assert_eq!(
            inner.iter().map(|member| member.name.as_str()).collect::<Vec<_>>(),
            ["capabilities", "n", "o"]
        );
    }

    #[test]
    fn what_is_no_hcl_is_refused_with_its_place() {
        let fault = parse("path {{{").unwrap_err();
        assert_eq!((fault.line, fault.column), (1, 7));
        let deep = format!("a = {}", "[".repeat(MAX_DEPTH + 2));
        for bad in ["path", "path \"a", "path \"a\" {", "a = ", "a = [1 2]", "= 1", "}", "a = \"\\q\"", &deep]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back_from_its_quotes(text in "\\PC{0,20}|[\\x00-\\x20\"\\\\${}]{0,9}") {
            let members = parse(&format!("a = {}", quoted(&text))).unwrap();
            prop_assert_eq!(&members[0].value, &Value::Text(text));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,40}|[a\"{}\\[\\]=,#/*\\\\\\n ]{0,24}") {
            let _read = parse(&text);
        }
    }
}
