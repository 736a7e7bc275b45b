//! How the server says no.

/// An answer that is no success: the status and the words, as they were recorded from a real server.
///
/// ```
/// use catalyst_dns::mock::Refusal;
///
/// assert_eq!(Refusal::status_only(404).text(), "Not Found");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: u16,
    text: String,
    form: Form,
}

/// In which form the words come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `{"error": …}`, whatever the caller takes.
    Json,
    /// As the `Accept` header wants it: JSON, a page, or plain text.
    Negotiated,
    /// Plain text, whatever the caller takes: the web server refuses before the API sees the request.
    Plain,
}

impl Refusal {
    /// A request that makes sense to the web server and not to PowerDNS: 422 with `{"error": …}`.
    pub fn unprocessable(text: impl Into<String>) -> Self {
        Self { status: 422, text: text.into(), form: Form::Json }
    }

    /// This status with the words that go with it, in the form that the caller takes.
    pub fn status_only(status: u16) -> Self {
        let text = match status {
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            409 => "Conflict",
            429 => "Too Many Requests",
            500 => "Internal Server Error",
            502 => "Bad Gateway",
            503 => "Service Unavailable",
            504 => "Gateway Timeout",
            _ => "Refused",
        };
        Self { status, text: text.to_owned(), form: Form::Negotiated }
    }

    /// What `SQLite` makes of two writes at once: the database is locked, and nothing of this one was done. The server
    /// says so in its log only.
    pub fn locked() -> Self {
        Self::status_only(500)
    }

    /// A body above the server's limit of 2 MB.
    pub(crate) fn too_large() -> Self {
        Self { form: Form::Plain, ..Self::status_only(400) }
    }

    pub(crate) fn not_found() -> Self {
        Self::status_only(404)
    }

    pub(crate) fn bad_request() -> Self {
        Self::status_only(400)
    }

    pub(crate) fn wrong_method() -> Self {
        Self::status_only(405)
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The words.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn form(&self) -> Form {
        self.form
    }
}
