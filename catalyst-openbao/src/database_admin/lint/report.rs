//! Gathers what is found in one role.

use super::{Finding, Place, Rule, StatementList};

#[derive(Default)]
pub(super) struct Report {
    findings: Vec<Finding>,
}

impl Report {
    pub(super) fn role(&mut self, rule: Rule) {
        self.add(rule, None, None, None);
    }

    pub(super) fn list(&mut self, rule: Rule, list: StatementList) {
        self.add(rule, Some(list), None, None);
    }

    pub(super) fn statement(&mut self, rule: Rule, list: StatementList, statement: usize) {
        self.add(rule, Some(list), Some(statement), None);
    }

    pub(super) fn at(&mut self, rule: Rule, list: StatementList, statement: usize, offset: usize) {
        self.add(rule, Some(list), Some(statement), Some(offset));
    }

    fn add(
        &mut self,
        rule: Rule,
        list: Option<StatementList>,
        statement: Option<usize>,
        offset: Option<usize>,
    ) {
        let finding = Finding::new(rule, Place { list, statement, offset });
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}
