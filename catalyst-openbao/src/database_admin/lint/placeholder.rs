//! The places where the server puts names, passwords and times.

use super::token::{Kind, Quoting, Token, tokens};
use super::{Rule, StatementList};

/// How deep bodies in bodies are looked into.
const MAX_DEPTH: usize = 4;

/// Each `{{…}}` in a statement: what stands between the braces, and where.
pub(super) fn placeholders(text: &str) -> Vec<(&str, usize)> {
    let (mut all, mut at) = (Vec::new(), 0);
    while let Some(begin) = text[at..].find("{{") {
        let inside = at + begin + 2;
        let Some(length) = text[inside..].find("}}") else { break };
        all.push((&text[inside..inside + length], inside - 2));
        at = inside + length + 2;
    }
    all
}

/// What is wrong with the placeholders of a statement, and where.
pub(super) fn check(text: &str, list: StatementList, quoting: Quoting) -> Vec<(Rule, usize)> {
    let mut wrong = Vec::new();
    for (name, at) in placeholders(text) {
        let known = match name {
            "name" | "username" => true,
            "password" => matches!(list, StatementList::Creation | StatementList::Rotation),
            "expiration" => matches!(list, StatementList::Creation | StatementList::Renewal),
            _ => false,
        };
        if !known {
            wrong.push((Rule::UnknownPlaceholder, at));
        } else if !is_quoted(&tokens(text, quoting), at, matches!(name, "name" | "username"), quoting, 0) {
            wrong.push((Rule::UnquotedPlaceholder, at));
        }
    }
    wrong
}

fn is_quoted(tokens: &[Token<'_>], at: usize, is_name: bool, quoting: Quoting, depth: usize) -> bool {
    let holds = |token: &&Token<'_>| token.at <= at && at < token.at + token.text.len();
    let Some(token) = tokens.iter().find(holds) else { return false };
    match token.kind {
        Kind::Text | Kind::Comment => true,
        Kind::Name => is_name,
        Kind::Body if depth < MAX_DEPTH => {
            let inner = token.inner();
            let opening = token.text.find(inner).unwrap_or_default();
            match at.checked_sub(token.at + opening) {
                Some(at) => is_quoted(&self::tokens(inner, quoting), at, is_name, quoting, depth + 1),
                None => false,
            }
        }
        _ => false,
    }
}
