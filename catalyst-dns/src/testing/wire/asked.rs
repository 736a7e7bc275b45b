//! A request, read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use wiremock::Request;

use crate::mock::model::{Form, Refusal};

/// What the method means to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    Other,
}

/// A request.
pub(super) struct Asked {
    pub(super) verb: Verb,
    /// The path as it came.
    pub(super) path: String,
    query: Vec<(String, String)>,
    pub(super) api_key: Option<String>,
    authorization: Option<String>,
    accept: String,
    body: Vec<u8>,
}

impl Asked {
    pub(super) fn read(request: &Request) -> Self {
        let header = |name: &str| request.headers.get(name)?.to_str().ok().map(str::to_owned);
        let verb = match request.method.as_str() {
            "GET" | "HEAD" => Verb::Get,
            "POST" => Verb::Post,
            "PUT" => Verb::Put,
            "PATCH" => Verb::Patch,
            "DELETE" => Verb::Delete,
            _ => Verb::Other,
        };
        Self {
            verb,
            path: request.url.path().to_owned(),
            query: request.url.query_pairs().into_owned().collect(),
            api_key: header("x-api-key"),
            authorization: header("authorization"),
            accept: header("accept").unwrap_or_default(),
            body: request.body.clone(),
        }
    }

    pub(super) fn writes(&self) -> bool {
        self.verb != Verb::Get
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(present, _)| present == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn body_length(&self) -> u64 {
        u64::try_from(self.body.len()).unwrap_or(u64::MAX)
    }

    pub(super) fn json(&self) -> Result<Value, Refusal> {
        serde_json::from_slice(&self.body).map_err(|_malformed| Refusal::bad_request())
    }

    pub(super) fn takes_json(&self) -> bool {
        self.accept.contains("application/json")
    }

    /// In which form a refusal goes out.
    pub(super) fn form(&self, refusal: &Refusal) -> Shape {
        match refusal.form() {
            Form::Json => Shape::Json,
            Form::Negotiated if self.takes_json() => Shape::Json,
            Form::Negotiated if self.accept.contains("text/html") => Shape::Page,
            Form::Plain | Form::Negotiated => Shape::Plain,
        }
    }

    /// RFC 7617.
    pub(super) fn basic(&self) -> Option<(String, String)> {
        let encoded = self.authorization.as_ref()?.strip_prefix("Basic ")?;
        let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        let (user, password) = decoded.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    }
}

/// The form of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Json,
    Page,
    Plain,
}
