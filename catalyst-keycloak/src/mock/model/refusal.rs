//! How the server says no.

use serde_json::{Value, json};

/// An answer that is no success: the status and the body, as they were recorded from a real server.
///
/// ```
/// use catalyst_keycloak::mock::Refusal;
///
/// assert_eq!(Refusal::error(404, "Realm not found.").status(), 404);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    status: u16,
    body: Value,
    /// Set where a bearer token is refused by an endpoint of OAuth.
    challenge: Option<String>,
}

impl Refusal {
    /// With this body; `null` for none.
    pub fn new(status: u16, body: Value) -> Self {
        Self { status, body, challenge: None }
    }

    /// As the Admin REST API says that a request makes no sense to it: `{"errorMessage": …}`.
    pub fn message(status: u16, text: impl Into<String>) -> Self {
        Self::new(status, json!({ "errorMessage": text.into() }))
    }

    /// As the Admin REST API says that something is not there or not allowed: `{"error": …}`.
    pub fn error(status: u16, text: impl Into<String>) -> Self {
        Self::new(status, json!({ "error": text.into() }))
    }

    /// As the endpoints of OAuth do: `{"error": …, "error_description": …}` (RFC 6749 section 5.2).
    pub fn oauth(status: u16, error: &str, description: impl Into<String>) -> Self {
        Self::new(status, json!({ "error": error, "error_description": description.into() }))
    }

    /// With a `WWW-Authenticate` header.
    #[must_use]
    pub fn challenging(mut self, challenge: impl Into<String>) -> Self {
        self.challenge = Some(challenge.into());
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body; `null` if it is empty.
    pub fn body(&self) -> &Value {
        &self.body
    }

    #[cfg(feature = "testing")]
    pub(crate) fn challenge(&self) -> Option<&str> {
        self.challenge.as_deref()
    }

    pub(crate) fn unauthorized() -> Self {
        Self::error(401, "HTTP 401 Unauthorized")
    }

    pub(crate) fn forbidden() -> Self {
        Self::error(403, "HTTP 403 Forbidden")
    }

    pub(crate) fn not_found() -> Self {
        Self::error(404, "HTTP 404 Not Found")
    }

    pub(crate) fn no_client() -> Self {
        Self::error(404, "Could not find client")
    }

    /// A body that is no JSON, or has a member that is not known.
    pub(crate) fn unreadable() -> Self {
        Self::message(400, "unable to read contents from stream")
    }

    /// A member that the representation does not have. The server also says where it stands.
    pub(crate) fn unknown_field(of: &str, name: &str) -> Self {
        let place = "line 1 column 1";
        Self::error(
            400,
            format!("Invalid json representation for {of}. Unrecognized field \"{name}\" at {place}."),
        )
    }

    /// The client is not known, or has not shown what it must.
    pub(crate) fn invalid_client() -> Self {
        Self::oauth(401, "invalid_client", "Invalid client or Invalid client credentials")
    }

    /// The client is known, and its secret is wrong.
    pub(crate) fn wrong_secret() -> Self {
        Self::oauth(401, "unauthorized_client", "Invalid client or Invalid client credentials")
    }

    /// The assertion of a client is refused for this reason.
    pub(crate) fn assertion(reason: &str) -> Self {
        Self::oauth(400, "invalid_client", reason)
    }
}
