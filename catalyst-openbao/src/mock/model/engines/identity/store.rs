//! Records by their identifiers, with names that are unique.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::mock::model::Refusal;
use crate::mock::wire::Content;

pub(super) type Record = Map<String, Value>;

/// By identifier.
pub(super) type Table = BTreeMap<String, Record>;

pub(super) fn by_name<'t>(table: &'t Table, name: &str) -> Option<(&'t String, &'t Record)> {
    table.iter().find(|(_, record)| text(record, "name") == name)
}

pub(super) fn text<'v>(record: &'v Record, name: &str) -> &'v str {
    record.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn texts(record: &Record, name: &str) -> Vec<String> {
    let all = record.get(name).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Puts those of the fields in place that were sent.
pub(super) fn put(record: &mut Record, fields: &Record, names: &[&str]) {
    for name in names {
        if let Some(value) = fields.get(*name) {
            record.insert((*name).to_owned(), value.clone());
        }
    }
}

/// The identifiers, and of each what `shown` names.
pub(super) fn list(table: &Table, shown: &[&str]) -> Result<Content, Refusal> {
    if table.is_empty() {
        return Err(Refusal::nothing_there());
    }
    let keys: Vec<&String> = table.keys().collect();
    let about = |record: &Record| -> Record {
        let kept = shown.iter().filter_map(|name| Some(((*name).to_owned(), record.get(*name)?.clone())));
        kept.collect()
    };
    let info: Map<String, Value> =
        table.iter().map(|(id, record)| (id.clone(), Value::Object(about(record)))).collect();
    Ok(Content::data(json!({ "key_info": info, "keys": keys })))
}

pub(super) fn list_names(table: &Table) -> Result<Content, Refusal> {
    if table.is_empty() {
        return Err(Refusal::nothing_there());
    }
    Ok(Content::keys(&table.values().map(|record| text(record, "name").to_owned()).collect::<Vec<_>>()))
}
