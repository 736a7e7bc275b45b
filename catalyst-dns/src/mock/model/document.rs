//! Members of a JSON document, with the words of the server for those that are not there.

use serde_json::Value;

use super::Refusal;

pub(super) fn string<'a>(document: &'a Value, key: &str) -> Result<&'a str, Refusal> {
    document[key]
        .as_str()
        .ok_or_else(|| Refusal::unprocessable(format!("Key '{key}' not present or not a String")))
}

pub(super) fn boolean(document: &Value, key: &str) -> Result<bool, Refusal> {
    flag(&document[key])
        .ok_or_else(|| Refusal::unprocessable(format!("Key '{key}' not present or not a Bool")))
}

/// A truth as the server reads it.
pub(super) fn flag(value: &Value) -> Option<bool> {
    value.as_bool()
}

/// A number as the server reads it into 32 bits, also out of a text: what does not fit is something else, and no fault.
pub(super) fn integer(document: &Value, key: &str) -> Result<u32, Refusal> {
    let value = &document[key];
    let number = match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(truncated)),
        Value::String(text) => text.parse::<i64>().ok(),
        _ => None,
    };
    // What is too large for an int becomes its lowest value, which is 0 as the server's TTL; -5 becomes 4294967291.
    number
        .map(|number| i32::try_from(number).map_or_else(|_large| wrapped(number), i32::cast_unsigned))
        .ok_or_else(|| Refusal::unprocessable(format!("Key '{key}' not an Integer or not present")))
}

fn wrapped(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn truncated(number: f64) -> Option<i64> {
    format!("{:.0}", number.trunc()).parse().ok()
}

/// The texts of a list; none if there is no such list.
pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    let list = value.as_array()?;
    Some(list.iter().map(|text| text.as_str().unwrap_or_default().to_owned()).collect())
}
