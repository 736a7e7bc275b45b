//! Fields of requests as the server keeps them.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::mock::model::Refusal;
use crate::wire::Span;

pub(super) type Fields = Map<String, Value>;

pub(super) fn text<'v>(fields: &'v Fields, name: &str) -> &'v str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn flag(fields: &Fields, name: &str) -> bool {
    fields.get(name).and_then(Value::as_bool).unwrap_or(false)
}

/// A list, or one text with commas.
pub(super) fn texts(fields: &Fields, name: &str) -> Vec<String> {
    match fields.get(name) {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(text)) => split(text),
        _ => Vec::new(),
    }
}

fn split(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

pub(super) fn span(fields: &Fields, name: &str) -> Result<Option<Duration>, Refusal> {
    let Some(value) = fields.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let refuse = |why: String| {
        let text = format!("Field validation failed: error converting input for field \"{name}\": {why}");
        Refusal::bad_request(&text)
    };
    if value.as_i64().is_some_and(|seconds| seconds < 0) {
        return Err(refuse(format!("cannot provide negative value '{value}'")));
    }
    match serde_json::from_value::<Span>(value.clone()) {
        Ok(span) => Ok(Some(span.0)),
        Err(_malformed) => Err(refuse(format!("time: invalid duration {value}"))),
    }
}

/// How spans are kept.
#[derive(Clone, Copy)]
pub(super) enum Kept {
    Seconds,
    /// `1h30m`
    Text,
}

/// Writes `fields` over those of `kept` that it knows. Those in `spans` are spans of time.
pub(super) fn overwrite(
    kept: &mut Fields,
    fields: &Fields,
    spans: &[&str],
    form: Kept,
) -> Result<(), Refusal> {
    for (name, value) in fields {
        let Some(old) = kept.get(name) else { continue };
        let value = match (old, value) {
            _ if spans.contains(&name.as_str()) => {
                let seconds = span(fields, name)?.unwrap_or_default().as_secs();
                match form {
                    Kept::Seconds => json!(seconds),
                    Kept::Text => short(seconds).into(),
                }
            }
            (Value::Array(_), Value::String(text)) => json!(split(text)),
            (Value::Array(_), Value::Null) => json!([]),
            _ => value.clone(),
        };
        kept.insert(name.clone(), value);
    }
    Ok(())
}

/// `72h`, `15m`, `1h30m`.
pub(super) fn short(seconds: u64) -> String {
    let mut text = String::new();
    for (amount, unit) in [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")] {
        if amount > 0 {
            text += &amount.to_string();
            text += unit;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// `72h0m0s`, `15m0s`, `30s`.
pub(super) fn long(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}m{rest}s"),
        _ => format!("{hours}h{minutes}m{rest}s"),
    }
}
