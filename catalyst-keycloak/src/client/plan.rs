//! From what is declared and what is there to the fewest writes. Pure: no I/O, no time.

use std::collections::BTreeSet;

use catalyst_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use super::desired::{Desired, MAPPER_PREFIX};
use super::representation::{Mapper, Representation};
use super::{ClientSpec, attribute};
use crate::refusal::SERVICE;

/// One write, and what it changes in words.
#[derive(Debug)]
pub(crate) struct Patch {
    /// The fields to send. The server keeps what is not named; `secret` never is.
    pub(crate) body: Map<String, Value>,
    pub(crate) changes: Vec<String>,
}

impl Patch {
    /// Whether an attribute changes.
    pub(crate) fn changes_attributes(&self) -> bool {
        self.body
            .get("attributes")
            .and_then(Value::as_object)
            .is_some_and(|attributes| !attributes.is_empty())
    }
}

/// The longest value that is shown in a change, in characters.
const SHOWN: usize = 120;

/// The representation of a client that is not there yet.
pub(crate) fn create(spec: &ClientSpec) -> Result<Map<String, Value>> {
    let desired = Desired::of(spec)?;
    let mut body = desired.fields;
    let attributes = desired.attributes.into_iter().filter(|(_, value)| !value.is_empty());
    body.insert("enabled".into(), json!(true));
    body.insert(
        "attributes".into(),
        Value::Object(attributes.map(|(key, value)| (key, json!(value))).collect()),
    );
    body.insert("protocolMappers".into(), json!(desired.mappers));
    Ok(body)
}

/// What makes `current` agree with the declaration; `None` if it does.
///
/// # Errors
/// Code `not_owned` if it belongs to somebody else; with `adopt`, one that belongs to nobody is taken over.
pub(crate) fn converge(spec: &ClientSpec, current: &Representation, adopt: bool) -> Result<Option<Patch>> {
    let desired = Desired::of(spec)?;
    check_owner(current, spec.owner.as_str(), adopt, "ensure client")?;
    let mut patch = Patch { body: Map::new(), changes: Vec::new() };
    for (name, wanted) in desired.fields {
        if name == "clientId" {
            continue;
        }
        let found = current.fields.get(&name);
        if !same(found, &wanted) {
            patch.changes.push(change(&name, found, &wanted));
            patch.body.insert(name, wanted);
        }
    }
    let mut attributes = Map::new();
    for (key, wanted) in desired.attributes {
        let found = current.attributes.get(&key).unwrap_or_default();
        if found != wanted {
            patch.changes.push(change(&key, Some(&json!(found)), &json!(wanted)));
            attributes.insert(key, json!(wanted));
        }
    }
    if let Some(mappers) = converge_mappers(&desired.mappers, current, &mut patch.changes) {
        patch.body.insert("protocolMappers".into(), json!(mappers));
    }
    if patch.body.is_empty() && attributes.is_empty() {
        return Ok(None);
    }
    // Also if there are none to change: under a rotation policy the server fails (500) over an update without them when
    // the secret has no end, or has ended.
    patch.body.insert("attributes".into(), Value::Object(attributes));
    // The server wants it in every update, and a client that was renamed meanwhile would otherwise be renamed back.
    patch.body.insert("clientId".into(), json!(spec.id.as_str()));
    Ok(Some(patch))
}

/// Whether `owner` may change the client.
pub(crate) fn check_owner(
    current: &Representation,
    owner: &str,
    adopt: bool,
    operation: &'static str,
) -> Result<()> {
    let help = match current.owner() {
        Some(found) if found == owner => return Ok(()),
        None if adopt => return Ok(()),
        Some(found) => {
            format!("the client belongs to {found}; give it up there, or choose another client id")
        }
        None => format!(
            "the client was not made by the SDK; set its attribute {} to {owner} to hand it over, or choose another \
             client id",
            attribute::OWNER
        ),
    };
    Err(Error::new(ErrorKind::Conflict, operation)
        .with_service(SERVICE)
        .with_target(current.client_id.as_str())
        .with_code("not_owned")
        .with_help(help))
}

/// The list to write if one of our mappers is missing, wrong or no longer wanted. Others stay in it, for the server
/// replaces the whole list.
fn converge_mappers(
    wanted: &[Mapper],
    current: &Representation,
    changes: &mut Vec<String>,
) -> Option<Vec<Mapper>> {
    let before = changes.len();
    let mut list = Vec::new();
    for found in &current.protocol_mappers {
        match wanted.iter().find(|wanted| wanted.name == found.name) {
            None if found.name.starts_with(MAPPER_PREFIX) => {
                changes.push(format!("mapper {:?} is not declared any more", found.name));
            }
            Some(wanted) if !covers(found, wanted) => {
                changes.push(format!("mapper {:?} was changed", found.name));
                let mut mended = wanted.clone();
                mended.rest.clone_from(&found.rest);
                list.push(mended);
            }
            _ => list.push(found.clone()),
        }
    }
    for wanted in wanted {
        if !current.protocol_mappers.iter().any(|found| found.name == wanted.name) {
            changes.push(format!("mapper {:?} is missing", wanted.name));
            list.push(wanted.clone());
        }
    }
    (changes.len() > before).then_some(list)
}

/// Whether `found` says all that `wanted` says; the server adds settings of its own.
fn covers(found: &Mapper, wanted: &Mapper) -> bool {
    found.kind == wanted.kind && wanted.config.iter().all(|(key, value)| found.config.get(key) == Some(value))
}

/// Lists are sets, and what is absent is false, empty or nothing.
fn same(found: Option<&Value>, wanted: &Value) -> bool {
    let texts = |list: &[Value]| -> BTreeSet<String> {
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    match (found, wanted) {
        (Some(Value::Array(found)), Value::Array(wanted)) => texts(found) == texts(wanted),
        (None, Value::Array(wanted)) => wanted.is_empty(),
        (None, Value::Bool(wanted)) => !wanted,
        (None, Value::String(wanted)) => wanted.is_empty(),
        (found, wanted) => found == Some(wanted),
    }
}

fn change(name: &str, found: Option<&Value>, wanted: &Value) -> String {
    let show = |value: &Value| {
        let text = value.to_string();
        match text.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    };
    format!("{name}: {} -> {}", found.map_or_else(|| "nothing".into(), show), show(wanted))
}
