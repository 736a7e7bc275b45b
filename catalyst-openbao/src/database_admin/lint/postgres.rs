//! The rules for PostgreSQL.

use super::report::Report;
use super::sql::Sql;
use super::token::Quoting;
use super::{Rule, StatementList, general};
use crate::database_admin::DatabaseRole;

/// Attributes of roles that are rights over the server or over other users.
const PRIVILEGES: [&str; 5] = ["SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS"];

pub(super) fn role(role: &DatabaseRole, report: &mut Report) {
    creation(role, report);
    revocation(role, report);
    let renewal = &role.renew_statements;
    general::list(renewal, StatementList::Renewal, Quoting::PostgreSql, report);
    if !renewal.is_empty() && !renewal.iter().any(|text| text.contains("{{expiration}}")) {
        report.list(Rule::NoExpiration, StatementList::Renewal);
    }
}

fn creation(role: &DatabaseRole, report: &mut Report) {
    let list = StatementList::Creation;
    if role.creation_statements.iter().all(|text| text.trim().is_empty()) {
        return report.list(Rule::NoCreation, list);
    }
    let all = general::list(&role.creation_statements, list, Quoting::PostgreSql, report);
    general::mentions(&role.creation_statements, list, report);
    let mut member = false;
    let mut expires = false;
    for (number, sql) in all.iter().enumerate() {
        if sql.parts().any(|part| part.iter().any(|word| PRIVILEGES.contains(&word.as_str()))) {
            report.statement(Rule::Privileged, list, number);
        }
        if sql.parts().any(general::grants_on) {
            report.statement(Rule::ObjectGrants, list, number);
        }
        if sql.has(&["ADMIN", "OPTION"]) || sql.has(&["GRANT", "OPTION"]) {
            report.statement(Rule::GrantOption, list, number);
        }
        member |= sql.has(&["IN", "ROLE"]) || sql.has(&["IN", "GROUP"]) || sql.has(&["GRANT"]);
        expires |= sql.has(&["VALID", "UNTIL"]);
    }
    if !expires || !role.creation_statements.iter().any(|text| text.contains("{{expiration}}")) {
        report.list(Rule::NoExpiration, list);
    }
    if !member {
        report.list(Rule::NoRights, list);
    }
}

fn revocation(role: &DatabaseRole, report: &mut Report) {
    let list = StatementList::Revocation;
    if role.revocation_statements.iter().all(|text| text.trim().is_empty()) {
        return report.list(Rule::ServerRevocation, list);
    }
    let all = general::list(&role.revocation_statements, list, Quoting::PostgreSql, report);
    let any = |words: &[&str]| all.iter().any(|sql| sql.has(words));
    if !any(&["PG_TERMINATE_BACKEND"]) {
        report.list(Rule::SessionsStayOpen, list);
    }
    let dropped = place(&all, &[&["DROP", "ROLE"], &["DROP", "USER"]]);
    let handed_over = place(&all, &[&["REASSIGN", "OWNED"]]);
    let taken = place(&all, &[&["DROP", "OWNED"]]);
    let in_order = handed_over.is_some() && handed_over < taken && (dropped.is_none() || taken < dropped);
    if !in_order {
        report.list(Rule::OwnedObjects, list);
    }
    if dropped.is_none() {
        report.list(Rule::NotDropped, list);
    }
    let looks = any(&["EXISTS"]) && any(&["PG_ROLES"]);
    if dropped.is_some() && !looks && !any(&["ROLE", "IF", "EXISTS"]) && !any(&["USER", "IF", "EXISTS"]) {
        report.list(Rule::DropNotRepeatable, list);
    }
}

/// Where one of these runs of words comes first: the statement, and the word in it.
fn place(all: &[Sql<'_>], runs: &[&[&str]]) -> Option<(usize, usize)> {
    let found = |sql: &Sql<'_>| runs.iter().filter_map(|run| sql.find(run)).min();
    all.iter().enumerate().find_map(|(number, sql)| found(sql).map(|at| (number, at)))
}
