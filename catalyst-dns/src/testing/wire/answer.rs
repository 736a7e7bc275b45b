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
    Text(String),
}

impl Answer {
    fn new(status: u16, body: Body) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    /// What was asked for.
    pub(super) fn json(value: Value) -> Self {
        Self::new(200, Body::Json(value))
    }

    /// A zone file.
    pub(super) fn text(text: String) -> Self {
        Self::new(200, Body::Text(text))
    }

    /// Made.
    pub(super) fn created(value: Value) -> Self {
        Self::new(201, Body::Json(value))
    }

    /// Done, and nothing to say.
    pub(super) fn done() -> Self {
        Self::new(204, Body::None)
    }

    /// The same as [`done`](Self::done), as the endpoint of metadata says it.
    pub(super) fn done_with_ok() -> Self {
        Self::new(200, Body::None)
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
