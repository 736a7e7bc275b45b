//! What the manager's refusals mean: the one place that reads them.

use catalyst_core::http::Response;
use catalyst_core::{Error, ErrorKind};
use serde::Deserialize;

use crate::response::with_retry_after;

pub(super) const SERVICE: &str = "pool-domain-manager";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refused {
    error: Option<String>,
    detail: Option<String>,
    supported: Option<Vec<String>>,
}

/// The error that an answer with an unsuccessful status means.
pub(super) fn refusal(operation: &'static str, response: &Response) -> Error {
    with_retry_after(meaning(operation, response.status(), response.body()), response)
}

pub(super) fn meaning(operation: &'static str, status: u16, body: &[u8]) -> Error {
    let refused: Refused = serde_json::from_slice(body).unwrap_or_default();
    let word = refused.error.as_deref().unwrap_or_default();
    let (kind, code, help) = by_word(status, word).unwrap_or_else(|| by_status(status));
    let error = Error::new(kind, operation).with_code(code).with_status(status).with_help(help);
    let said = match (&refused.detail, &refused.supported) {
        (Some(detail), Some(names)) => format!("{detail} (supported: {})", names.join(", ")),
        (Some(detail), None) => detail.clone(),
        _ => word.to_owned(),
    };
    if said.is_empty() { error } else { error.with_server_message(&said) }
}

type Meaning = (ErrorKind, &'static str, &'static str);

fn by_word(status: u16, word: &str) -> Option<Meaning> {
    Some(match (status, word) {
        (409, "already-active") => (ErrorKind::Conflict, "already_active", "the name is active already"),
        (409, _) => (ErrorKind::Conflict, "taken", "the name is reserved or active; somebody has it"),
        (410, _) => (
            ErrorKind::Expired,
            "reservation_expired",
            "the reservation ended after ten minutes; reserve again",
        ),
        (403, "token-mismatch") => {
            (ErrorKind::PermissionDenied, "token_mismatch", "the reservation is somebody else's by now")
        }
        (403, "domain-not-in-account") => {
            (ErrorKind::NotFound, "not_in_account", "the account at the registrar does not have the domain")
        }
        (401, "invalid-token") => {
            (ErrorKind::Unauthenticated, "bad_credential", "the registrar refuses the credential")
        }
        (404, "unsupported-registrar") => (
            ErrorKind::InvalidRequest,
            "unsupported_registrar",
            "the manager has no adapter for the registrar",
        ),
        (404, "not-found") => {
            (ErrorKind::NotFound, "not_allocated", "the name is neither reserved nor active")
        }
        (422, "unsupported-pool") => {
            (ErrorKind::InvalidRequest, "unsupported_pool", "the manager does not manage this pool domain")
        }
        (422, "invalid-format") => {
            (ErrorKind::InvalidRequest, "invalid_label", "the manager does not take the label")
        }
        (503, "no-registrars-configured") => {
            (ErrorKind::Config, "no_registrars", "the manager was built without adapters for registrars")
        }
        (500, "registrar-error") => {
            (ErrorKind::Other, "registrar_error", "the registrar refused; the manager's log says why")
        }
        // Its word for a label that it keeps, by way of an internal error.
        (500, said) if said.starts_with("subdomain ") && said.ends_with("is reserved") => {
            (ErrorKind::InvalidRequest, "reserved_label", "the platform keeps this label for itself")
        }
        _ => return None,
    })
}

fn by_status(status: u16) -> Meaning {
    match status {
        401 | 403 => (ErrorKind::PermissionDenied, "forbidden", "a proxy in front of the manager refuses us"),
        404 | 405 => (ErrorKind::Config, "unknown_path", "is this the address of a pool-domain-manager?"),
        429 => (ErrorKind::RateLimited, "rate_limited", "fewer requests are asked for"),
        500.. => {
            (ErrorKind::Unavailable, "unavailable", "the manager, its database or PowerDNS behind it failed")
        }
        _ => (ErrorKind::InvalidRequest, "refused", "the manager refuses the request"),
    }
}

pub(super) fn unreadable(operation: &'static str, help: &str) -> Error {
    Error::new(ErrorKind::Decode, operation)
        .with_code("unreadable_answer")
        .with_help(format!("the answer is not what the manager documents: {help}"))
}
