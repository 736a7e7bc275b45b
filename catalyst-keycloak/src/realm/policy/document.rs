//! The two documents of a realm's client policies. Pure: no I/O.
//!
//! The server takes each of them only whole and without check-and-set, so what others wrote must go back as it came.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `GET client-policies/profiles`, without the server's own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Profiles {
    #[serde(default)]
    pub(super) profiles: Vec<Map<String, Value>>,
}

/// `GET client-policies/policies`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Policies {
    #[serde(default)]
    pub(super) policies: Vec<Map<String, Value>>,
}

/// Makes the entry of `list` that is named like `wanted` say what `wanted` says. Fields that `wanted` does not name
/// are kept. Returns what differed.
pub(super) fn put(list: &mut Vec<Map<String, Value>>, wanted: &Map<String, Value>) -> Option<String> {
    let name = name(wanted);
    let Some(found) = list.iter_mut().find(|entry| self::name(entry) == name) else {
        list.push(wanted.clone());
        return Some(format!("{name:?} is missing"));
    };
    let differing: Vec<_> = wanted
        .iter()
        .filter(|(key, value)| !covers(found.get(*key).unwrap_or(&Value::Null), value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if differing.is_empty() {
        return None;
    }
    let fields: Vec<_> = differing.iter().map(|(key, _)| key.as_str()).collect();
    let change = format!("{name:?} was changed: {}", fields.join(", "));
    found.extend(differing);
    Some(change)
}

/// Whether `found` says all that `wanted` says. The console writes numbers as texts, and adds settings that say what
/// is so anyway.
fn covers(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            wanted.iter().all(|(key, value)| covers(found.get(key).unwrap_or(&Value::Null), value))
                && found.get("is-negative-logic").is_none_or(|negative| text(negative) != "true")
        }
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len()
                && found.iter().zip(wanted).all(|(found, wanted)| covers(found, wanted))
        }
        (found, wanted) => found == wanted || (!found.is_null() && text(found) == text(wanted)),
    }
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

pub(super) fn name(entry: &Map<String, Value>) -> &str {
    entry.get("name").and_then(Value::as_str).unwrap_or_default()
}

/// Settings of the executor `executor` that are in force, each with the name of the policy that brings it.
pub(super) fn in_force<'a>(
    profiles: &'a Profiles,
    policies: &'a Policies,
    executor: &'a str,
) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let enabled = policies.policies.iter().filter(|policy| policy.get("enabled") == Some(&Value::Bool(true)));
    enabled.flat_map(move |policy| {
        let names = policy.get("profiles").and_then(Value::as_array).into_iter().flatten();
        let bound = names.filter_map(Value::as_str);
        bound.flat_map(move |bound| {
            let profile = profiles.profiles.iter().find(|profile| name(profile) == bound);
            let executors = profile.and_then(|profile| profile.get("executors")).and_then(Value::as_array);
            executors
                .into_iter()
                .flatten()
                .filter(move |entry| entry.get("executor").and_then(Value::as_str) == Some(executor))
                .map(move |entry| (name(policy), entry.get("configuration").unwrap_or(&Value::Null)))
        })
    })
}
