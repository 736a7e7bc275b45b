//! The rules for Valkey and Redis: the statements are rules of an access control list.

use super::report::Report;
use super::{Rule, StatementList};
use crate::database_admin::DatabaseRole;

pub(super) fn role(role: &DatabaseRole, report: &mut Report) {
    for (list, statements) in [
        (StatementList::Revocation, &role.revocation_statements),
        (StatementList::Renewal, &role.renew_statements),
    ] {
        if !statements.is_empty() {
            report.list(Rule::Ignored, list);
        }
    }
    let list = StatementList::Creation;
    let filled = role.creation_statements.iter().enumerate().filter(|(_, text)| !text.trim().is_empty());
    let filled: Vec<(usize, &str)> = filled.map(|(number, text)| (number, text.trim())).collect();
    let Some(&(first, text)) = filled.first() else {
        // The plugin's default then: all keys, for reading.
        return report.list(Rule::AllKeys, list);
    };
    let rules: Vec<(usize, String)> = match serde_json::from_str::<Vec<String>>(text) {
        Ok(rules) => {
            if let Some((number, _)) = filled.get(1) {
                report.statement(Rule::Ignored, list, *number);
            }
            rules.into_iter().map(|rule| (first, rule)).collect()
        }
        Err(_no_list) => filled.iter().map(|(number, text)| (*number, (*text).to_owned())).collect(),
    };
    let mut rights = Rights::default();
    for (number, rule) in rules {
        if let Some(broken) = rights.take(&rule) {
            report.statement(broken, list, number);
        }
    }
    if !rights.commands || !rights.keys {
        report.list(Rule::NoRights, list);
    }
}

#[derive(Default)]
struct Rights {
    commands: bool,
    keys: bool,
}

impl Rights {
    /// Takes one rule in, and says which of ours it breaks.
    fn take(&mut self, rule: &str) -> Option<Rule> {
        let small = rule.to_ascii_lowercase();
        if rule.is_empty() || rule.chars().any(char::is_whitespace) && !rule.starts_with('(') {
            return Some(Rule::MalformedRules);
        }
        match small.as_bytes()[0] {
            // In parentheses stands another list of rights: taken as it is.
            b'(' => {
                (self.commands, self.keys) = (true, true);
                None
            }
            b'>' | b'<' | b'#' | b'!' => Some(Rule::PasswordInClear),
            b'~' | b'%' => {
                self.keys = true;
                let pattern = small.split_once('~').map_or("", |(_, pattern)| pattern);
                (pattern == "*").then_some(Rule::AllKeys)
            }
            b'&' | b'-' => None,
            b'+' => {
                self.commands = true;
                match small.as_str() {
                    "+@all" => Some(Rule::AllCommands),
                    "+@admin" | "+@dangerous" => Some(Rule::Privileged),
                    rule if rule.starts_with("+acl") || rule.starts_with("+config") => Some(Rule::Privileged),
                    _ => None,
                }
            }
            _ => self.take_word(&small),
        }
    }

    fn take_word(&mut self, word: &str) -> Option<Rule> {
        match word {
            "allkeys" => {
                self.keys = true;
                Some(Rule::AllKeys)
            }
            "allcommands" => {
                self.commands = true;
                Some(Rule::AllCommands)
            }
            // They take away the password that the server has just set, or let everybody in without one.
            "nopass" | "resetpass" | "reset" | "off" => Some(Rule::PasswordMissing),
            "on"
            | "resetkeys"
            | "resetchannels"
            | "allchannels"
            | "nocommands"
            | "clearselectors"
            | "sanitize-payload"
            | "skip-sanitize-payload" => None,
            _ => Some(Rule::MalformedRules),
        }
    }
}
