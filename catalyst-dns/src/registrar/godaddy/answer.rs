//! GoDaddy's bodies, and its errors: `{code, message, fields[{code, message, path}], retryAfterSec}`.

use std::time::Duration;

use catalyst_core::http::Response;
use catalyst_core::{Error, Result, RetryAdvice};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::registrar::cause::Cause;
use crate::registrar::format;

/// How this registrar is named in errors and events.
pub(super) const SERVICE: &str = "godaddy";

/// A domain of the list.
#[derive(Deserialize)]
pub(super) struct ListedDomain {
    pub(super) domain: String,
    #[serde(default)]
    pub(super) status: String,
}

/// One domain, with the fields that are read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireDomain {
    pub(super) status: String,
    #[serde(default)]
    pub(super) locked: bool,
    /// Null for a domain that has none yet.
    #[serde(default)]
    pub(super) name_servers: Option<Vec<String>>,
}

/// What is changed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireChange<'a> {
    pub(super) name_servers: Vec<&'a str>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Refused {
    code: String,
    message: String,
    fields: Vec<Field>,
    retry_after_sec: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Field {
    message: String,
    path: String,
}

/// The body of a success, or what the refusal means.
pub(super) fn read<T: DeserializeOwned>(operation: &'static str, response: &Response) -> Result<T> {
    accepted(operation, response)?;
    format::json(operation, response.body())
}

/// Whether the answer is a success, whatever stands in it.
pub(super) fn accepted(operation: &'static str, response: &Response) -> Result<()> {
    if response.is_success() {
        return Ok(());
    }
    Err(meaning(operation, response.status(), response.body()))
}

/// The one place that reads GoDaddy's words.
fn meaning(operation: &'static str, status: u16, body: &[u8]) -> Error {
    let refused: Refused = serde_json::from_slice(body).unwrap_or_default();
    let meaning = match status {
        429 => Cause::RateLimited,
        500.. => Cause::Unavailable,
        400.. if tells_protection(&refused) => Cause::ProtectedDomain,
        401 => Cause::BadCredential,
        // Also said to a wrong key and to one of another environment; the client asks further.
        403 => Cause::AccountTier,
        404 => Cause::NotInAccount,
        _ => Cause::Refused,
    };
    let mut error = meaning.error(operation);
    if status == 409 && meaning == Cause::Refused {
        error = error.with_help("the state of the domain does not allow it; a change may be under way");
    }
    if let (429, Some(seconds)) = (status, refused.retry_after_sec) {
        error = error.with_retry(RetryAdvice::After(Duration::from_secs(seconds)));
    }
    let said = said(&refused);
    if said.is_empty() { error } else { error.with_server_message(&said) }
}

/// A lock, a protection plan or a second factor stands in the way.
fn tells_protection(refused: &Refused) -> bool {
    let text = format!("{} {}", refused.code, refused.message).to_ascii_lowercase();
    ["protect", "locked", "high value", "high-value", "two-factor", "2fa", "second factor"]
        .iter()
        .any(|word| text.contains(word))
}

/// The message, and what is said about each field.
fn said(refused: &Refused) -> String {
    let mut said = refused.message.trim().to_owned();
    if !refused.code.is_empty() {
        said = format!("{said} ({})", refused.code);
    }
    for Field { path, message } in refused.fields.iter().take(5) {
        said = format!("{said}; {path}: {message}");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_words_have_one_meaning_each() {
        for (status, body, code) in [
            (401, r#"{"code":"UNABLE_TO_AUTHENTICATE","message":"no"}"#, "bad_credential"),
            (403, r#"{"code":"ACCESS_DENIED","message":"no"}"#, "account_tier"),
            (403, r#"{"code":"X","message":"Domain has a protection plan"}"#, "protected_domain"),
            (404, r#"{"code":"UNKNOWN_DOMAIN","message":"no"}"#, "not_in_account"),
            (409, r#"{"code":"INVALID_STATE","message":"no"}"#, "refused"),
            (409, r#"{"code":"DOMAIN_LOCKED","message":"no"}"#, "protected_domain"),
            (422, r#"{"code":"INVALID_BODY","message":"no"}"#, "refused"),
            (429, r#"{"code":"TOO_MANY_REQUESTS","message":"no"}"#, "rate_limited"),
            (504, "{}", "unavailable"),
        ] {
            assert_eq!(meaning("write", status, body.as_bytes()).code(), Some(code), "{status} {body}");
        }
    }

    #[test]
    fn the_pause_and_the_fields_are_read() {
        let body = r#"{"code":"TOO_MANY_REQUESTS","message":"slow","retryAfterSec":7}"#;
        let error = meaning("read", 429, body.as_bytes());
        assert_eq!(error.retry(), RetryAdvice::After(Duration::from_secs(7)));
        let body = r#"{"code":"INVALID_BODY","message":"bad","fields":[{"path":"nameServers[0]","message":"no host"}]}"#;
        let error = meaning("write", 422, body.as_bytes());
        assert_eq!(error.server_message(), Some("bad (INVALID_BODY); nameServers[0]: no host"));
    }
}
