//! How the server says no: the status and the words of each refusal, as they were recorded from OpenBao 2.7.2.

use std::time::Duration;

use serde_json::{Value, json};

/// A refusal as the server gives it: a status and the JSON that goes with it.
///
/// The constructors hold the server's own words; [`Refusal::new`] makes any other.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    status: u16,
    body: Option<Value>,
    retry_after: Option<Duration>,
    location: Option<String>,
}

impl Refusal {
    /// A refusal with `status` and the texts of its `errors` list.
    pub fn new(status: u16, errors: &[&str]) -> Self {
        Self { status, body: Some(json!({ "errors": errors })), retry_after: None, location: None }
    }

    /// 403: no token, or one that the server does not know or no longer knows.
    pub fn bad_token() -> Self {
        Self::new(403, &["permission denied"])
    }

    /// 403: a good token whose policies do not allow this.
    pub fn permission_denied() -> Self {
        Self::listed(403, "permission denied")
    }

    /// 412: a standby that has not seen a write yet, asked to fail rather than to answer with old data.
    pub fn precondition_failed() -> Self {
        Self::new(412, &["required index state not present"])
    }

    /// 429. The real server sends no `Retry-After`; a proxy before it may.
    pub fn rate_limited(path: &str, retry_after: Option<Duration>) -> Self {
        let text = format!("request path \"{path}\": rate limit quota exceeded");
        Self { retry_after, ..Self::new(429, &[&text]) }
    }

    /// 500 with the text given.
    pub fn internal(text: &str) -> Self {
        Self::listed(500, text)
    }

    /// 503: sealed, or not initialised.
    pub fn sealed() -> Self {
        Self::new(503, &["Vault is sealed"])
    }

    /// 307: a standby that does not forward; the caller is sent to `location`, without a body.
    pub fn redirect(location: impl Into<String>) -> Self {
        Self { location: Some(location.into()), ..Self::silent(307) }
    }

    /// 500: a standby that knows no active node.
    pub fn no_active_node() -> Self {
        Self::new(500, &["local node not active but active cluster node not found"])
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The JSON body; none is an empty body.
    pub(crate) fn body(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    /// What a `Retry-After` header says.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Where a redirect points.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    pub(crate) fn bad_request(text: &str) -> Self {
        Self::new(400, &[text])
    }

    /// 404 without a word: no such secret, or an empty list.
    pub(crate) fn nothing_there() -> Self {
        Self::new(404, &[])
    }

    pub(crate) fn no_handler(path: &str) -> Self {
        let text = format!("no handler for route \"{path}\". route entry not found.");
        Self::new(404, &[&text])
    }

    pub(crate) fn unsupported_path() -> Self {
        Self::listed(404, "unsupported path")
    }

    /// 400: a snapshot of a server with another seal.
    pub(crate) fn of_another_cluster(kind: super::MockSeal) -> Self {
        let what = match kind {
            super::MockSeal::Shamir => "a different set of unseal keys",
            super::MockSeal::Static => "a different autoseal key",
        };
        let text = format!(
            "could not verify hash file, possibly the snapshot is using {what}; use the snapshot-force API to bypass \
             this check"
        );
        Self::bad_request(&text)
    }

    pub(crate) fn unsupported_operation() -> Self {
        Self::listed(405, "unsupported operation")
    }

    /// A status with an empty body.
    pub(crate) fn silent(status: u16) -> Self {
        Self { status, body: None, retry_after: None, location: None }
    }

    /// The form in which the server wraps an error that came up from a plugin or the policy check.
    pub(crate) fn listed(status: u16, text: &str) -> Self {
        let text = format!("1 error occurred:\n\t* {text}\n\n");
        Self::new(status, &[&text])
    }
}
