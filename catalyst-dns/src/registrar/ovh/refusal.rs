//! What OVH's refusals mean: the one place that reads them.

use catalyst_core::http::Response;
use catalyst_core::{Error, ErrorKind};
use serde::Deserialize;

use crate::registrar::cause::Cause;

pub(super) const SERVICE: &str = "ovh";

/// The code of a request whose time OVH refused. It never leaves the client.
pub(super) const SKEWED: &str = "clock_skew";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refused {
    #[serde(rename = "errorCode")]
    error_code: Option<String>,
    class: Option<String>,
    message: Option<String>,
}

/// The error that an answer with an unsuccessful status means.
pub(super) fn refusal(operation: &'static str, response: &Response) -> Error {
    let error = meaning(operation, response.status(), response.body());
    match response.header("x-ovh-queryid") {
        Some(id) => error.with_request_id(id),
        None => error,
    }
}

pub(super) fn meaning(operation: &'static str, status: u16, body: &[u8]) -> Error {
    let refused: Refused = serde_json::from_slice(body).unwrap_or_default();
    let word = refused.error_code.as_deref().or(refused.class.as_deref()).unwrap_or_default();
    let bad = |help: &'static str| Cause::BadCredential.error(operation).with_help(help);
    let error = match word {
        "QUERY_TIME_OUT" => bad("OVH refuses the time of the request").with_code(SKEWED),
        "INVALID_CREDENTIAL" => bad("the consumer key is not valid: it has ended, was withdrawn, or is not confirmed yet"),
        "NOT_CREDENTIAL" => bad("OVH does not know the consumer key; keys of one region are unknown in the others"),
        "INVALID_KEY" => bad("OVH does not know the application key; keys of one region are unknown in the others"),
        "INVALID_SIGNATURE" => bad("the application secret does not belong to the application key"),
        "NOT_GRANTED_CALL" => Error::new(ErrorKind::PermissionDenied, operation)
            .with_code(Cause::BadCredential.code())
            .with_help("the consumer key does not have the right for this call; make one with GET, PUT and POST on /domain and /domain/*"),
        _ => by_status(status).error(operation),
    };
    match refused.message.as_deref() {
        Some(message) if !message.is_empty() => error.with_server_message(message),
        _ => error,
    }
}

fn by_status(status: u16) -> Cause {
    match status {
        401 => Cause::BadCredential,
        404 => Cause::NotInAccount,
        429 => Cause::RateLimited,
        500.. => Cause::Unavailable,
        _ => Cause::Refused,
    }
}

/// What the caller is told of a time that OVH refused twice.
pub(super) fn still_skewed(error: Error) -> Error {
    if error.code() == Some(SKEWED) {
        let help = "OVH refuses the time of the request, although it was asked for the time just before";
        return error.with_code(Cause::BadCredential.code()).with_help(help);
    }
    error
}
