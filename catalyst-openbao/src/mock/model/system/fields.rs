//! Fields of requests as the server keeps them.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::mock::model::{Refusal, TokenGrant};
use crate::wire::Span;

/// A span of time in whole seconds, however it was written.
pub(super) fn seconds(name: &str, value: Value) -> Result<Value, Refusal> {
    if value.is_null() {
        return Ok(json!(0));
    }
    let shown = value.to_string();
    serde_json::from_value::<Span>(value).map(|span| json!(span.0.as_secs())).map_err(|_malformed| {
        let text = format!(
            "Field validation failed: error converting input for field \"{name}\": time: invalid duration {shown}"
        );
        Refusal::bad_request(&text)
    })
}

/// The fields that all roles have about their tokens, with what the server shows when none was written.
pub(super) fn token_defaults() -> Map<String, Value> {
    let defaults = json!({
        "token_bound_cidrs": [],
        "token_explicit_max_ttl": 0,
        "token_max_ttl": 0,
        "token_no_default_policy": false,
        "token_num_uses": 0,
        "token_period": 0,
        "token_policies": [],
        "token_strictly_bind_ip": false,
        "token_ttl": 0,
        "token_type": "default",
    });
    object(defaults)
}

pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Writes `fields` over `kept`; what is not among its names is passed over, as the server does.
pub(super) fn overwrite(kept: &mut Map<String, Value>, fields: &Map<String, Value>) -> Result<(), Refusal> {
    for (name, value) in fields {
        let Some(old) = kept.get(name) else { continue };
        let span = ["ttl", "period", "leeway", "max_age"].iter().any(|end| name.ends_with(end));
        let value = match (old, value) {
            _ if span => seconds(name, value.clone())?,
            // A list may be written as one text.
            (Value::Array(_), Value::String(text)) => {
                json!(text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>())
            }
            (Value::Array(_), Value::Null) => json!([]),
            _ => value.clone(),
        };
        kept.insert(name.clone(), value);
    }
    let longer = |one: &str, other: &str| {
        let of = |name: &str| kept.get(name).and_then(Value::as_u64).unwrap_or(0);
        of(other) > 0 && of(one) > of(other)
    };
    if longer("token_ttl", "token_max_ttl") {
        return Err(Refusal::bad_request("'token_ttl' cannot be greater than 'token_max_ttl'"));
    }
    Ok(())
}

pub(super) fn list<'v>(fields: &'v Map<String, Value>, name: &str) -> Vec<&'v str> {
    let all = fields.get(name).and_then(Value::as_array);
    all.into_iter().flatten().filter_map(Value::as_str).collect()
}

pub(super) fn number(fields: &Map<String, Value>, name: &str) -> u64 {
    fields.get(name).and_then(Value::as_u64).unwrap_or(0)
}

pub(super) fn text<'v>(fields: &'v Map<String, Value>, name: &str) -> &'v str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The token that such a role gives.
pub(super) fn grant(fields: &Map<String, Value>) -> TokenGrant {
    let span = |name| Duration::from_secs(number(fields, name));
    let mut grant = TokenGrant::new(span("token_ttl"))
        .max_ttl(span("token_max_ttl"))
        .explicit_max_ttl(span("token_explicit_max_ttl"))
        .uses(u32::try_from(number(fields, "token_num_uses")).unwrap_or(u32::MAX))
        .policies(&list(fields, "token_policies"));
    if !span("token_period").is_zero() {
        grant = grant.period(span("token_period"));
    }
    if matches!(text(fields, "token_type"), "batch" | "default-batch") {
        grant = grant.batch();
    }
    if fields.get("token_no_default_policy").is_some_and(|flag| flag == true) {
        grant = grant.without_default_policy();
    }
    grant
}

/// Whether `text` is one of `patterns`, in which `*` stands for anything. No patterns match nothing.
pub(super) fn matches_any(patterns: &[&str], text: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, text))
}

fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, met) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("a*", "ab", true),
            ("a*c", "abbc", true),
            ("a*b*c", "a-b-c", true),
            ("a*a", "a", false),
            ("*x", "y", false),
        ] {
            assert_eq!(matches_any(&[pattern], text), met, "{pattern} {text}");
        }
        assert!(!matches_any(&[], ""));
    }
}
