//! Policies, password policies, and what they come to for a token.

use serde_json::{Map, Value, json};

use super::Answered;
use super::settings::PolicyRecord;
use crate::mock::model::policy::{self, ALLOW_ALL, ROOT};
use crate::mock::model::state::{State, full_path};
use crate::mock::model::{Capability, Policy, Refusal, engine};
use crate::mock::wire::{Asked, Content, Verb};
use crate::system::read_policy;

pub(super) fn answer(state: &mut State, asked: &Asked, rest: &str) -> Answered {
    let admit = |state: &mut State| state.admit(&asked.call, &asked.path, engine::capability(asked.verb));
    if let Some(whose) = rest.strip_prefix("capabilities") {
        return Some(admit(state).and_then(|token| capabilities(state, asked, whose, token)));
    }
    let rest = rest.strip_prefix("policies/")?;
    let (kind, name) = rest.split_once('/').unwrap_or((rest, ""));
    match kind {
        "acl" => Some(admit(state).and_then(|_token| acl(state, asked, &name.to_lowercase()))),
        "password" => Some(admit(state).and_then(|_token| password(state, asked, name))),
        _ => None,
    }
}

fn acl(state: &mut State, asked: &Asked, name: &str) -> Result<Content, Refusal> {
    match (asked.verb, name) {
        (Verb::List, "") => {
            let mut names: Vec<String> = state.policies.keys().cloned().collect();
            names.push(ROOT.to_owned());
            names.sort_unstable();
            Ok(Content::keys(&names))
        }
        (Verb::Read, ROOT) => Ok(Content::data(shown(state, name, None))),
        (Verb::Read, name) => {
            if !state.policies.contains_key(name) {
                return Err(Refusal::nothing_there());
            }
            let record = state.stored.settings.policies.get(name).cloned();
            Ok(Content::data(shown(state, name, record.as_ref())))
        }
        (Verb::Write, ROOT) => Err(Refusal::bad_request("cannot update \"root\" policy")),
        (Verb::Write, name) => write(state, asked, name),
        (Verb::Delete, "default" | ROOT) => {
            Err(Refusal::bad_request(&format!("cannot delete {name} policy")))
        }
        (Verb::Delete, name) => {
            state.policies.remove(name);
            state.stored.settings.policies.remove(name);
            Ok(Content::done())
        }
        _ => Err(Refusal::unsupported_operation()),
    }
}

fn shown(state: &State, name: &str, record: Option<&PolicyRecord>) -> Value {
    let mut shown = json!({
        "allow_slashes_in_identity_templates": false,
        "allow_wildcards_in_identity_templates": false,
        "cas_required": record.is_some_and(|record| record.cas_required),
        "name": name,
        "policy": record.map_or_else(|| made_by_hand(state, name), |record| record.text.clone()),
        "version": record.map_or(0, |record| record.version),
    });
    if let Some(record) = record {
        shown["modified"] = state.clock.text(record.modified).into();
    }
    shown
}

/// The text of a policy that a test set, or that every server has.
fn made_by_hand(state: &State, name: &str) -> String {
    state.policies.get(name).map(Policy::text).unwrap_or_default()
}

fn write(state: &mut State, asked: &Asked, name: &str) -> Result<Content, Refusal> {
    let text = asked.text("policy").filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| Refusal::bad_request("'policy' parameter not supplied or empty"))?;
    let rules =
        read_policy(&text).map_err(|why| Refusal::bad_request(&format!("failed to parse policy: {why}")))?;
    let old = state.stored.settings.policies.get(name);
    let version = old.map_or(0, |old| old.version);
    let required = asked.flag("cas_required").unwrap_or(false) || old.is_some_and(|old| old.cas_required);
    match asked.fields().get("cas").and_then(Value::as_i64) {
        None if required => {
            return Err(Refusal::bad_request("check-and-set parameter required for this call"));
        }
        Some(-1) if old.is_some() => {
            return Err(Refusal::bad_request("check-and-set parameter set to -1 on existing entry"));
        }
        Some(cas) if cas >= 0 && u64::try_from(cas) != Ok(version) => {
            let text = format!("check-and-set parameter {cas} did not match the current version {version}");
            return Err(Refusal::bad_request(&text));
        }
        _ => {}
    }
    let mut policy = Policy::new();
    for rule in rules {
        policy = policy.allow(rule.path(), &rule.capabilities().collect::<Vec<_>>());
    }
    state.policies.insert(name.to_owned(), policy);
    let modified = state.clock.now();
    let record = PolicyRecord { text, version: version + 1, cas_required: required, modified };
    state.stored.settings.policies.insert(name.to_owned(), record);
    Ok(Content::done())
}

fn capabilities(state: &mut State, asked: &Asked, whose: &str, own: String) -> Result<Content, Refusal> {
    let id = match whose {
        "-self" => Some(own),
        "" => asked.text("token"),
        "-accessor" => {
            let accessor = asked.text("accessor").unwrap_or_default();
            Some(state.token_of(&accessor).ok_or_else(|| Refusal::listed(400, "invalid accessor"))?)
        }
        _ => return Err(Refusal::unsupported_path()),
    };
    let fields = asked.fields();
    let paths = super::fields::list(&fields, "paths");
    if paths.is_empty() {
        return Err(Refusal::bad_request("paths must be supplied"));
    }
    let token = id.and_then(|id| state.stored.tokens.get(&id));
    let token = token.ok_or_else(|| Refusal::listed(400, "invalid token"))?;
    let all = token.policies.iter().any(|name| name == ROOT || name == ALLOW_ALL);
    let granted = |path: &str| {
        if all {
            return vec![Capability::Root];
        }
        let named = token.policies.iter().filter_map(|name| state.policies.get(name));
        policy::granted(named, &full_path("", path))
    };
    let found: Map<String, Value> =
        paths.iter().map(|path| ((*path).to_owned(), json!(granted(path)))).collect();
    Ok(Content::data(Value::Object(found)))
}

fn password(state: &mut State, asked: &Asked, name: &str) -> Result<Content, Refusal> {
    let kept = &mut state.stored.settings.password_policies;
    let missing = || Refusal::listed(404, "policy does not exist");
    match (asked.verb, name, name.strip_suffix("/generate")) {
        (Verb::List, "", _) => {
            let names: Vec<String> = kept.keys().cloned().collect();
            if names.is_empty() { Err(Refusal::nothing_there()) } else { Ok(Content::keys(&names)) }
        }
        (Verb::Read, _, Some(name)) => {
            let text = kept.get(name).cloned().ok_or_else(missing)?;
            let password = generate(state, &text)?;
            Ok(Content::data(json!({ "password": password })))
        }
        (Verb::Read, name, None) => {
            let text = kept.get(name).ok_or_else(missing)?;
            Ok(Content::data(json!({ "policy": text })))
        }
        (Verb::Write, name, None) => {
            let text = asked.text("policy").unwrap_or_default();
            generate(state, &text)?;
            state.stored.settings.password_policies.insert(name.to_owned(), text);
            Ok(Content::done())
        }
        (Verb::Delete, name, None) => {
            kept.remove(name);
            Ok(Content::done())
        }
        _ => Err(Refusal::unsupported_operation()),
    }
}

/// A password of the length that the policy asks for, from all its characters. How many of which it has is chance.
fn generate(state: &mut State, text: &str) -> Result<String, Refusal> {
    use crate::system::hcl::{self, Value as Hcl};
    let invalid = |why: &str| {
        let text = format!("invalid password policy: 1 error occurred:\n\t* {why}\n\n");
        Refusal::listed(400, &text)
    };
    let members = hcl::parse(text).map_err(|_fault| invalid("failed to decode policy"))?;
    let (mut length, mut characters) = (0, String::new());
    for member in members {
        match (member.name.as_str(), member.value) {
            ("length", Hcl::Number(number)) => length = number.parse().unwrap_or(0),
            ("rule", Hcl::Map(inner)) => {
                for member in inner {
                    if let ("charset", Hcl::Text(more)) = (member.name.as_str(), member.value) {
                        characters.push_str(&more);
                    }
                }
            }
            _ => {}
        }
    }
    let characters: Vec<char> = characters.chars().collect();
    if characters.is_empty() {
        return Err(invalid("no charset specified"));
    }
    if !(4..=100).contains(&length) {
        return Err(invalid("length must be between 4 and 100"));
    }
    Ok((0..length).map(|_| characters[state.random.usize(..characters.len())]).collect())
}
