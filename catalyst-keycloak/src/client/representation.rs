//! A client as the server shows it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use catalyst_core::Secret;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Deserialize as DeserializeDerive, Serialize};
use serde_json::{Map, Value};

use super::attribute;

/// `ClientRepresentation`. What holds secrets is taken out by name; everything else is as it came.
#[derive(Clone, DeserializeDerive)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Representation {
    #[serde(default)]
    pub(crate) id: String,
    pub(crate) client_id: String,
    #[serde(default)]
    pub(crate) secret: Option<Secret>,
    #[serde(default)]
    pub(crate) attributes: Attributes,
    #[serde(default)]
    pub(crate) protocol_mappers: Vec<Mapper>,
    #[serde(flatten)]
    pub(crate) fields: Map<String, Value>,
}

impl Representation {
    /// A field that is a list of texts.
    pub(crate) fn texts(&self, field: &str) -> Vec<&str> {
        let list = self.fields.get(field).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    pub(crate) fn is(&self, field: &str) -> bool {
        self.fields.get(field).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn owner(&self) -> Option<&str> {
        self.attributes.get(attribute::OWNER)
    }
}

impl fmt::Debug for Representation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Representation").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// A protocol mapper: what puts a claim into tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, DeserializeDerive)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mapper {
    pub(crate) name: String,
    pub(crate) protocol: String,
    #[serde(rename = "protocolMapper")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) config: BTreeMap<String, String>,
    /// Identifiers and whatever else the server adds.
    #[serde(flatten)]
    pub(crate) rest: Map<String, Value>,
}

/// Attributes, without the old secret that the server keeps among them in clear.
#[derive(Clone, Default)]
pub(crate) struct Attributes {
    plain: BTreeMap<String, String>,
    rotated: Option<Secret>,
}

impl Attributes {
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.plain.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The secret that was in force before, as far as it has not been ended.
    pub(crate) fn rotated(&self) -> Option<&Secret> {
        self.rotated.as_ref()
    }

    /// A moment, written in seconds since 1970.
    pub(crate) fn time(&self, key: &str) -> Option<SystemTime> {
        let seconds: u64 = self.get(key)?.parse().ok()?;
        // Zero stands for never.
        (seconds > 0).then(|| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)))?
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Attributes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("attributes")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attributes, A::Error> {
                let mut attributes = Attributes::default();
                while let Some(key) = map.next_key::<String>()? {
                    if key == attribute::ROTATED_SECRET {
                        attributes.rotated = map.next_value::<Option<Secret>>()?.filter(|it| !it.is_empty());
                    } else if let Some(value) = map.next_value::<Option<String>>()? {
                        attributes.plain.insert(key, value);
                    }
                }
                Ok(attributes)
            }
        }
        deserializer.deserialize_map(Entries)
    }
}
