//! Settings that the model keeps without understanding them: what was written is what is read.
//!
//! They answer where no area of its own does: mounts, login methods with their configurations and roles, policies,
//! audit devices.

use serde_json::{Map, Value, json};

use super::Answered;
use crate::EngineType;
use crate::mock::model::engine::capability;
use crate::mock::model::kv::KvMount;
use crate::mock::model::state::{Engine, State, full_path};
use crate::mock::model::{Refusal, engine};
use crate::mock::wire::{Asked, Content, Verb};

/// A request below `sys/`.
pub(super) fn answer(state: &mut State, asked: &Asked, rest: &str) -> Answered {
    let (area, name) = rest.split_once('/').unwrap_or((rest, ""));
    match (asked.verb, area, name) {
        (Verb::Read, "auth" | "audit", "") => Some(admitted(state, asked, |state| Ok(listed(state, area)))),
        (Verb::Write, "auth", name) if !name.is_empty() => Some(admitted(state, asked, |state| {
            let description = json!({ "type": asked.text("type"), "options": null });
            add(state, &format!("sys/auth/{name}"), name, description)
        })),
        (Verb::Write, "mounts", name) if !name.is_empty() => {
            Some(admitted(state, asked, |state| mount(state, asked, name)))
        }
        (Verb::Write, "audit-hash", name) => Some(admitted(state, asked, |state| hash(state, asked, name))),
        (_, "policies", name) if name.starts_with("acl/") => Some(stored(state, asked)),
        _ => None,
    }
}

/// A request below `auth/`: the configuration or a role of a method that was enabled.
pub(super) fn auth_method(state: &mut State, asked: &Asked, rest: &str) -> Answered {
    let enabled = |mount: &str| state.stored.settings.contains_key(&format!("sys/auth/{mount}"));
    let ends = rest.match_indices('/').map(|(at, _)| at);
    let inside = ends.map(|at| (&rest[..at], &rest[at + 1..])).find(|(mount, _)| enabled(mount));
    let (_, inside) = inside?;
    (inside == "config" || inside.starts_with("role/")).then(|| stored(state, asked))
}

fn admitted(
    state: &mut State,
    asked: &Asked,
    act: impl FnOnce(&mut State) -> Result<Content, Refusal>,
) -> Result<Content, Refusal> {
    state.admit(&asked.call, &asked.path, capability(asked.verb))?;
    act(state)
}

/// One thing at its own path: a write sets the fields that it names.
fn stored(state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
    admitted(state, asked, |state| match asked.verb {
        Verb::Write => {
            let entry = state.stored.settings.entry(asked.path.clone()).or_insert_with(|| json!({}));
            for (name, value) in asked.fields() {
                entry[name] = value;
            }
            Ok(Content::done())
        }
        Verb::Read => state
            .stored
            .settings
            .get(&asked.path)
            .cloned()
            .map(Content::data)
            .ok_or_else(Refusal::nothing_there),
        Verb::Delete => {
            state.stored.settings.remove(&asked.path);
            Ok(Content::done())
        }
        _ => Err(Refusal::unsupported_operation()),
    })
}

fn add(state: &mut State, key: &str, name: &str, description: Value) -> Result<Content, Refusal> {
    if state.stored.settings.contains_key(key) {
        return Err(in_use(name));
    }
    state.stored.settings.insert(key.to_owned(), description);
    Ok(Content::done())
}

fn mount(state: &mut State, asked: &Asked, name: &str) -> Result<Content, Refusal> {
    let full = full_path(&asked.call.namespace, name);
    if state.stored.mounts.contains_key(&full) {
        return Err(in_use(name));
    }
    let kind = asked.text("type").unwrap_or_default();
    let engine = match kind.as_str() {
        "kv" => Engine::Kv(KvMount::default()),
        _ => match kind.parse::<EngineType>().ok().and_then(|kind| engine::new(&kind)) {
            Some(engine) => Engine::Other(engine),
            None => return Err(Refusal::bad_request(&format!("plugin not found in the catalog: {kind}"))),
        },
    };
    state.stored.mounts.insert(full, engine);
    Ok(Content::done())
}

/// What is below `sys/auth` or `sys/audit`; the payload stands beside `data`, too.
fn listed(state: &State, area: &str) -> Content {
    let prefix = format!("sys/{area}/");
    let mut entries = Map::new();
    if area == "auth" {
        entries.insert("token/".to_owned(), json!({ "type": "token", "options": null }));
    }
    for (path, about) in &state.stored.settings {
        if let Some(name) = path.strip_prefix(&prefix) {
            entries.insert(format!("{name}/"), about.clone());
        }
    }
    Content::data(Value::Object(entries))
}

fn hash(state: &State, asked: &Asked, name: &str) -> Result<Content, Refusal> {
    if !state.stored.settings.contains_key(&format!("sys/audit/{name}")) {
        return Err(Refusal::bad_request(&format!("unknown audit backend \"{name}/\"")));
    }
    // The length is that of the server's, the digest is none.
    let sum = asked
        .text("input")
        .unwrap_or_default()
        .bytes()
        .fold(7u128, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    Ok(Content::data(json!({ "hash": format!("hmac-sha256:{sum:064x}") })))
}

fn in_use(name: &str) -> Refusal {
    Refusal::bad_request(&format!("path is already in use at {name}/"))
}
