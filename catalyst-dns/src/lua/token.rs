//! The tokens of Lua that our snippets are made of. Anything else is no snippet of ours.

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name or keyword.
    Word(&'a str),
    /// Decimal digits.
    Number(&'a str),
    /// What stands between single quotes, without escapes.
    Text(&'a str),
    /// `..` or one mark.
    Mark(&'a str),
    /// What stands in `--[[ ]]`.
    Comment(&'a str),
}

/// The tokens of `snippet`; `None` if something in it is not ours.
pub(super) fn tokens(snippet: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = snippet.trim_start_matches(' ');
    while let Some(first) = rest.bytes().next() {
        let (token, length) = match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let end = span(rest, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
                (Token::Word(&rest[..end]), end)
            }
            b'0'..=b'9' => {
                let end = span(rest, |byte| byte.is_ascii_digit());
                (Token::Number(&rest[..end]), end)
            }
            b'\'' => {
                let inner = rest[1..].split_once('\'')?.0;
                if inner.contains('\\') {
                    return None;
                }
                (Token::Text(inner), inner.len() + 2)
            }
            b'-' => {
                let inner = rest.strip_prefix("--[[")?.split_once("]]")?.0;
                (Token::Comment(inner), inner.len() + 6)
            }
            b'.' if rest.starts_with("..") => (Token::Mark(".."), 2),
            b'.' | b'(' | b')' | b'{' | b'}' | b'[' | b']' | b',' | b';' | b'=' | b'#' | b'>' | b'+' => {
                (Token::Mark(&rest[..1]), 1)
            }
            _ => return None,
        };
        tokens.push(token);
        rest = rest[length..].trim_start_matches(' ');
    }
    Some(tokens)
}

fn span(text: &str, belongs: impl Fn(u8) -> bool) -> usize {
    text.bytes().position(|byte| !belongs(byte)).unwrap_or(text.len())
}
