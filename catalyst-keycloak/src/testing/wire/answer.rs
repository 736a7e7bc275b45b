//! Answers that are successes.

use serde_json::Value;

/// What a request is answered with.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Body,
}

/// What stands in it.
#[derive(Debug)]
pub(super) enum Body {
    None,
    Json(Value),
    /// A page for people.
    Html(String),
}

impl Answer {
    fn new(status: u16, body: Body) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    /// What was asked for.
    pub(super) fn json(value: impl Into<Value>) -> Self {
        Self::new(200, Body::Json(value.into()))
    }

    /// What was asked for, by the token endpoint: never to be kept.
    pub(super) fn unstored(value: Value) -> Self {
        let body = if value.is_null() { Body::None } else { Body::Json(value) };
        Self::new(200, body).with("cache-control", "no-store").with("pragma", "no-cache")
    }

    /// Made; `location` is where it is.
    pub(super) fn created(location: impl Into<String>) -> Self {
        Self::new(201, Body::None).with("location", location)
    }

    /// Done, and nothing to say.
    pub(super) fn done() -> Self {
        Self::new(204, Body::None)
    }

    /// A page.
    pub(super) fn page(html: String) -> Self {
        Self::new(200, Body::Html(html))
    }

    /// It is elsewhere.
    pub(super) fn away(location: String) -> Self {
        Self::new(302, Body::None).with("location", location)
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(super) fn with_json(self, value: Value) -> Self {
        Self { body: Body::Json(value), ..self }
    }
}
