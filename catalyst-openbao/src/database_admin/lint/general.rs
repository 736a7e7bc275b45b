//! What holds for SQL of all databases.

use super::placeholder::{check, placeholders};
use super::report::Report;
use super::sql::Sql;
use super::token::{Kind, Quoting};
use super::{Rule, StatementList};
use crate::database_admin::Dialect;

/// Checks each statement of a list by itself, and gives them back cut into their parts.
pub(super) fn list<'a>(
    statements: &'a [String],
    list: StatementList,
    quoting: Quoting,
    report: &mut Report,
) -> Vec<Sql<'a>> {
    let mut read = Vec::new();
    for (number, text) in statements.iter().enumerate() {
        let sql = Sql::read(text, quoting);
        for (rule, at) in check(text, list, quoting) {
            report.at(rule, list, number, at);
        }
        for token in sql.tokens.iter().filter(|token| !token.terminated) {
            report.at(Rule::Unterminated, list, number, token.at);
        }
        if !is_left_whole(text, list, quoting) {
            for token in sql.tokens.iter().filter(|token| token.kind != Kind::Symbol) {
                if let Some(offset) = token.text.find(';') {
                    report.at(Rule::CutBySemicolon, list, number, token.at + offset);
                }
            }
        }
        if let Some(at) = password_in_clear(&sql) {
            report.at(Rule::PasswordInClear, list, number, at);
        }
        read.push(sql);
    }
    read
}

/// Whether the server runs the statement as it is, as it does on PostgreSQL when it finds the word `END` outside of
/// quotes. It cuts what changes a password or a term in any case.
fn is_left_whole(text: &str, list: StatementList, quoting: Quoting) -> bool {
    let whole = matches!(list, StatementList::Creation | StatementList::Revocation);
    let is_end =
        |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == "END");
    quoting == Quoting::PostgreSql && whole && text.lines().any(|line| is_end(&unquoted(line)))
}

/// What is left of a line without what stands in quotes, as the server sees it: it knows no escapes, and no quotation
/// that goes on in the next line.
fn unquoted(line: &str) -> String {
    let mut rest = line.to_owned();
    for quote in ['"', '\''] {
        let mut from = 0;
        while let Some(begin) = rest[from..].find(quote).map(|at| from + at) {
            let Some(length) = rest[begin + 1..].find(quote) else { break };
            rest.replace_range(begin..begin + length + 2, " ");
            from = begin + 1;
        }
    }
    rest
}

/// `PASSWORD 'text'`, `IDENTIFIED BY 'text'`, and `AS 'text'` after a plugin's name, without the placeholder.
fn password_in_clear(sql: &Sql<'_>) -> Option<usize> {
    let tokens: Vec<_> = sql.tokens.iter().filter(|token| token.kind != Kind::Comment).collect();
    let found = tokens.iter().enumerate().find(|(number, token)| {
        let before = |back: usize| number.checked_sub(back).map(|at| tokens[at]);
        let is = |back, word| before(back).is_some_and(|token| token.is(word));
        let opened = before(1).is_some_and(|token| token.text == "(") && is(2, "PASSWORD");
        let identified = (1..=4).any(|back| is(back, "IDENTIFIED"));
        let introduced =
            is(1, "PASSWORD") || opened || identified && (is(1, "BY") || is(1, "AS") || is(1, "USING"));
        introduced && token.kind == Kind::Text && !token.text.contains("{{password}}")
    });
    found.map(|(_, token)| token.at)
}

/// That the user and the password are those that the server gave out.
pub(super) fn mentions(statements: &[String], list: StatementList, report: &mut Report) {
    let has = |wanted: &[&str]| {
        statements.iter().any(|text| placeholders(text).iter().any(|(name, _)| wanted.contains(name)))
    };
    if !has(&["name", "username"]) {
        report.list(Rule::NameMissing, list);
    }
    if !has(&["password"]) {
        report.list(Rule::PasswordMissing, list);
    }
}

/// Statements that change a password. None is the plugin's default.
pub(super) fn rotation(dialect: Dialect, statements: &[String], report: &mut Report) {
    if statements.is_empty() {
        return;
    }
    let quoting = if dialect == Dialect::MySql { Quoting::MySql } else { Quoting::PostgreSql };
    list(statements, StatementList::Rotation, quoting, report);
    mentions(statements, StatementList::Rotation, report);
}

/// Whether a grant, in words, is one of rights on objects: `GRANT … ON … TO …`. Membership has no `ON`.
pub(super) fn grants_on(part: &[String]) -> bool {
    let Some(grant) = part.iter().position(|word| word == "GRANT") else { return false };
    let rest = &part[grant..];
    let on = rest.iter().position(|word| word == "ON");
    on.is_some_and(|on| rest.iter().position(|word| word == "TO").is_none_or(|to| on < to))
}
