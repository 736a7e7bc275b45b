//! KV version 2.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::answer::Content;
use super::asked::{Asked, Verb};
use crate::SecretData;
use crate::data::Exposed;
use crate::mock::model::{
    Capability, CustomChange, KvSecret, MetadataChange, Model, Operation, Patched, Refusal, VersionView,
};

pub(super) fn classify(verb: Verb, rest: &str) -> Operation {
    match (verb, rest.split('/').next().unwrap_or_default()) {
        (Verb::Read, "data") => Operation::KvRead,
        (Verb::Write | Verb::Patch, "data") => Operation::KvWrite,
        (Verb::List, _) => Operation::KvList,
        (_, "data" | "delete" | "undelete" | "destroy") => Operation::KvDelete,
        (_, "metadata") => Operation::KvMetadata,
        _ => Operation::Other,
    }
}

pub(super) fn answer(model: &Model, asked: &Asked, mount: &str, rest: &str) -> Result<Content, Refusal> {
    let (route, path) = rest.split_once('/').unwrap_or((rest, ""));
    let call = &asked.call;
    match (asked.verb, route) {
        (Verb::Read, "" | "data") if path.is_empty() && !asked.open_end => {
            model.admit(call, &asked.path, Capability::Read)?;
            Ok(misused(route))
        }
        (Verb::List, "metadata") => model.kv_list(call, mount, path).map(|keys| Content::keys(&keys)),
        (Verb::List, "detailed-metadata") => {
            let limit = asked.query("limit").and_then(|limit| limit.parse().ok()).filter(|&limit| limit > 0);
            let page = (asked.query("after").unwrap_or_default(), limit);
            let listed = model.kv_list_detailed(call, mount, path, page)?;
            let info = |(key, secret): &(String, Option<KvSecret>)| {
                (key.clone(), secret.as_ref().map_or_else(|| json!({}), |secret| describe_all(model, secret)))
            };
            let keys: Vec<_> = listed.iter().map(|(key, _)| key).collect();
            let info: Map<_, _> = listed.iter().map(info).collect();
            Ok(Content::data(json!({ "keys": keys, "key_info": info })))
        }
        (_, "data" | "metadata" | "delete" | "undelete" | "destroy") if path.is_empty() => {
            model.admit(call, &asked.path, Capability::Read)?;
            Err(match asked.verb {
                Verb::Read | Verb::List => Refusal::nothing_there(),
                _ => Refusal::new(400, &["cannot write to a path ending in '/'"]),
            })
        }
        (Verb::Read, "data") => read(model, asked, mount, path),
        (Verb::Write, "data") => write(model, asked, mount, path),
        (Verb::Patch, "data") => patch(model, asked, mount, path),
        (Verb::Delete, "data") => model.kv_delete(call, mount, path, &[]).map(|()| Content::done()),
        (Verb::Write, "delete") => {
            let versions = asked.versions();
            if versions.is_empty() {
                model.admit(call, &asked.path, Capability::Update)?;
                return Err(Refusal::new(400, &["No version number provided"]));
            }
            model.kv_delete(call, mount, path, &versions).map(|()| Content::done())
        }
        (Verb::Write, "undelete") => {
            model.kv_undelete(call, mount, path, &asked.versions()).map(|()| Content::done())
        }
        (Verb::Write, "destroy") => {
            model.kv_destroy(call, mount, path, &asked.versions()).map(|()| Content::done())
        }
        (Verb::Read, "metadata") => {
            model.kv_metadata(call, mount, path).map(|secret| Content::data(describe_all(model, &secret)))
        }
        (Verb::Write, "metadata") => {
            let change = MetadataChange { custom: replaced(asked)?, ..settings(asked)? };
            model.kv_write_metadata(call, mount, path, change).map(|()| Content::done())
        }
        (Verb::Patch, "metadata") => {
            asked.is_merge_patch()?;
            let change = MetadataChange { custom: merged(asked), ..settings(asked)? };
            model.kv_patch_metadata(call, mount, path, change).map(|()| Content::done())
        }
        (Verb::Delete, "metadata") => model.kv_delete_metadata(call, mount, path).map(|()| Content::done()),
        _ => {
            model.admit(call, &asked.path, Capability::Read)?;
            Err(Refusal::unsupported_operation())
        }
    }
}

/// The body of a write and of a patch. `data` may be null, which counts as empty, but not be missing.
#[derive(Deserialize)]
struct Written {
    data: Option<SecretData>,
    #[serde(default)]
    options: Map<String, Value>,
}

impl Written {
    fn read(asked: &Asked) -> Result<(SecretData, Option<i64>), Refusal> {
        if !asked.fields().contains_key("data") {
            return Err(Refusal::new(400, &["no data provided"]));
        }
        let misfit = "error converting input for field \"data\": '' expected type 'map[string]interface {}', got \
                      unconvertible type 'string'";
        let written: Self = asked.json().ok_or_else(|| Refusal::new(400, &[misfit]))?;
        let cas = match written.options.get("cas") {
            None => None,
            Some(cas) => {
                let bad = || Refusal::new(400, &["error parsing check-and-set parameter"]);
                Some(cas.as_i64().ok_or_else(bad)?)
            }
        };
        Ok((written.data.unwrap_or_default(), cas))
    }
}

fn read(model: &Model, asked: &Asked, mount: &str, path: &str) -> Result<Content, Refusal> {
    let version = match asked.query("version") {
        None => None,
        Some(text) => Some(text.parse::<i64>().map_err(|_not_a_number| {
            let text = "Field validation failed: error converting input for field \"version\": '' cannot parse \
                        value as 'int': strconv.ParseInt: invalid syntax";
            Refusal::new(400, &[text])
        })?),
    };
    // Zero and less mean the newest.
    let version = version.and_then(|number| u64::try_from(number).ok()).filter(|&number| number > 0);
    let view = model.kv_read(&asked.call, mount, path, version)?;
    let data = match &view.data {
        Some(data) => serde_json::to_value(Exposed(data)).unwrap_or_default(),
        None => Value::Null,
    };
    let gone = view.data.is_none();
    let body = json!({ "data": data, "metadata": describe(model, &view) });
    Ok(if gone { not_found(body) } else { Content::data(body) })
}

fn write(model: &Model, asked: &Asked, mount: &str, path: &str) -> Result<Content, Refusal> {
    let (data, cas) = Written::read(asked)?;
    let view = model.kv_write(&asked.call, mount, path, data, cas)?;
    Ok(Content::data(describe(model, &view)))
}

fn patch(model: &Model, asked: &Asked, mount: &str, path: &str) -> Result<Content, Refusal> {
    asked.is_merge_patch()?;
    let (change, cas) = Written::read(asked)?;
    Ok(match model.kv_patch(&asked.call, mount, path, &change, cas)? {
        Patched::Written(view) => Content::data(describe(model, &view)),
        Patched::Gone(view) => not_found(describe(model, &view)),
    })
}

/// Reading what is no secret: told by a warning only.
fn misused(route: &str) -> Content {
    let warning = if route.is_empty() {
        "Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. If \
         using the OpenBao CLI, use 'bao kv get' for this operation."
    } else {
        "Non-listing operations on the root of a K/V v2 mount are not supported."
    };
    let (_, body) = Content::data(Value::Null).to_json();
    let mut body = body.unwrap_or_default();
    body["warnings"] = json!([warning]);
    Content::Bare(404, body)
}

/// 404 with an envelope: what is left of a version.
fn not_found(data: Value) -> Content {
    let (_, body) = Content::data(data).to_json();
    Content::Bare(404, body.unwrap_or_default())
}

fn describe(model: &Model, view: &VersionView) -> Value {
    json!({
        "created_time": model.text(view.created),
        "custom_metadata": view.custom,
        "deletion_time": moment(model, view.deletion),
        "destroyed": view.destroyed,
        "version": view.number,
    })
}

fn describe_all(model: &Model, secret: &KvSecret) -> Value {
    let versions = secret.versions.iter().map(|(number, version)| {
        let about = json!({
            "created_time": model.text(version.created),
            "deletion_time": moment(model, version.deletion),
            "destroyed": version.destroyed,
        });
        (number.to_string(), about)
    });
    json!({
        "cas_required": secret.cas_required,
        "created_time": model.text(secret.created),
        "current_metadata_version": secret.metadata_version,
        "current_version": secret.current,
        "custom_metadata": secret.custom,
        "delete_version_after": go_span(secret.delete_version_after.as_secs()),
        "max_versions": secret.max_versions,
        "metadata_cas_required": false,
        "oldest_version": secret.oldest,
        "updated_time": model.text(secret.updated),
        "versions": versions.collect::<Map<_, _>>(),
    })
}

/// A moment that may not be set is an empty text.
fn moment(model: &Model, at: Option<Instant>) -> String {
    at.map(|at| model.text(at)).unwrap_or_default()
}

/// All units from the largest that is not zero: `1h0m0s`, `3s`.
fn go_span(total: u64) -> String {
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

fn settings(asked: &Asked) -> Result<MetadataChange, Refusal> {
    let fields = asked.fields();
    Ok(MetadataChange {
        max_versions: fields
            .get("max_versions")
            .and_then(Value::as_u64)
            .map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
        cas_required: fields.get("cas_required").and_then(Value::as_bool),
        delete_version_after: asked.span("delete_version_after")?,
        custom: None,
    })
}

fn replaced(asked: &Asked) -> Result<Option<CustomChange>, Refusal> {
    let fields = asked.fields();
    let Some(Value::Object(custom)) = fields.get("custom_metadata") else { return Ok(None) };
    let mut notes = BTreeMap::new();
    for (name, value) in custom {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Object(_) | Value::Array(_) => {
                let text =
                    "custom_metadata validation failed: '' expected type 'string', got unconvertible type";
                return Err(Refusal::new(400, &[text]));
            }
            other => other.to_string(),
        };
        notes.insert(name.clone(), value);
    }
    Ok(Some(CustomChange::Replace(notes)))
}

fn merged(asked: &Asked) -> Option<CustomChange> {
    let fields = asked.fields();
    let custom = fields.get("custom_metadata")?.as_object()?;
    let notes = custom.iter().map(|(name, value)| (name.clone(), value.as_str().map(str::to_owned)));
    Some(CustomChange::Merge(notes.collect()))
}
