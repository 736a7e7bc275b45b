//! Resource definitions, and what an API server says of a manifest by them.
//!
//! The server checks unknown fields strictly, as `kubectl` and server-side apply ask it to. A keyword that is not
//! evaluated here is an error of its own, so that no rule goes unnoticed.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::{Map, Value, json};

/// Keywords that describe, or that concern merging and storing alone.
const SILENT: [&str; 4] = ["description", "default", "x-kubernetes-list-type", "x-kubernetes-map-type"];
const EVALUATED: [&str; 16] = [
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "pattern",
    "format",
    "nullable",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
    "minItems",
    "maxItems",
    "x-kubernetes-preserve-unknown-fields",
];
const SUBDOMAIN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// The schemas that one release serves, by `apiVersion` and kind.
pub(super) struct Definitions(BTreeMap<(String, String), Value>);

impl Definitions {
    pub(super) fn read(folder: &Path) -> Self {
        let mut schemas = BTreeMap::new();
        for name in ["secretstores", "clustersecretstores", "externalsecrets", "pushsecrets"] {
            let text = fs::read_to_string(folder.join(format!("external-secrets.io_{name}.yaml"))).unwrap();
            let definition: Value = serde_yaml_ng::from_str(&text).unwrap();
            let spec = &definition["spec"];
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let served =
                spec["versions"].as_array().unwrap().iter().filter(|version| version["served"] == true);
            for version in served {
                let mut schema = version["schema"]["openAPIV3Schema"].clone();
                schema["properties"]["metadata"] = metadata(spec["scope"] == "Namespaced");
                schema["required"] = json!(["apiVersion", "kind", "metadata", "spec"]);
                let version = format!("{}/{}", text(&spec["group"]), text(&version["name"]));
                schemas.insert((version, text(&spec["names"]["kind"])), schema);
            }
        }
        Self(schemas)
    }

    /// What the server would refuse in `manifest`; nothing if it takes it.
    pub(super) fn faults(&self, manifest: &Value) -> Vec<String> {
        let text = |name: &str| manifest[name].as_str().unwrap_or_default().to_owned();
        let Some(schema) = self.0.get(&(text("apiVersion"), text("kind"))) else {
            return vec!["no such version of such a resource is served".to_owned()];
        };
        let mut faults = Vec::new();
        check(schema, manifest, "", &mut faults);
        faults
    }
}

/// What the server asks of every resource, which no definition repeats.
fn metadata(namespaced: bool) -> Value {
    let name = json!({ "type": "string", "pattern": SUBDOMAIN, "minLength": 1, "maxLength": 253 });
    let namespace =
        json!({ "type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63 });
    let label = json!({ "type": "string", "pattern": "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$", "maxLength": 63 });
    let mut schema = json!({
        "type": "object",
        "required": ["name"],
        "properties": { "name": name, "labels": { "type": "object", "additionalProperties": label } },
    });
    if namespaced {
        schema["required"] = json!(["name", "namespace"]);
        schema["properties"]["namespace"] = namespace;
    }
    schema
}

/// Adds what is wrong with `value`, which lies at `path`.
pub(super) fn check(schema: &Value, value: &Value, path: &str, faults: &mut Vec<String>) {
    for keyword in schema.as_object().unwrap().keys().map(String::as_str) {
        if !SILENT.contains(&keyword) && !EVALUATED.contains(&keyword) {
            faults.push(format!("{path}: the keyword {keyword} is not evaluated"));
        }
    }
    let mut fault = |what: String| faults.push(format!("{path}: {what}"));
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        fault(format!("{value} is none of {allowed:?}"));
    }
    match (schema["type"].as_str(), value) {
        (_, Value::Null) if schema["nullable"] == true => {}
        (Some("object"), Value::Object(fields)) => check_object(schema, fields, path, faults),
        (Some("array"), Value::Array(items)) => {
            check_count(schema, "Items", items.len(), &mut fault);
            for (index, item) in items.iter().enumerate() {
                check(&schema["items"], item, &format!("{path}[{index}]"), faults);
            }
        }
        (Some("string"), Value::String(text)) => check_text(schema, text, &mut fault),
        (Some("integer"), Value::Number(number)) => {
            let most = if schema["format"] == "int32" { i64::from(i32::MAX) } else { i64::MAX };
            if number.as_i64().is_none_or(|number| number > most) {
                fault(format!("{number} is too large"));
            }
        }
        (Some("boolean"), Value::Bool(_)) => {}
        (None, _) if schema["x-kubernetes-preserve-unknown-fields"] == true => {}
        (kind, value) => fault(format!("{value} is no {kind:?}")),
    }
}

fn check_object(schema: &Value, fields: &Map<String, Value>, path: &str, faults: &mut Vec<String>) {
    check_count(schema, "Properties", fields.len(), &mut |what| faults.push(format!("{path}: {what}")));
    for required in schema["required"].as_array().into_iter().flatten() {
        if !fields.contains_key(required.as_str().unwrap()) {
            faults.push(format!("{path}: there is no {required}"));
        }
    }
    for (name, value) in fields {
        let path = format!("{path}.{name}");
        match (schema["properties"].get(name), &schema["additionalProperties"]) {
            (Some(known), _) => check(known, value, &path, faults),
            (None, Value::Object(_)) => check(&schema["additionalProperties"], value, &path, faults),
            (None, _) if schema["x-kubernetes-preserve-unknown-fields"] == true => {}
            (None, _) => faults.push(format!("{path}: there is no such field")),
        }
    }
}

fn check_count(schema: &Value, what: &str, count: usize, fault: &mut impl FnMut(String)) {
    let limit = |end: &str| schema[format!("{end}{what}")].as_u64();
    let count = u64::try_from(count).unwrap();
    if limit("min").is_some_and(|least| count < least) || limit("max").is_some_and(|most| count > most) {
        fault(format!("{count} is no count of {what} that is allowed"));
    }
}

fn check_text(schema: &Value, text: &str, fault: &mut impl FnMut(String)) {
    check_count(schema, "Length", text.chars().count(), fault);
    if let Some(pattern) = schema["pattern"].as_str()
        && !matches(pattern, text)
    {
        fault(format!("{text:?} does not match {pattern}"));
    }
    match schema["format"].as_str() {
        Some("byte") if STANDARD.decode(text).is_err() => fault("it is not base64".to_owned()),
        None | Some("byte") => {}
        Some(format) => fault(format!("the format {format} is not evaluated")),
    }
}

/// The schemas repeat a handful of patterns a thousand times.
fn matches(pattern: &str, text: &str) -> bool {
    thread_local!(static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::default());
    COMPILED.with_borrow_mut(|compiled| {
        let regex = compiled.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).unwrap());
        regex.is_match(text)
    })
}

#[test]
fn the_check_can_fail() {
    let schema = json!({
        "type": "object",
        "required": ["kind"],
        "minProperties": 1,
        "maxProperties": 4,
        "properties": {
            "kind": { "type": "string", "enum": ["A", "B"] },
            "name": { "type": "string", "pattern": "^[a-z]+$", "maxLength": 3 },
            "ca": { "type": "string", "format": "byte" },
            "list": { "type": "array", "minItems": 1, "items": { "type": "integer", "format": "int32" } },
            "labels": { "type": "object", "additionalProperties": { "type": "string" } },
            "open": { "x-kubernetes-preserve-unknown-fields": true },
        },
    });
    let faults = |value: &Value| {
        let mut faults = Vec::new();
        check(&schema, value, "", &mut faults);
        faults
    };
    for good in [
        json!({ "kind": "A" }),
        json!({ "kind": "B", "name": "abc", "ca": "YQ==" }),
        json!({ "kind": "A", "list": [1], "labels": { "any": "x" }, "open": { "any": [1] } }),
    ] {
        assert_eq!(faults(&good), [""; 0], "{good}");
    }
    for bad in [
        json!({}),
        json!([]),
        json!({ "kind": "C" }),
        json!({ "kind": 1 }),
        json!({ "kind": null }),
        json!({ "kind": "A", "nosuch": 1 }),
        json!({ "kind": "A", "name": "abcd" }),
        json!({ "kind": "A", "name": "ABC" }),
        json!({ "kind": "A", "ca": "?" }),
        json!({ "kind": "A", "list": [] }),
        json!({ "kind": "A", "list": ["1"] }),
        json!({ "kind": "A", "list": [1_u64 << 31] }),
        json!({ "kind": "A", "labels": { "any": 1 } }),
        json!({ "kind": "A", "name": "a", "ca": "", "list": [1], "labels": {} }),
    ] {
        assert_eq!(faults(&bad).len().min(1), 1, "{bad}");
    }
    let mut unknown = Vec::new();
    let rule = json!({ "type": "string", "x-kubernetes-validations": [] });
    check(&rule, &json!("a"), "", &mut unknown);
    assert_eq!(unknown.len(), 1, "a rule that is not evaluated goes unnoticed");
}
