//! A request, read.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use url::form_urlencoded;
use wiremock::Request;

use crate::mock::model::{Form, Refusal};

/// What the method means to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Put,
    Delete,
    Other,
}

/// A request.
pub(super) struct Asked {
    pub(super) verb: Verb,
    /// The path as it came.
    pub(super) path: String,
    /// Its segments, unescaped; a slash at the end leaves an empty one.
    pub(super) segments: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) bearer: Option<String>,
    authorization: Option<String>,
    dpop: Option<String>,
    /// The `Cookie` header.
    pub(super) cookies: String,
    content_type: String,
    body: Vec<u8>,
}

impl Asked {
    pub(super) fn read(request: &Request) -> Self {
        let header = |name: &str| request.headers.get(name)?.to_str().ok().map(str::to_owned);
        let path = request.url.path().to_owned();
        let authorization = header("authorization");
        let verb = match request.method.as_str() {
            "GET" | "HEAD" => Verb::Get,
            "POST" => Verb::Post,
            "PUT" => Verb::Put,
            "DELETE" => Verb::Delete,
            _ => Verb::Other,
        };
        Self {
            verb,
            segments: path.trim_start_matches('/').split('/').map(unescaped).collect(),
            path,
            query: request.url.query_pairs().into_owned().collect(),
            bearer: authorization.as_deref().and_then(|text| text.strip_prefix("Bearer ")).map(str::to_owned),
            authorization,
            dpop: header("dpop"),
            cookies: header("cookie").unwrap_or_default(),
            content_type: header("content-type").unwrap_or_default(),
            body: request.body.clone(),
        }
    }

    pub(super) fn writes(&self) -> bool {
        self.verb != Verb::Get
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(present, _)| present == name).map(|(_, value)| value.as_str())
    }

    /// Where a page begins, and how long it is at most; a negative length is no limit.
    pub(super) fn page(&self) -> (usize, Option<usize>) {
        let number = |name: &str| self.query(name).and_then(|text| text.parse::<i64>().ok());
        let first = number("first").and_then(|first| usize::try_from(first).ok()).unwrap_or(0);
        (first, number("max").and_then(|max| usize::try_from(max).ok()))
    }

    /// The body of a request of administration.
    pub(super) fn json(&self) -> Result<Value, Refusal> {
        if !self.content_type.starts_with("application/json") && !self.body.is_empty() {
            let text = "The content-type header value did not match the value in @Consumes";
            return Err(Refusal::error(415, text));
        }
        serde_json::from_slice(&self.body).map_err(|_malformed| Refusal::unreadable())
    }

    /// A body that is one text, with quotes around it or without.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).trim().trim_matches('"').to_owned()
    }

    /// The body of a request to the endpoints of OAuth.
    pub(super) fn form(&self) -> Form {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(&self.body).into_owned() {
            fields.entry(name).or_insert(value);
        }
        Form { fields, basic: self.basic(), dpop: self.dpop.clone() }
    }

    /// RFC 6749 section 2.3.1: both parts are escaped as in a form.
    fn basic(&self) -> Option<(String, String)> {
        let encoded = self.authorization.as_ref()?.strip_prefix("Basic ")?;
        let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        let (user, password) = decoded.split_once(':')?;
        Some((unescaped(user), unescaped(password)))
    }
}

fn unescaped(text: &str) -> String {
    // A plus sign is one here: what follows from a form does not come this way.
    let escaped = text.replace('+', "%2B");
    let mut parsed = form_urlencoded::parse(escaped.as_bytes());
    // Only the name: an equals sign is escaped by everybody who means it.
    match (parsed.next(), escaped.contains(['=', '&'])) {
        (Some((name, _)), false) => name.into_owned(),
        _ => text.to_owned(),
    }
}
