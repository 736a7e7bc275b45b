//! Cloudflare's envelope: `{success, errors[{code, message}], result, result_info}`.

use catalyst_core::http::Response;
use catalyst_core::{Error, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::registrar::cause::Cause;
use crate::registrar::format;

/// How this registrar is named in errors and events.
pub(super) const SERVICE: &str = "cloudflare";

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

/// The body of a success, or what the refusal means.
pub(super) fn read<T: DeserializeOwned>(operation: &'static str, response: &Response) -> Result<T> {
    if response.is_success() {
        return format::json(operation, response.body());
    }
    Err(meaning(operation, response.status(), response.body()))
}

/// The one place that reads Cloudflare's numbers.
fn meaning(operation: &'static str, status: u16, body: &[u8]) -> Error {
    let refused: Refused = serde_json::from_slice(body).unwrap_or_default();
    let first = refused.errors.first();
    let meaning = match (status, first.map(|error| error.code)) {
        (429, _) | (_, Some(10013)) => Cause::RateLimited,
        (500.., _) => Cause::Unavailable,
        // Of a token, 9109 says with 401 that it is invalid, and with 403 that it may not see this zone.
        (401, _) | (_, Some(1000 | 6003 | 6111 | 10000)) => Cause::BadCredential,
        (403 | 404, _) | (_, Some(1001 | 9103 | 9109)) => Cause::NotInAccount,
        _ => Cause::Refused,
    };
    let mut error = meaning.error(operation);
    if meaning == Cause::NotInAccount {
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
