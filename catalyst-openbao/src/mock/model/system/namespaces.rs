//! Namespaces.

use catalyst_core::Secret;
use serde_json::{Value, json};

use super::Answered;
use super::settings::NamespaceRecord;
use crate::mock::model::state::{State, below, full_path};
use crate::mock::model::{Refusal, engine};
use crate::mock::wire::{Asked, Content, Envelope, Verb};

pub(super) fn answer(state: &mut State, asked: &Asked, rest: &str) -> Answered {
    let rest = rest.strip_prefix("namespaces")?;
    let name = rest.strip_prefix('/').unwrap_or(rest);
    let admitted = state.admit(&asked.call, &asked.path, engine::capability(asked.verb));
    Some(admitted.and_then(|_token| {
        if let Some((action, name)) = name.strip_prefix("api-lock/").and_then(|rest| rest.split_once('/')) {
            let full = full_path(&asked.call.namespace, name);
            return match action {
                "lock" => lock(state, &full),
                _ => unlock(state, asked, &full),
            };
        }
        let full = full_path(&asked.call.namespace, name);
        match (asked.verb, name) {
            (Verb::List, "") => list(state, asked),
            (Verb::Write, name) if name.contains('/') => {
                Err(Refusal::bad_request("namespace name cannot contain /"))
            }
            (Verb::Write, "sys" | "auth" | "cubbyhole" | "identity" | "root") => {
                let text = format!("\"{name}/\" is a reserved path and cannot be used as a namespace name");
                Err(Refusal::bad_request(&text))
            }
            (Verb::Write | Verb::Patch, _) => {
                write(state, asked, &full);
                shown(state, &full).map(Content::data)
            }
            (Verb::Read, _) => shown(state, &full).map(Content::data),
            (Verb::Delete, _) => Ok(delete(state, &full)),
            _ => Err(Refusal::unsupported_operation()),
        }
    }))
}

impl State {
    /// Refuses what is asked in a namespace whose API is locked.
    pub(in crate::mock::model) fn check_lock(&self, namespace: &str) -> Result<(), Refusal> {
        let locked = |(path, record): (&String, &NamespaceRecord)| {
            record.lock.is_some() && (namespace == path || below(namespace, path).is_some())
        };
        match self.stored.settings.namespaces.iter().find(|&entry| locked(entry)) {
            None => Ok(()),
            Some((path, _)) => {
                let text = format!(
                    "API access to this namespace has been locked by an administrator - \"{path}/\" must be unlocked \
                     to gain access."
                );
                Err(Refusal::new(503, &[&text]))
            }
        }
    }
}

fn write(state: &mut State, asked: &Asked, full: &str) {
    let id = state.random_text(6);
    state.namespaces.entry(full.to_owned()).or_insert(id);
    let uuid = state.random_uuid();
    let record = state.stored.settings.namespaces.entry(full.to_owned()).or_default();
    if record.uuid.is_empty() {
        record.uuid = uuid;
    }
    if let Some(Value::Object(metadata)) = asked.fields().remove("custom_metadata") {
        record.metadata = metadata;
    }
}

fn shown(state: &State, full: &str) -> Result<Value, Refusal> {
    let id = state.namespaces.get(full).filter(|id| !id.is_empty()).ok_or_else(Refusal::nothing_there)?;
    let record = state.stored.settings.namespaces.get(full).cloned().unwrap_or_default();
    Ok(json!({
        "custom_metadata": record.metadata,
        "id": id,
        "locked": record.lock.is_some(),
        "path": format!("{full}/"),
        "tainted": false,
        "uuid": record.uuid,
    }))
}

fn list(state: &State, asked: &Asked) -> Result<Content, Refusal> {
    let outer = &asked.call.namespace;
    let inner = state
        .namespaces
        .keys()
        .filter(|path| below(path, outer).is_some_and(|rest| !rest.is_empty() && !rest.contains('/')));
    let inner: Vec<String> = inner.cloned().collect();
    if inner.is_empty() {
        return Err(Refusal::nothing_there());
    }
    let mut info = serde_json::Map::new();
    let mut keys = Vec::new();
    for path in inner {
        let key = format!("{}/", below(&path, outer).unwrap_or(&path));
        info.insert(key.clone(), shown(state, &path)?);
        keys.push(key);
    }
    Ok(Content::data(json!({ "key_info": info, "keys": keys })))
}

/// The real server takes its time; here all is gone at once.
fn delete(state: &mut State, full: &str) -> Content {
    if state.namespaces.remove(full).is_none() {
        let warnings = vec!["requested namespace does not exist".to_owned()];
        return Content::Envelope(Envelope { warnings, ..Envelope::default() });
    }
    state.stored.settings.namespaces.remove(full);
    let now = state.clock.now();
    let tokens = state.stored.tokens.iter().filter(|(_, token)| token.namespace == full);
    for id in tokens.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
        state.end_token(&id, now);
    }
    let mounts = state.stored.mounts.keys().filter(|path| below(path, full).is_some());
    for mount in mounts.cloned().collect::<Vec<_>>() {
        state.unmount(&mount);
    }
    Content::data(json!({ "status": "in-progress" }))
}

fn lock(state: &mut State, full: &str) -> Result<Content, Refusal> {
    shown(state, full)?;
    let key = state.random_text(24);
    let record = state.stored.settings.namespaces.entry(full.to_owned()).or_default();
    if record.lock.is_some() {
        return Err(Refusal::bad_request(&format!("cannot lock namespace \"{full}/\": is already locked")));
    }
    record.lock = Some(Secret::new(key.as_str()));
    Ok(Content::data(json!({ "unlock_key": key })))
}

fn unlock(state: &mut State, asked: &Asked, full: &str) -> Result<Content, Refusal> {
    shown(state, full)?;
    let record = state.stored.settings.namespaces.entry(full.to_owned()).or_default();
    match asked.text("unlock_key").filter(|key| !key.is_empty()) {
        Some(key) if record.lock.as_ref().is_some_and(|lock| lock.expose() != key) => {
            Err(Refusal::bad_request("incorrect unlock key"))
        }
        key => {
            record.lock = None;
            let by_power = key.is_none().then(|| "Namespace unlocked using sudo capabilities".to_owned());
            Ok(Content::Envelope(Envelope {
                warnings: by_power.into_iter().collect(),
                ..Envelope::default()
            }))
        }
    }
}
