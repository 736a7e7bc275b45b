//! The rules of a policy, read from its text as the server reads them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::hcl::{Member, Value, parse};
use super::{Capability, PolicyRule};
use crate::wire::Span;

/// What may stand in a rule and means nothing to this crate.
const OTHERS: [&str; 3] = ["expiration", "pagination_limit", "list_scan_response_keys_filter_path"];

/// The rules of a text, or why there are none in the words of the server.
pub(crate) fn read(text: &str) -> Result<Vec<PolicyRule>, String> {
    let members =
        parse(text).map_err(|fault| format!("At {}:{}: {}", fault.line, fault.column, fault.what))?;
    let mut rules = Vec::new();
    for Member { name, label, value } in members {
        match (name.as_str(), label, value) {
            ("path", Some(path), Value::Map(members)) => rules.push(rule(&path, members)?),
            // So it is in JSON.
            ("path", None, Value::Map(paths)) => {
                for Member { name: path, value, .. } in paths {
                    let Value::Map(members) = value else { return Err(invalid_key(&path)) };
                    rules.push(rule(&path, members)?);
                }
            }
            ("name", None, Value::Text(_)) => {}
            _ => return Err(invalid_key(&name)),
        }
    }
    Ok(rules)
}

fn rule(path: &str, members: Vec<Member>) -> Result<PolicyRule, String> {
    let about = |why: String| format!("path \"{path}\": {why}");
    let mut rule = PolicyRule::new(path, []);
    for Member { name, value, .. } in members {
        match (name.as_str(), value) {
            ("capabilities", value) => {
                for text in listed(value).map_err(about)? {
                    let wrong = || about(about(format!("invalid capability \"{text}\"")));
                    let capability = Capability::named(&text).filter(|one| *one != Capability::Root);
                    rule.capabilities.insert(capability.ok_or_else(wrong)?);
                }
            }
            ("policy", Value::Text(word)) => {
                let granted = shorthand(&word).ok_or_else(|| about(format!("invalid policy \"{word}\"")))?;
                rule.capabilities.extend(granted);
            }
            ("required_parameters", value) => rule.required.extend(listed(value).map_err(about)?),
            ("allowed_parameters", Value::Map(parameters)) => {
                rule.allowed = by_name(parameters).map_err(about)?;
            }
            ("denied_parameters", Value::Map(parameters)) => {
                rule.denied = by_name(parameters).map_err(about)?;
            }
            ("min_wrapping_ttl", value) => rule.min_wrapping_ttl = Some(span(value).map_err(about)?),
            ("max_wrapping_ttl", value) => rule.max_wrapping_ttl = Some(span(value).map_err(about)?),
            (other, value) if OTHERS.contains(&other) => drop(rule.other.insert(name, value)),
            (other, _) => return Err(about(invalid_key(other))),
        }
    }
    Ok(rule)
}

/// The words of old for several capabilities.
fn shorthand(word: &str) -> Option<Vec<Capability>> {
    use Capability::{Create, Delete, Deny, List, Patch, Read, Scan, Sudo, Update};
    Some(match word {
        "deny" => vec![Deny],
        "read" => vec![Read, List, Scan],
        "write" => vec![Create, Read, Update, Delete, List, Scan, Patch],
        "sudo" => vec![Create, Read, Update, Delete, List, Scan, Patch, Sudo],
        _ => return None,
    })
}

fn listed(value: Value) -> Result<Vec<String>, String> {
    let Value::List(all) = value else { return Err("expected a list".to_owned()) };
    let text = |value| match value {
        Value::Text(text) => Ok(text),
        _ => Err("expected a list of strings".to_owned()),
    };
    all.into_iter().map(text).collect()
}

fn by_name(parameters: Vec<Member>) -> Result<BTreeMap<String, Vec<Value>>, String> {
    let values = |Member { name, value, .. }| match value {
        Value::List(values) => Ok((name, values)),
        _ => Err(format!("expected a list of values for \"{name}\"")),
    };
    parameters.into_iter().map(values).collect()
}

fn span(value: Value) -> Result<Duration, String> {
    let text = match value {
        Value::Text(text) | Value::Number(text) => text,
        _ => String::new(),
    };
    let span: Result<Span, _> = serde_json::from_value(text.into());
    span.map(|span| span.0).map_err(|_malformed| "expected a span of time".to_owned())
}

fn invalid_key(name: &str) -> String {
    format!("1 error occurred:\n\t* invalid key \"{name}\" on line 1\n\n")
}
