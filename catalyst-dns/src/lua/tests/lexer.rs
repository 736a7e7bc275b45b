//! A reader of Lua as the manual has it (5.1 to 5.4, section 3.1), that shares nothing with the writer.

/// One token, with what a text means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lexeme {
    Name(String),
    Number(String),
    Text(Vec<u8>),
    Operator(String),
    Comment(String),
}

/// The tokens of `code`; an error says where it is no Lua.
pub(super) fn lex(code: &str) -> Result<Vec<Lexeme>, String> {
    let bytes = code.as_bytes();
    let (mut at, mut out) = (0, Vec::new());
    while at < bytes.len() {
        let rest = &code[at..];
        let byte = bytes[at];
        if byte.is_ascii_whitespace() {
            at += 1;
        } else if let Some(comment) = rest.strip_prefix("--") {
            let line = || rest.find('\n').unwrap_or(rest.len());
            let end = long_bracket(comment).map_or_else(line, |end| 2 + end);
            out.push(Lexeme::Comment(rest[..end].to_owned()));
            at += end;
        } else if byte == b'\'' || byte == b'"' {
            let (text, length) = short_string(&bytes[at..]).ok_or(format!("open string at {at}"))?;
            out.push(Lexeme::Text(text));
            at += length;
        } else if let Some(end) = long_bracket(rest) {
            out.push(Lexeme::Text(rest.as_bytes()[..end].to_vec()));
            at += end;
        } else if byte.is_ascii_alphabetic() || byte == b'_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            out.push(Lexeme::Name(rest[..end].to_owned()));
            at += end;
        } else if byte.is_ascii_digit() {
            // A number takes letters and dots with it, which is why `39..` would be malformed.
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len());
            if !rest[..end].bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(format!("malformed number at {at}"));
            }
            out.push(Lexeme::Number(rest[..end].to_owned()));
            at += end;
        } else {
            let operators = ["...", "..", "==", "~=", "<=", ">="];
            let two = operators.into_iter().find(|operator| rest.starts_with(operator));
            let operator = match two {
                Some(operator) => operator,
                None if b"+-*/%^#<>=(){}[];:,.".contains(&byte) => &rest[..1],
                None => return Err(format!("no token at {at}: {byte}")),
            };
            out.push(Lexeme::Operator(operator.to_owned()));
            at += operator.len();
        }
    }
    Ok(out)
}

/// What an expression of texts, `..` and `string.char` means; everything of `tokens` must be it.
pub(super) fn evaluate(tokens: &[Lexeme]) -> Option<Vec<u8>> {
    let mut value = Vec::new();
    let mut rest = tokens;
    loop {
        match rest {
            [Lexeme::Text(text), after @ ..] => {
                value.extend_from_slice(text);
                rest = after;
            }
            [Lexeme::Name(library), Lexeme::Operator(dot), Lexeme::Name(function), after @ ..]
                if library == "string" && dot == "." && function == "char" =>
            {
                let end = after.iter().position(|token| *token == Lexeme::Operator(")".into()))?;
                for token in &after[1..end] {
                    match token {
                        Lexeme::Number(number) => value.push(number.parse().ok()?),
                        Lexeme::Operator(comma) if comma == "," => {}
                        _ => return None,
                    }
                }
                rest = &after[end + 1..];
            }
            _ => return None,
        }
        match rest {
            [] => return Some(value),
            [Lexeme::Operator(joined), after @ ..] if joined == ".." => rest = after,
            _ => return None,
        }
    }
}

fn short_string(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let quote = *bytes.first()?;
    let (mut value, mut at) = (Vec::new(), 1);
    loop {
        match *bytes.get(at)? {
            byte if byte == quote => return Some((value, at + 1)),
            b'\n' => return None,
            b'\\' => {
                let escaped = *bytes.get(at + 1)?;
                if escaped.is_ascii_digit() {
                    let digits: Vec<u8> =
                        bytes[at + 1..].iter().copied().take(3).take_while(u8::is_ascii_digit).collect();
                    value.push(std::str::from_utf8(&digits).ok()?.parse().ok()?);
                    at += 1 + digits.len();
                } else {
                    value.push(match escaped {
                        b'n' => b'\n',
                        b't' => b'\t',
                        other => other,
                    });
                    at += 2;
                }
            }
            byte => {
                value.push(byte);
                at += 1;
            }
        }
    }
}

/// The length of `[[…]]` or `[=[…]=]` at the beginning.
fn long_bracket(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('[')?;
    let level = inner.bytes().take_while(|byte| *byte == b'=').count();
    inner[level..].starts_with('[').then_some(())?;
    let close = format!("]{}]", "=".repeat(level));
    text.find(&close).map(|end| end + close.len())
}
