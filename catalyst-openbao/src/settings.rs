//! Settings as the server reads and writes them: spans of time, lists that may be null, and when two are the same.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::wire::Span;

/// A span that may be left out: written in whole seconds, read as seconds or as `1h30m`.
pub(crate) mod seconds {
    use super::{Deserialize, Deserializer, Duration, Span};
    use serde::Serializer;

    #[allow(clippy::ref_option, reason = "serde asks for this signature")]
    pub(crate) fn serialize<S: Serializer>(
        span: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match span {
            Some(span) => serializer.serialize_u64(super::whole_seconds(*span)),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<Span>::deserialize(deserializer)?.map(|span| span.0))
    }
}

/// Rounded up: a span that is not zero must not become one.
pub(crate) fn whole_seconds(span: Duration) -> u64 {
    span.as_secs().saturating_add(u64::from(span.subsec_nanos() > 0))
}

/// A list that may be `null`, or one text with commas, which counts as a list.
pub(crate) fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Listed {
        Many(Vec<String>),
        One(String),
    }
    Ok(match Option::<Listed>::deserialize(deserializer)? {
        Some(Listed::Many(all)) => all,
        Some(Listed::One(text)) => {
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
        }
        None => Vec::new(),
    })
}

/// Named texts that may be `null`.
pub(crate) fn texts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A text that counts as none when it is empty.
pub(crate) fn maybe_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}

/// Whether everything that `wanted` says holds in `found`. What it leaves out may be anything, and the order of lists
/// means nothing.
pub(crate) fn covers(wanted: &impl Serialize, found: &impl Serialize) -> bool {
    match (serde_json::to_value(wanted), serde_json::to_value(found)) {
        (Ok(wanted), Ok(found)) => is_in(&wanted, &found),
        _ => false,
    }
}

fn is_in(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            let nothing = Value::Null;
            wanted.iter().all(|(name, value)| is_in(value, found.get(name).unwrap_or(&nothing)))
        }
        (Value::Array(wanted), Value::Array(found)) => {
            let has = |all: &[Value], one: &Value| all.iter().any(|other| is_in(one, other));
            wanted.iter().all(|one| has(found, one)) && found.iter().all(|one| has(wanted, one))
        }
        // What the server leaves out is empty.
        (Value::Array(wanted), Value::Null) => wanted.is_empty(),
        (Value::Object(wanted), Value::Null) => wanted.is_empty(),
        (Value::String(wanted), Value::Null) => wanted.is_empty(),
        (Value::String(wanted), Value::String(found)) => same_text(wanted, found),
        _ => wanted == found,
    }
}

/// A block of one address is shown by the server as the address.
fn same_text(one: &str, other: &str) -> bool {
    let host = |text: &str| {
        let (address, length) = text.split_once('/').unwrap_or((text, ""));
        let address: IpAddr = address.parse().ok()?;
        let whole = if address.is_ipv4() { "32" } else { "128" };
        (length.is_empty() || length == whole).then_some(address)
    };
    one == other || host(one).is_some_and(|address| host(other) == Some(address))
}

/// Setters by value: `ttl: some Duration` becomes `pub fn ttl(mut self, ttl: Duration) -> Self`.
macro_rules! setters {
    ($($(#[doc = $docs:literal])+ $name:ident: $kind:ident $of:ty;)*) => {
        $($crate::settings::setter!($kind, [$($docs),+], $name, $of);)*
    };
}

macro_rules! setter {
    (some, [$($docs:literal),+], $name:ident, $of:ty) => {
        $(#[doc = $docs])+
        #[must_use]
        pub fn $name(mut self, $name: $of) -> Self {
            self.$name = Some($name);
            self
        }
    };
    (text, [$($docs:literal),+], $name:ident, $of:ty) => {
        $(#[doc = $docs])+
        #[must_use]
        pub fn $name(mut self, $name: impl Into<$of>) -> Self {
            self.$name = Some($name.into());
            self
        }
    };
    (plain, [$($docs:literal),+], $name:ident, $of:ty) => {
        $(#[doc = $docs])+
        #[must_use]
        pub fn $name(mut self, $name: $of) -> Self {
            self.$name = $name;
            self
        }
    };
    (list, [$($docs:literal),+], $name:ident, $of:ty) => {
        $(#[doc = $docs])+
        #[must_use]
        pub fn $name(mut self, $name: impl IntoIterator<Item = impl Into<$of>>) -> Self {
            self.$name = $name.into_iter().map(Into::into).collect();
            self
        }
    };
}

pub(crate) use setter;
pub(crate) use setters;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_left_out_may_be_anything_and_the_order_of_lists_means_nothing() {
        let found = json!({"a": 1, "list": ["x", "y"], "in": {"b": true, "c": 2}, "null": null});
        for met in [
            json!({}),
            json!({"list": ["y", "x"]}),
            json!({"in": {"b": true}}),
            json!({"null": [], "missing": {}, "absent": ""}),
        ] {
            assert!(covers(&met, &found), "{met}");
        }
        for unmet in [json!({"a": 2}), json!({"list": ["x"]}), json!({"list": []}), json!({"missing": 1})] {
            assert!(!covers(&unmet, &found), "{unmet}");
        }
    }

    #[test]
    fn a_block_of_one_address_is_the_address() {
        for (one, other, same) in [
            ("127.0.0.1/32", "127.0.0.1", true),
            ("::1", "::1/128", true),
            ("127.0.0.1/31", "127.0.0.1", false),
            ("a/32", "a", false),
        ] {
            assert_eq!(covers(&json!([one]), &json!([other])), same, "{one} {other}");
        }
    }

    #[test]
    fn a_span_that_is_not_zero_is_never_written_as_zero() {
        for (span, seconds) in
            [(Duration::ZERO, 0), (Duration::from_millis(1), 1), (Duration::from_millis(60_001), 61)]
        {
            assert_eq!(whole_seconds(span), seconds);
        }
    }

    #[test]
    fn a_list_may_be_null_or_one_text() {
        #[derive(Deserialize)]
        struct Holder(#[serde(deserialize_with = "list")] Vec<String>);
        for (json, length) in [("null", 0), ("[]", 0), (r#""a, b""#, 2), (r#"["a"]"#, 1), (r#""""#, 0)] {
            assert_eq!(serde_json::from_str::<Holder>(json).unwrap().0.len(), length, "{json}");
        }
    }
}
