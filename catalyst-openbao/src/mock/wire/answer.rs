//! Answers in the server's JSON.

use std::time::Duration;

use serde_json::{Value, json};

use crate::mock::model::{AuthAnswer, WrapInfo};

/// What a request is answered with.
pub(crate) enum Content {
    /// The envelope that most answers come in.
    Envelope(Envelope),
    /// A wrapping token in the place of an envelope.
    Wrapped(WrapInfo),
    /// JSON without an envelope.
    Bare(u16, Value),
    /// A text that is no JSON.
    Text(String),
    /// A status with an empty body.
    Empty(u16),
    /// What is no JSON, with its type.
    Bytes(&'static str, Vec<u8>),
}

/// The members of an envelope that differ from their usual empty values.
#[derive(Default)]
pub(crate) struct Envelope {
    pub(crate) lease_id: String,
    pub(crate) renewable: bool,
    pub(crate) lease_duration: u64,
    pub(crate) data: Value,
    pub(crate) warnings: Vec<String>,
    pub(crate) auth: Option<AuthAnswer>,
}

impl Content {
    pub(crate) fn data(data: Value) -> Self {
        Self::Envelope(Envelope { data, ..Envelope::default() })
    }

    pub(crate) fn keys(keys: &[String]) -> Self {
        Self::data(json!({ "keys": keys }))
    }

    pub(crate) fn auth(auth: AuthAnswer, warning: Option<String>) -> Self {
        Self::Envelope(Envelope {
            auth: Some(auth),
            warnings: warning.into_iter().collect(),
            ..Envelope::default()
        })
    }

    pub(crate) fn leased(lease_id: String, ttl: Duration, renewable: bool, data: Value) -> Envelope {
        Envelope { lease_id, renewable, lease_duration: ttl.as_secs(), data, ..Envelope::default() }
    }

    /// Done, and nothing to say.
    pub(crate) fn done() -> Self {
        Self::Empty(204)
    }

    /// The status and the body.
    pub(crate) fn to_json(&self) -> (u16, Option<Value>) {
        match self {
            Self::Envelope(envelope) => (200, Some(envelope.to_json())),
            Self::Bare(status, body) => (*status, Some(body.clone())),
            Self::Text(text) => (200, Some(text.as_str().into())),
            Self::Empty(status) => (*status, None),
            Self::Bytes(..) => (200, None),
            Self::Wrapped(info) => {
                let mut body = Envelope::default().to_json();
                // So it is on the real server: a wrapped answer has no identifier of its own.
                body["request_id"] = "".into();
                body["wrap_info"] = serde_json::to_value(info).unwrap_or_default();
                (200, Some(body))
            }
        }
    }
}

impl Envelope {
    pub(crate) fn to_json(&self) -> Value {
        let warnings = if self.warnings.is_empty() { Value::Null } else { json!(self.warnings) };
        json!({
            "request_id": request_id(),
            "lease_id": self.lease_id,
            "renewable": self.renewable,
            "lease_duration": self.lease_duration,
            "data": self.data,
            "wrap_info": null,
            "warnings": warnings,
            "auth": self.auth,
        })
    }
}

/// As random and as long as the server's.
fn request_id() -> String {
    let bits = fastrand::u128(..);
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
