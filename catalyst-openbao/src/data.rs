//! The contents of a secret.

use std::collections::BTreeMap;
use std::fmt;

use catalyst_core::{Error, ErrorKind, Result, Secret};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

/// The named values of one secret. Wiped on drop; `Debug` shows the names only.
///
/// A value is a text, or any other JSON value kept as its JSON text: `true`, `7`, `{"a":1}`. It is written back as
/// what it was.
///
/// ```
/// use catalyst_openbao::SecretData;
///
/// let data = SecretData::from([("user", "orders"), ("password", "hunter2")]);
/// assert_eq!(data.get("password").map(|value| value.expose()), Some("hunter2"));
/// assert_eq!(format!("{data:?}"), r#"SecretData["password", "user"]"#);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretData {
    values: BTreeMap<String, Value>,
}

#[derive(Clone, PartialEq, Eq)]
struct Value {
    text: Secret,
    /// Whether the text is JSON, and not a JSON string's contents.
    json: bool,
}

impl SecretData {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// A value: the text itself, or the JSON text of a value that is not a string.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.values.get(name).map(|value| &value.text)
    }

    /// Whether `name` holds a value that is not a JSON string.
    pub fn is_json(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| value.json)
    }

    /// Sets a text.
    pub fn insert(&mut self, name: impl Into<String>, text: impl Into<Secret>) {
        self.values.insert(name.into(), Value { text: text.into(), json: false });
    }

    /// Sets any JSON value. In a patch, `null` removes the name.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if `json` is not one JSON value.
    pub fn insert_json(&mut self, name: impl Into<String>, json: &str) -> Result<()> {
        let raw: &RawValue = serde_json::from_str(json).map_err(|_may_quote_the_secret| {
            Error::new(ErrorKind::InvalidRequest, "set secret value").with_help("expected one JSON value")
        })?;
        let value = Value::from_json(raw.get()).map_err(|_may_quote_the_secret| {
            Error::new(ErrorKind::InvalidRequest, "set secret value").with_help("expected one JSON value")
        })?;
        self.values.insert(name.into(), value);
        Ok(())
    }

    /// Removes a value and returns it.
    pub fn remove(&mut self, name: &str) -> Option<Secret> {
        self.values.remove(name).map(|value| value.text)
    }

    /// The names and values in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.values.iter().map(|(name, value)| (name.as_str(), &value.text))
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Applies a JSON merge patch (RFC 7396): `null` removes, objects are merged, everything else replaces.
    #[cfg(feature = "mock")]
    pub(crate) fn merge(&mut self, patch: &Self) {
        for (name, value) in &patch.values {
            if value.json && value.text.expose() == "null" {
                self.values.remove(name);
                continue;
            }
            let old = self.values.get(name).filter(|old| old.json).map_or("{}", |old| old.text.expose());
            let merged = if value.json { merge_json(old, value.text.expose()) } else { None };
            let merged = merged.map(|json| Value { text: Secret::from(json), json: true });
            self.values.insert(name.clone(), merged.unwrap_or_else(|| value.clone()));
        }
    }
}

/// The merge of a JSON object into another value, which counts as empty if it is no object; none if the patch is no
/// object itself. Nulls leave no trace, however deep: the real server does so too.
#[cfg(feature = "mock")]
fn merge_json(old: &str, patch: &str) -> Option<String> {
    type Object = serde_json::Map<String, serde_json::Value>;
    fn merge(old: &mut Object, patch: Object) {
        for (name, value) in patch {
            match value {
                serde_json::Value::Null => drop(old.remove(&name)),
                serde_json::Value::Object(patch) => {
                    let mut inner = match old.remove(&name) {
                        Some(serde_json::Value::Object(inner)) => inner,
                        _ => Object::new(),
                    };
                    merge(&mut inner, patch);
                    old.insert(name, inner.into());
                }
                value => drop(old.insert(name, value)),
            }
        }
    }
    let patch: Object = serde_json::from_str(patch).ok()?;
    let mut old: Object = serde_json::from_str(old).unwrap_or_default();
    merge(&mut old, patch);
    serde_json::to_string(&old).ok()
}

impl Value {
    /// A JSON string becomes its contents, everything else stays JSON.
    fn from_json(raw: &str) -> Result<Self, serde_json::Error> {
        let Some(quoted) = raw.strip_prefix('"') else {
            return Ok(Self { text: Secret::new(raw), json: true });
        };
        let text = match quoted.strip_suffix('"') {
            // Nothing is escaped, and raw JSON has been checked.
            Some(text) if !text.contains('\\') => Secret::new(text),
            _ => serde_json::from_str(raw)?,
        };
        Ok(Self { text, json: false })
    }
}

impl<N: Into<String>, V: Into<Secret>> FromIterator<(N, V)> for SecretData {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut data = Self::new();
        data.extend(pairs);
        data
    }
}

impl<N: Into<String>, V: Into<Secret>> Extend<(N, V)> for SecretData {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, pairs: I) {
        for (name, value) in pairs {
            self.insert(name, value);
        }
    }
}

impl<N: Into<String>, V: Into<Secret>, const COUNT: usize> From<[(N, V); COUNT]> for SecretData {
    fn from(pairs: [(N, V); COUNT]) -> Self {
        pairs.into_iter().collect()
    }
}

impl fmt::Debug for SecretData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretData")?;
        f.debug_list().entries(self.values.keys()).finish()
    }
}

impl<'de> Deserialize<'de> for SecretData {
    /// From a JSON object; reads `serde_json` only.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = SecretData;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretData, A::Error> {
                let mut data = SecretData::new();
                while let Some((name, raw)) = map.next_entry::<String, &RawValue>()? {
                    let value = Value::from_json(raw.get()).map_err(serde::de::Error::custom)?;
                    data.values.insert(name, value);
                }
                Ok(data)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// The one way out of a [`SecretData`]: into the body of a request.
#[derive(Clone, Copy)]
pub(crate) struct Exposed<'a>(pub(crate) &'a SecretData);

impl Serialize for Exposed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.values.len()))?;
        for (name, value) in &self.0.values {
            if value.json {
                let raw: &RawValue =
                    serde_json::from_str(value.text.expose()).map_err(serde::ser::Error::custom)?;
                map.serialize_entry(name, raw)?;
            } else {
                map.serialize_entry(name, value.text.expose())?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_that_are_no_text_are_kept_as_their_json_text() {
        let json = r#"{"a":"x","b":7,"c":{"d":[1, "s"]},"e":null,"f":"7"}"#;
        let data: SecretData = serde_json::from_str(json).unwrap();
        let shown: Vec<_> =
            data.iter().map(|(name, value)| (name, value.expose(), data.is_json(name))).collect();
        assert_eq!(
            shown,
            [
                ("a", "x", false),
                ("b", "7", true),
                ("c", r#"{"d":[1, "s"]}"#, true),
                ("e", "null", true),
                ("f", "7", false)
            ]
        );
        assert_eq!(serde_json::to_string(&Exposed(&data)).unwrap(), json);
    }

    #[test]
    fn json_is_checked_when_it_is_set_and_a_json_string_is_a_text() {
        let mut data = SecretData::new();
        for bad in ["", "{", "canary", "1 2"] {
            let error = data.insert_json("a", bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert!(!format!("{error:?}").contains("canary"));
        }
        data.insert_json("a", " \"text\" ").unwrap();
        assert_eq!((data.get("a").unwrap().expose(), data.is_json("a")), ("text", false));
    }

    #[cfg(feature = "mock")]
    #[test]
    fn a_merge_patch_removes_merges_and_replaces() {
        let mut data: SecretData = serde_json::from_str(r#"{"a":"1","b":{"x":1,"y":2},"c":3}"#).unwrap();
        let patch: SecretData = serde_json::from_str(
            r#"{"a":null,"b":{"x":null,"z":0},"c":{"n":1,"m":null},"d":{"e":{"f":null}}}"#,
        )
        .unwrap();
        data.merge(&patch);
        assert_eq!(
            serde_json::to_string(&Exposed(&data)).unwrap(),
            r#"{"b":{"y":2,"z":0},"c":{"n":1},"d":{"e":{}}}"#
        );
    }

    proptest! {
        #[test]
        fn any_texts_come_back_from_json_as_they_were(pairs in proptest::collection::btree_map("\\PC{0,8}", "\\PC{0,20}|[\\x00-\\x20\"\\\\]{0,9}", 0..6)) {
            let data: SecretData = pairs.iter().map(|(name, value)| (name.clone(), value.as_str())).collect();
            let json = serde_json::to_string(&Exposed(&data)).unwrap();
            prop_assert_eq!(serde_json::from_str::<SecretData>(&json).unwrap(), data);
        }
    }
}
