//! All rules for one role.

use std::cmp::Reverse;

use super::report::Report;
use super::{Finding, Rule, StatementList, general, mysql, postgres, valkey};
use crate::database_admin::{DatabaseRole, Dialect};

pub(in crate::database_admin) fn role(dialect: Dialect, role: &DatabaseRole) -> Vec<Finding> {
    let mut report = Report::default();
    match dialect {
        Dialect::PostgreSql => postgres::role(role, &mut report),
        Dialect::MySql => mysql::role(role, &mut report),
        Dialect::Valkey => valkey::role(role, &mut report),
    }
    if !role.rollback_statements.is_empty() {
        report.list(Rule::Ignored, StatementList::Rollback);
    }
    let zero = std::time::Duration::ZERO;
    let (ttl, max_ttl) = (role.default_ttl.unwrap_or(zero), role.max_ttl.unwrap_or(zero));
    if max_ttl > zero && ttl > max_ttl {
        report.role(Rule::TermTooLong);
    }
    let findings = report.into_findings().into_iter().map(|finding| finding.allowed_by(role));
    worst_first(findings.collect())
}

/// Of the statements that change a password.
pub(in crate::database_admin) fn rotation(dialect: Dialect, statements: &[String]) -> Vec<Finding> {
    let mut report = Report::default();
    match dialect {
        Dialect::Valkey if statements.is_empty() => {}
        Dialect::Valkey => report.list(Rule::Ignored, StatementList::Rotation),
        _ => general::rotation(dialect, statements, &mut report),
    }
    worst_first(report.into_findings())
}

fn worst_first(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| Reverse(finding.severity));
    findings
}
