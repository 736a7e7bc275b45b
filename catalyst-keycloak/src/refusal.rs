//! What a refusal means: the one place that reads statuses and the server's words.
//!
//! Keycloak answers in four shapes: `{"errorMessage"}`, `{"error"}` and `{"field","errorMessage"}` on the Admin API,
//! `{"error","error_description"}` on the OAuth endpoints. Each text here was recorded from Keycloak 26.7.

use std::time::Duration;

use catalyst_core::http::Response;
use catalyst_core::{Error, ErrorKind, RetryAdvice};
use serde::Deserialize;

use crate::operation::Operation;

/// How this crate names its server in errors and spans.
pub(crate) const SERVICE: &str = "keycloak";

/// A refusal as it stands on the wire; whatever is there.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Refused {
    error: Option<String>,
    error_message: Option<String>,
    #[serde(rename = "error_description")]
    error_description: Option<String>,
    field: Option<String>,
}

struct Meaning {
    kind: ErrorKind,
    code: &'static str,
    help: String,
    unknown: bool,
}

/// The error that an answer with an unsuccessful status means.
pub(crate) fn refusal(operation: Operation, response: &Response) -> Error {
    let error = meaning(operation, response.status(), response.body());
    match response.header("retry-after").and_then(|text| text.trim().parse().ok()) {
        Some(seconds) => error.with_retry(RetryAdvice::After(Duration::from_secs(seconds))),
        None => error,
    }
}

/// The same, without what headers say.
pub(crate) fn meaning(operation: Operation, status: u16, body: &[u8]) -> Error {
    let refused: Refused = serde_json::from_slice(body).unwrap_or_default();
    let word = refused.error.as_deref().unwrap_or_default();
    let said = [&refused.error_message, &refused.error_description]
        .into_iter()
        .find_map(|text| text.as_deref())
        .unwrap_or(word);
    let meaning = match status {
        300..400 => plain(
            ErrorKind::Config,
            "redirected",
            "the server sends us elsewhere; configure the address that it points to",
        ),
        401 if said.contains("remaining count on initial access token")
            || said == "Initial Access Token not found" =>
        {
            plain(
                ErrorKind::Unauthenticated,
                "initial_token_used_up",
                "the initial access token has allowed all its registrations, or has ended; ask for another one",
            )
        }
        401 if operation.is_oauth() => refused_client(word),
        401 => plain(
            ErrorKind::Unauthenticated,
            "invalid_token",
            "the access token has ended, was revoked, or belongs to another realm",
        ),
        403 if said.contains("'Allowed Protocol Mapper Types'") => plain(
            ErrorKind::PermissionDenied,
            "mapper_not_allowed",
            "the realm does not allow audience mappers to those who register clients; an administrator allows them \
             (RealmAdmin::allow_audience_mappers), or registers the client",
        ),
        403 => forbidden(operation, word),
        404 => missing(said),
        409 => exists(),
        // Two that were made at once: the database keeps the first, and the server does not say that nicely.
        400 if said == "Database operation failed" => plain(
            ErrorKind::Conflict,
            "already_exists",
            "the database refuses it, most likely because somebody created it in the same moment",
        ),
        400 if said.contains("already exists") || said == "Client Identifier in use" => exists(),
        400 if said.starts_with("Domain ") && said.contains("already linked") => plain(
            ErrorKind::Conflict,
            "domain_in_use",
            "another organization of the realm has the domain; a domain belongs to one",
        ),
        400 if said.starts_with("Issuer URL already used") => plain(
            ErrorKind::Conflict,
            "issuer_in_use",
            "another identity provider of the realm has the issuer; use that one, or remove it",
        ),
        400 if operation.is_oauth() => oauth(word, said),
        400 | 405 | 406 | 413 | 415 | 422 => {
            plain(ErrorKind::InvalidRequest, "invalid_request", "the server refuses what was sent")
        }
        429 => plain(ErrorKind::RateLimited, "rate_limited", "the server asks for fewer requests"),
        500 => Meaning {
            unknown: true,
            ..plain(ErrorKind::Unavailable, "internal_error", "the server failed; its log says why")
        },
        502 | 504 => Meaning {
            unknown: true,
            ..plain(ErrorKind::Unavailable, "bad_gateway", "a proxy before the server got no answer from it")
        },
        503 => Meaning {
            // Keycloak says it before it does anything; a proxy that says it may have passed the request on. A second
            // new secret would end the one that applications hold, so there the doubt counts.
            unknown: operation == Operation::RegenerateSecret,
            ..plain(ErrorKind::Unavailable, "unavailable", "the server is starting, or is overloaded")
        },
        _ => plain(ErrorKind::Other, "unexpected_status", "is this the address of a Keycloak server?"),
    };
    let mut error = Error::new(meaning.kind, operation.name())
        .with_service(SERVICE)
        .with_code(meaning.code)
        .with_status(status)
        .with_help(meaning.help);
    if !said.is_empty() {
        error = error.with_server_message(said);
    }
    if let Some(field) = &refused.field {
        error = error.with_server_message(&format!("{said} (field {field})"));
    }
    if meaning.unknown {
        error = error.with_outcome_unknown();
    }
    error
}

/// The error of an answer that is not what the operation promises.
pub(crate) fn unreadable(operation: Operation, status: u16, help: &str) -> Error {
    Error::new(ErrorKind::Decode, operation.name())
        .with_service(SERVICE)
        .with_code("unreadable_answer")
        .with_status(status)
        .with_help(help)
}

fn plain(kind: ErrorKind, code: &'static str, help: impl Into<String>) -> Meaning {
    Meaning { kind, code, help: help.into(), unknown: false }
}

/// Keycloak says `unauthorized_client` to a wrong secret and `invalid_client` to a client that it does not know.
fn refused_client(word: &str) -> Meaning {
    let help = match word {
        "unauthorized_client" => "the client's credential was refused: a wrong or ended secret or assertion",
        "invalid_token" => {
            return plain(ErrorKind::Unauthenticated, "invalid_token", "the token has ended, or was used up");
        }
        _ => "the client is unknown or disabled, or its credential was refused",
    };
    plain(ErrorKind::Unauthenticated, "bad_credentials", help)
}

fn oauth(word: &str, said: &str) -> Meaning {
    match word {
        "invalid_client" if said.contains("Audience") => plain(
            ErrorKind::InvalidRequest,
            "unknown_audience",
            "the realm has no client with the identifier that was asked for as audience",
        ),
        "invalid_grant" => plain(
            ErrorKind::Unauthenticated,
            "invalid_grant",
            "the code, refresh token or password was refused: wrong, ended or used already",
        ),
        "invalid_client" | "unauthorized_client" => refused_client(word),
        "invalid_scope" => {
            plain(ErrorKind::InvalidRequest, "invalid_scope", "the client may not ask for this scope")
        }
        "unsupported_grant_type" => plain(
            ErrorKind::InvalidRequest,
            "unsupported_grant_type",
            "the realm does not know this kind of request",
        ),
        "invalid_redirect_uri" => plain(
            ErrorKind::InvalidRequest,
            "invalid_redirect_uri",
            "the redirect URI is not acceptable to the realm",
        ),
        "invalid_client_metadata" => plain(
            ErrorKind::InvalidRequest,
            "invalid_client_metadata",
            "the realm refuses the declaration of the client",
        ),
        "use_dpop_nonce" => plain(
            ErrorKind::InvalidRequest,
            "use_dpop_nonce",
            "the proof must carry the nonce that the server gave",
        ),
        _ => plain(ErrorKind::InvalidRequest, "invalid_request", "the server refuses what was sent"),
    }
}

fn forbidden(operation: Operation, word: &str) -> Meaning {
    match operation.role() {
        Some(role) if operation == Operation::CreateRealm => plain(
            ErrorKind::PermissionDenied,
            "permission_denied",
            format!("grant the role {role} of the realm master to the administrator of this server"),
        ),
        Some(role) => plain(
            ErrorKind::PermissionDenied,
            "permission_denied",
            format!(
                "grant the role {role} of the client realm-management to the service account that administers this realm"
            ),
        ),
        None if word == "insufficient_scope" => plain(
            ErrorKind::PermissionDenied,
            "permission_denied",
            "a policy of the realm forbids it; registration needs an initial access token",
        ),
        None => {
            plain(ErrorKind::PermissionDenied, "permission_denied", "the realm forbids it to this client")
        }
    }
}

fn missing(said: &str) -> Meaning {
    let (code, help) = if said.contains("Realm") {
        ("realm_not_found", "there is no such realm on this server; create it, or correct its name")
    } else if said.contains("Could not find client") || said == "Client not found" {
        ("client_not_found", "there is no such client in the realm")
    } else {
        ("not_found", "the server does not know it")
    };
    plain(ErrorKind::NotFound, code, help)
}

fn exists() -> Meaning {
    plain(ErrorKind::Conflict, "already_exists", "somebody created it in the meantime")
}
