//! The rules for MySQL and MariaDB.
//!
//! Rights go with their user here, and nobody owns objects: what stands in PostgreSQL's way does not in theirs.

use std::collections::BTreeSet;

use super::report::Report;
use super::sql::Sql;
use super::token::{Kind, Quoting};
use super::{Rule, StatementList, general};
use crate::database_admin::DatabaseRole;

/// Rights over the server or over other users.
const PRIVILEGES: [&str; 6] = ["SUPER", "FILE", "SHUTDOWN", "PROCESS", "RELOAD", "REPLICATION"];

pub(super) fn role(role: &DatabaseRole, report: &mut Report) {
    if !role.renew_statements.is_empty() {
        report.list(Rule::Ignored, StatementList::Renewal);
    }
    let made_at = creation(role, report);
    revocation(role, &made_at, report);
}

/// The hosts that users are made for.
fn creation(role: &DatabaseRole, report: &mut Report) -> BTreeSet<String> {
    let list = StatementList::Creation;
    if role.creation_statements.iter().all(|text| text.trim().is_empty()) {
        report.list(Rule::NoCreation, list);
        return BTreeSet::new();
    }
    let all = general::list(&role.creation_statements, list, Quoting::MySql, report);
    general::mentions(&role.creation_statements, list, report);
    let (mut made_at, mut rights) = (BTreeSet::new(), false);
    for (number, sql) in all.iter().enumerate() {
        if sql.parts().any(is_privileged) {
            report.statement(Rule::Privileged, list, number);
        }
        if sql.has(&["ON", "*", ".", "*"]) {
            report.statement(Rule::GlobalGrants, list, number);
        }
        if sql.has(&["GRANT", "OPTION"]) || sql.has(&["ADMIN", "OPTION"]) {
            report.statement(Rule::GrantOption, list, number);
        }
        rights |= sql.has(&["GRANT"]) || sql.has(&["DEFAULT", "ROLE"]);
        made_at.extend(hosts(sql));
    }
    if !rights {
        report.list(Rule::NoRights, list);
    }
    if made_at.contains("") {
        report.list(Rule::NoHost, list);
    }
    made_at
}

fn is_privileged(part: &[String]) -> bool {
    let Some(grant) = part.iter().position(|word| word == "GRANT") else { return false };
    let on = part.iter().position(|word| word == "ON").unwrap_or(part.len());
    let rights = part.get(grant..on).unwrap_or_default();
    rights.iter().any(|word| PRIVILEGES.contains(&word.as_str()))
        || rights.windows(2).any(|window| window == ["CREATE", "USER"])
}

fn revocation(role: &DatabaseRole, made_at: &BTreeSet<String>, report: &mut Report) {
    let list = StatementList::Revocation;
    if role.revocation_statements.iter().all(|text| text.trim().is_empty()) {
        return report.list(Rule::ServerRevocation, list);
    }
    let all = general::list(&role.revocation_statements, list, Quoting::MySql, report);
    let any = |words: &[&str]| all.iter().any(|sql| sql.has(words));
    if !any(&["KILL"]) && !any(&["CALL"]) {
        report.list(Rule::SessionsStayOpen, list);
    }
    if !any(&["DROP", "USER"]) {
        report.list(Rule::NotDropped, list);
    } else if !any(&["DROP", "USER", "IF", "EXISTS"]) {
        report.list(Rule::DropNotRepeatable, list);
    }
    let dropped_at: BTreeSet<String> = all.iter().flat_map(hosts).collect();
    let anywhere = |host: &String| if host.is_empty() { "%".to_owned() } else { host.clone() };
    let (made_at, dropped_at): (BTreeSet<_>, BTreeSet<_>) =
        (made_at.iter().map(anywhere).collect(), dropped_at.iter().map(anywhere).collect());
    if !made_at.is_subset(&dropped_at) {
        report.list(Rule::OtherHost, list);
    }
}

/// What stands behind the user's name: `%` in `'{{name}}'@'%'`; nothing where there is no host.
fn hosts(sql: &Sql<'_>) -> BTreeSet<String> {
    let tokens: Vec<_> = sql.tokens.iter().filter(|token| token.kind != Kind::Comment).collect();
    let named = |number: usize| {
        let token = tokens[number];
        let user = matches!(token.kind, Kind::Text | Kind::Name)
            && matches!(token.inner(), "{{name}}" | "{{username}}");
        // What a procedure is given is no account.
        let argument = number.checked_sub(1).is_some_and(|before| tokens[before].text == "(");
        user && !argument
    };
    let users = (0..tokens.len()).filter(|number| named(*number));
    users
        .map(|number| match (tokens.get(number + 1), tokens.get(number + 2)) {
            (Some(at), Some(host)) if at.text == "@" => host.inner().to_owned(),
            _ => String::new(),
        })
        .collect()
}
