//! What a refusal means: the errors of the client, without a server.

use catalyst_core::{Error, ErrorKind};

use super::Refusal;

const SERVICE: &str = "PowerDNS";

/// The error that the client makes of this refusal.
pub(super) fn of(refusal: &Refusal, operation: &'static str, writes: bool) -> Error {
    let (kind, code) = match refusal.status() {
        401 => (ErrorKind::Unauthenticated, "api_key_refused"),
        403 => (ErrorKind::PermissionDenied, "forbidden"),
        404 => (ErrorKind::NotFound, "zone_not_found"),
        409 => (ErrorKind::Conflict, "zone_exists"),
        422 => (ErrorKind::InvalidRequest, unprocessable(refusal.text())),
        400 => (ErrorKind::InvalidRequest, "invalid_request"),
        429 => (ErrorKind::RateLimited, "rate_limited"),
        _ => (ErrorKind::Unavailable, "unavailable"),
    };
    let error = Error::new(kind, operation)
        .with_service(SERVICE)
        .with_status(refusal.status())
        .with_code(code)
        .with_server_message(refusal.text());
    if writes && matches!(refusal.status(), 502..=504) { error.with_outcome_unknown() } else { error }
}

/// The words of 422.
fn unprocessable(text: &str) -> &'static str {
    let lower = text.to_ascii_lowercase();
    let codes = [
        ("conflicts with", "cname_conflict"),
        ("out of zone", "out_of_zone"),
        ("duplicate r", "duplicate_record"),
        ("changetype", "unsupported_by_version"),
        ("lua records is not allowed", "lua_updates_disabled"),
    ];
    codes.iter().find(|(words, _)| lower.contains(words)).map_or("invalid_record", |(_, code)| code)
}
