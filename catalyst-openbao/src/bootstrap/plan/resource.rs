//! One thing on the server: how it is read, and how it is written.

use catalyst_core::Secret;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::wire::Exposed;

/// One thing that is declared.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    /// As people read it: `policy external-secrets-read`.
    pub(super) name: String,
    /// Where it is written, escaped.
    pub(super) path: String,
    pub(super) found: Found,
    pub(super) fields: Fields,
}

/// How it is seen whether it is there.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// A GET of its own path gives its fields.
    Itself,
    /// The list of mounts at this path has this entry, with this type.
    InList { list: &'static str, entry: String, kind: String, version: Option<&'static str> },
}

/// What is to be written.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(pub(super) Vec<(&'static str, Field)>);

#[derive(Clone, Debug)]
pub(super) enum Field {
    /// The server shows it, and it is compared.
    Shown(Value),
    /// The server shows it elsewhere, or not; it is sent along.
    Sent(Value),
    /// The server never shows it.
    Secret(Secret),
}

impl Fields {
    pub(super) fn shown(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.push((name, Field::Shown(value.into())));
        self
    }

    pub(super) fn sent(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.push((name, Field::Sent(value.into())));
        self
    }

    pub(super) fn secret(mut self, name: &'static str, value: Option<&Secret>) -> Self {
        self.0.extend(value.map(|secret| (name, Field::Secret(secret.clone()))));
        self
    }

    /// The value, if there is one.
    pub(super) fn maybe(self, name: &'static str, value: Option<&String>) -> Self {
        match value {
            Some(text) => self.shown(name, text.as_str()),
            None => self,
        }
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, field) in &self.0 {
            match field {
                Field::Shown(value) | Field::Sent(value) => map.serialize_entry(name, value)?,
                Field::Secret(secret) => map.serialize_entry(name, &Exposed(secret))?,
            }
        }
        map.end()
    }
}
