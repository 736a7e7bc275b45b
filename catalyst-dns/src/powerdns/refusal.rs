//! What a refusal means: the one place that reads statuses and the server's words.
//!
//! PowerDNS answers `{"error"}` where JSON is asked for, and plain text or a web page otherwise; proxies before it answer
//! in their own ways. Each text here was recorded from PowerDNS 4.7.3, or stands in the source of a later one.

use std::time::Duration;

use catalyst_core::http::Response;
use catalyst_core::{Error, ErrorKind, RetryAdvice};
use serde::Deserialize;

use super::call::Call;
use super::operation::Operation;

/// How this crate names its server in errors and spans.
pub(super) const SERVICE: &str = "powerdns";

/// The largest body that a server takes unless it is told otherwise (`webserver-max-bodysize`), with some room below.
const BODY_SUSPECT: usize = 1_000_000;
/// The longest pause that a server is granted.
const MAX_PAUSE: u64 = 60;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refused {
    error: Option<String>,
    /// From 5.1, where one set has several faults.
    errors: Vec<String>,
}

pub(super) struct Meaning {
    pub(super) kind: ErrorKind,
    pub(super) code: &'static str,
    pub(super) help: &'static str,
    pub(super) unknown: bool,
    /// It will be the same the next time, although the kind does not say so.
    pub(super) lasting: bool,
}

/// What was answered, as far as its meaning depends on it.
pub(super) struct Refusal<'a> {
    pub(super) operation: Operation,
    pub(super) status: u16,
    /// The server's words; empty if a web page came instead.
    pub(super) said: &'a str,
    /// The header `WWW-Authenticate`.
    pub(super) challenge: &'a str,
    /// The size of what was sent.
    pub(super) sent: usize,
}

/// The error that an answer with an unsuccessful status means.
pub(super) fn refusal(call: &Call, response: &Response) -> Error {
    let said = words(response.body());
    let refusal = Refusal {
        operation: call.operation,
        status: response.status(),
        said: &said,
        challenge: response.header("www-authenticate").unwrap_or_default(),
        sent: call.sent_bytes(),
    };
    let meaning = meaning(&refusal);
    let mut error = Error::new(meaning.kind, call.operation.name())
        .with_service(SERVICE)
        .with_target(record_in(&said).unwrap_or_else(|| call.target.clone()))
        .with_code(meaning.code)
        .with_status(refusal.status)
        .with_help(meaning.help);
    if !said.is_empty() {
        error = error.with_server_message(&said);
    }
    if meaning.unknown {
        error = error.with_outcome_unknown();
    }
    if meaning.lasting {
        error = error.with_retry(RetryAdvice::Never);
    }
    match response.header("retry-after").and_then(|text| text.trim().parse::<u64>().ok()) {
        Some(seconds) if matches!(refusal.status, 429 | 503) => {
            error.with_retry(RetryAdvice::After(Duration::from_secs(seconds.min(MAX_PAUSE))))
        }
        _ => error,
    }
}

/// What it means that no answer could be read.
pub(super) fn no_answer(call: &Call, error: Error) -> Error {
    match error.kind() {
        ErrorKind::Decode => {
            let help = format!("{}; raise `max_body`", error.help().unwrap_or("the answer is too large"));
            error.with_code("answer_too_large").with_help(help)
        }
        // It answers before it has read such a body, and closes the connection under it (measured).
        ErrorKind::Unavailable if call.sent_bytes() >= BODY_SUSPECT => error.with_help(
            "the connection broke in the middle of a large body; if it happens again, the body is over the limit of the \
             server (`webserver-max-bodysize`) or of a proxy: lower `body_limit`",
        ),
        _ => error,
    }
}

/// The one map from statuses and words to meanings; the table in the documentation of [`PowerDns`](crate::PowerDns).
pub(super) fn meaning(refusal: &Refusal<'_>) -> Meaning {
    let Refusal { operation, status, said, .. } = *refusal;
    // Some 5.1 says it with a 500: "Undefined but needed argument: 'enable-lua-record-updates'".
    if status >= 400 && lua_updates_disabled(said) {
        return lua_disabled();
    }
    match status {
        300..400 => plain(
            ErrorKind::Config,
            "redirected",
            "the server sends us elsewhere; configure the address that it points to",
        ),
        400 if operation == Operation::ApplyChanges && refusal.sent >= BODY_SUSPECT => too_large(),
        413 => too_large(),
        401 => unauthenticated(refusal),
        403 => plain(
            ErrorKind::PermissionDenied,
            "forbidden",
            "a proxy, or `webserver-allow-from` of the server, does not let us in",
        ),
        404 => {
            let (code, help) = operation.missing();
            let kind = if code == "not_powerdns" { ErrorKind::Config } else { ErrorKind::NotFound };
            plain(kind, code, help)
        }
        409 => exists(operation),
        422 => invalid(operation, said),
        400 | 405 | 406 | 415 => {
            plain(ErrorKind::InvalidRequest, "invalid_request", "the server refuses what was sent")
        }
        429 => plain(ErrorKind::RateLimited, "rate_limited", "a proxy asks for fewer requests"),
        500 => failed(operation, said),
        502 | 504 => Meaning {
            unknown: true,
            ..plain(ErrorKind::Unavailable, "bad_gateway", "a proxy before the server got no answer from it")
        },
        503 => Meaning {
            unknown: true,
            ..plain(
                ErrorKind::Unavailable,
                "unavailable",
                "the server, or a proxy before it, cannot serve now",
            )
        },
        _ => plain(ErrorKind::Other, "unexpected_status", "is this the address of a PowerDNS API?"),
    }
}

/// The server's words, from JSON or plain text; none of a web page.
pub(super) fn words(body: &[u8]) -> String {
    let refused: Refused = serde_json::from_slice(body).unwrap_or_default();
    if let Some(error) = refused.error {
        return refused.errors.iter().take(5).fold(error, |all, one| format!("{all}; {one}"));
    }
    match std::str::from_utf8(body) {
        Ok(text) if text.len() <= 1024 && !text.trim_start().starts_with(['<', '{', '[']) => {
            text.trim().to_owned()
        }
        _ => String::new(),
    }
}

/// The record set that the server's words are about, as `name TYPE`:
/// `RRset a.test. IN CNAME: …`, `Duplicate record in RRset a.test. IN A with …`, `Record a.test./A '…': …`,
/// `Record a.test. IN DS is not allowed at apex`; the first of several.
pub(super) fn record_in(said: &str) -> Option<String> {
    let word = |text: &str| text.split([' ', ':', ',']).next().unwrap_or_default().to_owned();
    let set = |rest: &str| {
        let (name, rest) = rest.split_once(" IN ").filter(|(name, _)| !name.contains(' '))?;
        Some((name.to_owned(), word(rest)))
    };
    let (name, kind) = if let Some(set) = said.strip_prefix("Record ").and_then(set) {
        set
    } else if let Some(rest) = said.strip_prefix("Record ") {
        let (owner, _) = rest.split_once(" '").or_else(|| rest.split_once(':'))?;
        let (name, kind) = owner.rsplit_once('/')?;
        (name.to_owned(), word(kind))
    } else {
        set(said.split_once("RRset ")?.1)?
    };
    let fits =
        !name.is_empty() && name.len() <= 1024 && !name.contains(' ') && (1..=15).contains(&kind.len());
    fits.then(|| catalyst_core::redact::text(&format!("{name} {kind}"), 300))
}

fn plain(kind: ErrorKind, code: &'static str, help: &'static str) -> Meaning {
    Meaning { kind, code, help, unknown: false, lasting: false }
}

/// PowerDNS asks for `X-API-Key`, a proxy for `Basic`; who says nothing is taken for PowerDNS.
fn unauthenticated(refusal: &Refusal<'_>) -> Meaning {
    if refusal.challenge.trim_start().to_ascii_lowercase().starts_with("basic") {
        return plain(
            ErrorKind::Unauthenticated,
            "bad_basic_auth",
            "the proxy before the server refuses the user and password, or none were given to the builder \
             (basic_auth)",
        );
    }
    plain(
        ErrorKind::Unauthenticated,
        "bad_api_key",
        "the server refuses the API key; it is the setting `api-key` of the server",
    )
}

pub(super) fn too_large() -> Meaning {
    plain(
        ErrorKind::InvalidRequest,
        "body_too_large",
        "the body is over the limit of the server; raise `webserver-max-bodysize` there (2 MB if not set), or lower \
         `body_limit` here",
    )
}

fn exists(operation: Operation) -> Meaning {
    match operation {
        Operation::CreateZone => plain(ErrorKind::Conflict, "zone_exists", "the server has the zone already"),
        Operation::CreateTsigKey => {
            plain(ErrorKind::Conflict, "key_exists", "the server has a TSIG key of this name already")
        }
        _ => plain(ErrorKind::Conflict, "conflict", "the server has it already"),
    }
}

/// The database failed. A write that it refuses because of another one is not applied (measured), and can be repeated;
/// the server does not tell that apart from other faults of the database.
fn failed(operation: Operation, said: &str) -> Meaning {
    let lower = said.to_ascii_lowercase();
    let locked = lower.contains("locked") || lower.contains("deadlock");
    let bare = lower.is_empty() || lower == "internal server error";
    if operation.writes() && (locked || bare) {
        return plain(
            ErrorKind::Unavailable,
            "database_locked",
            "the server's database refused the write, most likely because somebody else was writing (SQLite has one \
             writer at a time); nothing was changed. The server's log says more",
        );
    }
    Meaning {
        unknown: operation.writes(),
        // Who says what is wrong says so every time: "Cannot find backend with autoprimary feature" (LMDB).
        lasting: !bare && !locked,
        ..plain(ErrorKind::Unavailable, "internal_error", "the server failed; its log says why")
    }
}

/// The setting's name is certain; around it the words are those of a few versions. A name with these letters in it
/// (`evaluate.test`) is none of them, and what quotes a record may hold any word.
fn lua_updates_disabled(said: &str) -> bool {
    let lower = said.to_ascii_lowercase();
    if lower.contains("enable-lua-record") {
        return true;
    }
    let quotes = lower.starts_with("record ") || lower.contains("content") || lower.contains("at apex");
    let about_lua =
        || lower.split_ascii_whitespace().any(|word| word.trim_matches([':', ',', '\'', '"']) == "lua");
    let denied = ["updat", "modif", "delet", "immutable", "disabled", "not allowed", "not permitted"];
    !quotes && about_lua() && denied.iter().any(|word| lower.contains(word))
}

/// The same whether the server says it or we know it before.
pub(super) fn lua_disabled() -> Meaning {
    plain(
        ErrorKind::InvalidRequest,
        "lua_updates_disabled",
        "the server does not let LUA records be written or deleted by its API; set `enable-lua-record-updates=yes` in \
         its configuration (from 5.1 the default is no)",
    )
}

/// A change that the server is too old for.
pub(super) fn unsupported() -> Meaning {
    plain(
        ErrorKind::InvalidRequest,
        "unsupported_by_version",
        "the server cannot extend or prune a record set; that takes 4.9.12 or 5.0.2. Replace the whole set instead",
    )
}

fn invalid(operation: Operation, said: &str) -> Meaning {
    let refused = |code, help| plain(ErrorKind::InvalidRequest, code, help);
    if said.contains("Name is out of zone") {
        refused("out_of_zone", "the name does not lie in the zone")
    } else if said.contains("onflicts with") || said.contains("Cannot have both NS and DNAME") {
        refused(
            "cname_conflict",
            "a CNAME or DNAME stands alone at its name; delete what is there in the same change set",
        )
    } else if said.contains("uplicate record ") {
        refused("duplicate_record", "the same record stands twice in the set")
    } else if said.starts_with("Duplicate RRset") {
        refused("duplicate_change", "a record set changes at most once in a request")
    } else if said.starts_with("Changetype") {
        unsupported()
    } else if operation == Operation::ApplyChanges || record_in(said).is_some() {
        refused("invalid_record", "the server refuses a record; none of this request was applied")
    } else if said.starts_with("Unsupported metadata kind") {
        refused(
            "unsupported_metadata",
            "the API does not write this kind: own kinds begin with `X-`, and which TSIG keys may transfer the zone \
             (TSIG-ALLOW-AXFR) is a setting of the zone (ZoneUpdate::primary_tsig_keys)",
        )
    } else if said.starts_with("A TSIG key with the name") {
        refused("key_not_found", "the server has no TSIG key of this name; create it first")
    } else if said.contains("is not a slave") || said.contains("is not a secondary") {
        refused("not_a_secondary", "only a secondary with a primary retrieves its zone")
    } else {
        refused("invalid_request", "the server refuses what was sent")
    }
}
