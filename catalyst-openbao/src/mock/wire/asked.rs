//! A request, read.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::mock::model::{Call, Model, Refusal};
use crate::wire::Span;

/// The most strings in a body, the names of members among them.
const MAX_STRINGS: usize = 1000;

/// What the method means to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Read,
    List,
    Write,
    Patch,
    Delete,
    Unknown,
}

/// A request as it came in, over a socket or in memory.
pub(crate) struct Incoming<'a> {
    /// As on the request line.
    pub(crate) method: &'a str,
    pub(crate) url: &'a url::Url,
    pub(crate) header: &'a dyn Fn(&str) -> Option<String>,
    pub(crate) body: &'a [u8],
}

/// A request below `/v1/`.
pub(crate) struct Asked {
    pub(crate) verb: Verb,
    /// Unescaped, below the namespace, without slashes at its ends.
    pub(crate) path: String,
    /// Whether the path ended in a slash.
    pub(crate) open_end: bool,
    pub(crate) call: Call,
    pub(crate) namespace_header: Option<String>,
    query: Vec<(String, String)>,
    wrap_ttl: Option<String>,
    content_type: String,
    body: Vec<u8>,
}

impl Asked {
    pub(crate) fn read(model: &Model, request: &Incoming<'_>) -> Self {
        let header = request.header;
        let bearer = || header("authorization")?.strip_prefix("Bearer ").map(str::to_owned);
        let whole = request.url.path().strip_prefix("/v1/").unwrap_or_default();
        let whole = percent_decode_str(whole).decode_utf8_lossy();
        let query: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
        let lists = query.iter().any(|(name, value)| name == "list" && value == "true");
        let verb = match request.method {
            "GET" | "HEAD" if lists => Verb::List,
            "GET" | "HEAD" => Verb::Read,
            "LIST" => Verb::List,
            "POST" | "PUT" => Verb::Write,
            "PATCH" => Verb::Patch,
            "DELETE" => Verb::Delete,
            _ => Verb::Unknown,
        };
        let namespace_header = header("x-vault-namespace");
        let (namespace, path) = model.enter_namespace(namespace_header.as_deref().unwrap_or(""), &whole);
        Self {
            verb,
            open_end: path.ends_with('/'),
            path: path.trim_matches('/').to_owned(),
            call: Call { token: header("x-vault-token").or_else(bearer), namespace, clip: None },
            namespace_header,
            query,
            wrap_ttl: header("x-vault-wrap-ttl"),
            content_type: header("content-type").unwrap_or_default(),
            body: request.body.to_vec(),
        }
    }

    /// Whether the storage is another one afterwards: writes, and reads that create something.
    pub(crate) fn changes_something(&self) -> bool {
        !matches!(self.verb, Verb::Read | Verb::List) || self.path.contains("/creds/")
    }

    /// Refuses a body that is no JSON, or has more strings than the server reads.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if self.body.is_empty() || self.path.starts_with("sys/storage/raft/snapshot") {
            return Ok(());
        }
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(body) if strings(&body) <= MAX_STRINGS => Ok(()),
            Ok(_) => Err(Refusal::new(
                400,
                &["refused JSON input due to high complexity: exceeded maximum number of strings"],
            )),
            Err(_) => Err(Refusal::new(400, &["failed to decode JSON input: invalid character"])),
        }
    }

    /// The body as it came.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.body
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(present, _)| present == name).map(|(_, value)| value.as_str())
    }

    /// The body as `T`; an empty one counts as an empty object. None if it does not fit.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        let body = if self.body.is_empty() { b"{}".as_slice() } else { &self.body };
        serde_json::from_slice(body).ok()
    }

    pub(crate) fn fields(&self) -> Map<String, Value> {
        self.json().unwrap_or_default()
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.fields().get(name)?.as_str().map(str::to_owned)
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.fields().get(name)?.as_bool()
    }

    /// A field that holds a duration, as a number of seconds or as a text such as `1h30m`.
    pub(crate) fn span(&self, name: &str) -> Result<Option<Duration>, Refusal> {
        let Some(value) = self.fields().remove(name).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        let refuse = |why: String| {
            let text = format!("Field validation failed: error converting input for field \"{name}\": {why}");
            Refusal::new(400, &[&text])
        };
        if value.as_i64().is_some_and(|seconds| seconds < 0) {
            return Err(refuse(format!("cannot provide negative value '{value}'")));
        }
        match serde_json::from_value::<Span>(value.clone()) {
            Ok(span) => Ok(Some(span.0)),
            Err(_malformed) => Err(refuse(format!("time: invalid duration {value}"))),
        }
    }

    /// The versions that the body names, as numbers or, as the command line tool writes them, as texts.
    pub(crate) fn versions(&self) -> Vec<u64> {
        let listed = self.fields().remove("versions");
        let numbers = listed.as_ref().and_then(Value::as_array).into_iter().flatten();
        numbers.filter_map(|number| number.as_u64().or_else(|| number.as_str()?.parse().ok())).collect()
    }

    pub(crate) fn is_merge_patch(&self) -> Result<(), Refusal> {
        let expected = "application/merge-patch+json";
        if self.content_type == expected {
            return Ok(());
        }
        let text = format!("PATCH requires Content-Type of {expected}, provided {}", self.content_type);
        Err(Refusal::new(415, &[&text]))
    }

    /// How long the answer is to be kept for a reader, if it is to be wrapped.
    pub(crate) fn wrap_ttl(&self) -> Result<Option<Duration>, Refusal> {
        let Some(text) = &self.wrap_ttl else { return Ok(None) };
        match serde_json::from_value::<Span>(text.as_str().into()) {
            Ok(span) => Ok(Some(span.0).filter(|ttl| !ttl.is_zero())),
            Err(_malformed) => {
                let text =
                    format!("error parsing X-Vault-Wrap-TTL header: time: invalid duration \"{text}\"");
                Err(Refusal::new(400, &[&text]))
            }
        }
    }
}

fn strings(value: &Value) -> usize {
    match value {
        Value::String(_) => 1,
        Value::Array(items) => items.iter().map(strings).sum(),
        Value::Object(members) => members.values().map(|value| 1 + strings(value)).sum(),
        _ => 0,
    }
}
