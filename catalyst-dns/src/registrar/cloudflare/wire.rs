//! Cloudflare's envelope: `{success, errors[{code, message}], result, result_info}`.

use catalyst_core::Error;
use catalyst_core::http::Response;
use serde::Deserialize;

use crate::registrar::fault::{Refusal, refusal};

/// How this registrar is named in errors and events.
pub(super) const NAME: &str = "cloudflare";

/// An answer that went well.
#[derive(Deserialize)]
pub(super) struct Envelope<T> {
    pub(super) result: T,
    #[serde(default)]
    pub(super) result_info: PageInfo,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PageInfo {
    pub(super) total_pages: u32,
}

/// What `/user/tokens/verify` says.
#[derive(Deserialize)]
pub(super) struct TokenState {
    pub(super) status: String,
}

/// A zone, with the fields that are read.
#[derive(Deserialize)]
pub(super) struct WireZone {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) name_servers: Vec<String>,
}

/// The signing of a zone; all but the status is null before it is switched on.
#[derive(Deserialize)]
pub(super) struct WireDnssec {
    pub(super) status: String,
    /// The whole record, as the parent wants it: `example.com. 3600 IN DS 42 13 2 …`.
    pub(super) ds: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refused {
    errors: Vec<WireError>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireError {
    code: u32,
    message: String,
}

/// The one place that reads Cloudflare's numbers.
pub(super) fn read_refusal(operation: &'static str, response: &Response) -> Error {
    meaning(operation, response.status(), response.body())
}

fn meaning(operation: &'static str, status: u16, body: &[u8]) -> Error {
    let refused: Refused = serde_json::from_slice(body).unwrap_or_default();
    let first = refused.errors.first();
    let meaning = match (status, first.map(|error| error.code)) {
        (429, _) | (_, Some(10013)) => Refusal::RateLimited,
        (500.., _) => Refusal::Unavailable,
        // Of a token, 9109 says with 401 that it is invalid, and with 403 that it may not see this zone.
        (401, _) | (_, Some(1000 | 6003 | 6111 | 10000)) => Refusal::BadCredential,
        (403 | 404, _) | (_, Some(1001 | 9103 | 9109)) => Refusal::NotInAccount,
        _ => Refusal::Refused,
    };
    let mut error = refusal(NAME, meaning, operation);
    if meaning == Refusal::NotInAccount {
        error = error.with_help(
            "the account does not have the domain, or the token may not read it: it needs the permission Zone:Read",
        );
    }
    match first {
        Some(WireError { code, message }) => error.with_server_message(&format!("{message} (code {code})")),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_statuses_have_one_meaning_each() {
        for (status, number, code) in [
            (400, 6003, "bad_credential"),
            (401, 1000, "bad_credential"),
            (401, 9109, "bad_credential"),
            (403, 10000, "bad_credential"),
            (403, 9109, "not_in_account"),
            (400, 1001, "not_in_account"),
            (429, 10013, "rate_limited"),
            (400, 10013, "rate_limited"),
            (502, 0, "unavailable"),
            (400, 7003, "refused"),
        ] {
            let body = format!(r#"{{"success":false,"errors":[{{"code":{number},"message":"no"}}]}}"#);
            let error = meaning("read", status, body.as_bytes());
            assert_eq!(error.code(), Some(code), "{status} {number}");
            assert_eq!(error.server_message(), Some(&*format!("no (code {number})")));
        }
        assert_eq!(meaning("read", 418, b"").code(), Some("refused"));
    }
}
