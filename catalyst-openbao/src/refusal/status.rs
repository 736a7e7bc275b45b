//! What a refusal means: the one place that reads statuses and the server's words.
//!
//! Where OpenBao 2.7 answers several causes with one status, only the text tells them apart. Each text here was
//! recorded from the real server.

use catalyst_core::{Error, ErrorKind};

use super::meaning::{Meaning, retried};
use super::{SERVICE, subject};
use crate::operation::Operation;

/// What a 404 still shows of the version that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remains {
    /// No data in the answer.
    Nothing,
    /// The metadata of a version that can be undeleted.
    Deleted,
    /// The metadata of a version that is gone for ever.
    Destroyed,
}

/// The error that an answer with an unsuccessful status means.
pub(crate) fn refusal(operation: Operation, status: u16, errors: &[String], remains: Remains) -> Error {
    // The server's lists come with line ends and bullets.
    let flat = |text: &String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = errors.iter().map(flat).collect::<Vec<_>>().join("; ");
    let of_subject = match operation {
        Operation::Of(about, _) => subject::meaning(about, status, &said),
        _ => None,
    };
    let meaning = of_subject.unwrap_or_else(|| of_status(operation, status, &said, remains));
    meaning.into_error(operation, status, &said)
}

/// What the status means, whatever the subject.
fn of_status(operation: Operation, status: u16, said: &str, remains: Remains) -> Meaning {
    if status == 500 && said.contains("active context canceled after getting state lock") {
        // So a node turns away, before it looks at it, what comes while it gives up the lead.
        return retried(
            "standby",
            "the node that answered is giving up the lead; another one is elected soon",
        );
    }
    if matches!(status, 400 | 500) && lost_the_lead(said) {
        let help = "the node that answered lost the lead, or was ended, in the middle of it";
        return retried("leadership_lost", help).unknown();
    }
    match status {
        400 | 405 | 413 | 415 | 422 => refused(operation, status, said),
        401 | 403 => forbidden(operation, said),
        404 => missing(operation, said, remains),
        412 => retried("not_yet_consistent", "the node that answered lags behind; it catches up soon"),
        429 => Meaning::new(ErrorKind::RateLimited, "rate_limited", "a quota of the server is used up"),
        472 | 473 => {
            retried("standby", "the node that answered is a standby; configure the active node's address")
        }
        500 => failed(operation, said),
        501 => retried("not_initialized", "initialise the server"),
        502 | 504 => retried("bad_gateway", "a proxy before the server got no answer from it").unknown(),
        503 if said.contains("locked by an administrator") => {
            retried("namespace_locked", "an operator locked the API of this namespace; it must be unlocked")
                .final_()
        }
        503 if said.contains("sealed") => retried("sealed", "unseal the server; it is asked again"),
        503 => retried("unavailable", "the server, or a proxy before it, cannot serve now"),
        _ => Meaning::new(ErrorKind::Other, "unexpected_status", "is this the address of an OpenBao server?"),
    }
}

/// The error of a redirect, which is followed only within the origin that was configured. `origin` is where it led.
pub(crate) fn redirected(operation: Operation, status: u16, origin: Option<&str>) -> Error {
    let help = match origin {
        Some(origin) => format!(
            "the node that answered is a standby that does not forward; configure the address {origin}, to which it \
             points, or one that leads to the active node"
        ),
        None => {
            "the node that answered is a standby that does not forward; configure the active node's address"
                .into()
        }
    };
    Error::new(ErrorKind::Unavailable, operation.name())
        .with_service(SERVICE)
        .with_code("standby_redirect")
        .with_status(status)
        .with_help(help)
}

/// What a 403 means when the token is known to be good.
pub(crate) fn denied(error: &Error) -> Error {
    let denied = Error::new(ErrorKind::PermissionDenied, error.operation())
        .with_service(SERVICE)
        .with_code("permission_denied")
        .with_help("no policy of our login allows this path, or nothing is mounted there; check the path and the role's policies");
    let denied = match error.status() {
        Some(status) => denied.with_status(status),
        None => denied,
    };
    let denied = match error.target() {
        Some(target) => denied.with_target(target),
        None => denied,
    };
    match error.server_message() {
        Some(said) => denied.with_server_message(said),
        None => denied,
    }
}

fn refused(operation: Operation, status: u16, said: &str) -> Meaning {
    if status != 400 {
        return Meaning::new(
            ErrorKind::InvalidRequest,
            "invalid_request",
            "the server refuses this kind of request",
        );
    }
    if said.contains("check-and-set parameter did not match") {
        let help = "somebody wrote a newer version; read it, and write against its number";
        return Meaning::new(ErrorKind::Conflict, "cas_mismatch", help);
    }
    if said.contains("check-and-set parameter required") {
        let help = "this secret takes only writes that name the version they replace";
        return Meaning::new(ErrorKind::InvalidRequest, "cas_required", help);
    }
    if said.contains("from non-versioned to versioned data") {
        // So a node answers after it was started, and after the mount was made, until the active node is done.
        return retried(
            "not_yet_consistent",
            "the store is being set up on the node that answered; it is ready soon",
        );
    }
    if said.contains("wrapping token is not valid") {
        let help = "the wrapping token was used already, has ended, or never was; if you did not use it, treat its contents as stolen";
        return Meaning::new(ErrorKind::Expired, "wrapping_token_invalid", help);
    }
    if said.contains("unknown role") || said.contains("invalid role name") || is_missing_login_role(said) {
        return Meaning::new(ErrorKind::NotFound, "unknown_role", "create the role, or correct its name");
    }
    match operation {
        Operation::LookupLease | Operation::RenewLease | Operation::RevokeLease
            if said.contains("invalid lease") || said.contains("lease not found") =>
        {
            let help = "the lease has ended, was revoked, or never was; ask for new credentials";
            Meaning::new(ErrorKind::NotFound, "lease_not_found", help)
        }
        Operation::RenewLease | Operation::RevokeLease | Operation::RevokePrefix
            if said.contains("failed to renew") || said.contains("failed to revoke") =>
        {
            backend(said)
        }
        Operation::Login => bad_credentials(),
        _ => Meaning::new(ErrorKind::InvalidRequest, "invalid_request", "the server refuses what was sent"),
    }
}

/// What a node says whose work was broken off when it stepped down, was sealed or ended.
fn lost_the_lead(said: &str) -> bool {
    ["leadership lost while committing log", "node is not the leader", "context canceled"]
        .iter()
        .any(|words| said.contains(words))
}

/// `role "x" could not be found`: the words of the login methods.
fn is_missing_login_role(said: &str) -> bool {
    said.contains("role \"") && said.contains("could not be found")
}

fn forbidden(operation: Operation, said: &str) -> Meaning {
    match operation {
        Operation::Login => bad_credentials(),
        Operation::LookupToken => {
            let help = "the token has ended, was revoked, or never was; give the client a new one";
            Meaning::new(ErrorKind::Unauthenticated, "invalid_token", help)
        }
        _ if said.contains("namespace") => Meaning::new(
            ErrorKind::PermissionDenied,
            "permission_denied",
            "the token belongs to another namespace",
        ),
        _ => {
            let help = "the token has ended, was revoked, or its policies do not allow this: the server does not say which";
            Meaning::new(ErrorKind::Unauthenticated, "invalid_token", help)
        }
    }
}

fn bad_credentials() -> Meaning {
    let help = "the login was refused; check its role, its mount and what it presents";
    Meaning::new(ErrorKind::Unauthenticated, "bad_credentials", help)
}

fn missing(operation: Operation, said: &str, remains: Remains) -> Meaning {
    let not_found = |code, help| Meaning::new(ErrorKind::NotFound, code, help);
    match remains {
        Remains::Deleted => {
            return not_found("version_deleted", "this version is deleted; it can be undeleted");
        }
        Remains::Destroyed => return not_found("version_destroyed", "this version is destroyed for ever"),
        Remains::Nothing => {}
    }
    if said.contains("namespace not found") {
        return not_found("unknown_namespace", "create the namespace, or correct its name");
    }
    if said.contains("route entry not found") {
        return not_found(
            "unknown_mount",
            "nothing is mounted at this path; check the mount and the namespace",
        );
    }
    if said.contains("no handler for route") || said.contains("unsupported path") {
        return not_found(
            "no_handler",
            "what is mounted here does not know this path; is it of the expected type?",
        );
    }
    match operation {
        Operation::ReadSecret
        | Operation::PatchSecret
        | Operation::ReadMetadata
        | Operation::ListSecrets
        | Operation::WriteMetadata => not_found("secret_not_found", "there is no such secret or version"),
        _ => not_found("not_found", "the server does not know it"),
    }
}

fn failed(operation: Operation, said: &str) -> Meaning {
    if said.contains("is not an allowed role") {
        let help = "add the role to allowed_roles of its database connection";
        return Meaning::new(ErrorKind::PermissionDenied, "role_not_allowed", help);
    }
    if said.contains("failed to find entry for connection") {
        let help = "the role's database connection is not there; configure it";
        return Meaning::new(ErrorKind::NotFound, "unknown_connection", help);
    }
    if said.contains("node not active") || said.contains("node not found") {
        return retried("standby", "no active node is known yet; one is elected soon");
    }
    match operation {
        Operation::Login if said.contains("missing name in alias") => {
            let help = "the certificate has no common name, by which this login knows us; SPIRE sets one when the \
                        registration entry has a DNS name";
            Meaning::new(ErrorKind::Unauthenticated, "bad_credentials", help)
        }
        // Where the connection to the database broke in the middle, the user may be there.
        Operation::IssueCredentials if broke_off(said) => backend(said).unknown(),
        Operation::IssueCredentials
        | Operation::ReadStaticCredential
        | Operation::RenewLease
        | Operation::RevokeLease
        | Operation::RevokePrefix => backend(said),
        _ => retried("internal_error", "the server failed, and may have done part of it; its log says more")
            .unknown(),
    }
}

/// Whether there was no connection to the database to begin with.
fn never_connected(said: &str) -> bool {
    ["failed to connect", "connection refused", "dial error", "dial tcp"]
        .iter()
        .any(|sign| said.contains(sign))
}

fn broke_off(said: &str) -> bool {
    !never_connected(said) && ["i/o timeout", "EOF", "57P0"].iter().any(|sign| said.contains(sign))
}

/// The database behind the server: away, or unwilling.
fn backend(said: &str) -> Meaning {
    if never_connected(said) || broke_off(said) {
        return retried("backend_down", "the server cannot reach the database behind it");
    }
    if said.contains("SQLSTATE") || said.contains("failed to revoke") || said.contains("failed to renew") {
        let help =
            "the database refused the role's statements; check them and the rights of the managing user";
        return retried("backend_refused", help).final_();
    }
    retried("internal_error", "the server or the database behind it failed; its log says more").unknown()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::support::recorded;
    use catalyst_core::RetryAdvice;
    use proptest::prelude::*;

    fn meaning(operation: Operation, file: &str, remains: Remains) -> Error {
        let (status, body) = recorded(file);
        let errors: Vec<String> = body["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|text| text.as_str().unwrap().into())
            .collect();
        refusal(operation, status, &errors, remains)
    }

    #[test]
    fn a_node_that_lost_the_lead_in_the_middle_does_not_know_what_became_of_it() {
        for (status, said) in [
            (500, "1 error occurred:\n\t* leadership lost while committing log\n\n"),
            (400, "failed to persist lease entry: leadership lost while committing log"),
            (
                400,
                "failed to renew entry: resp: (*logical.Response)(nil) err: 1 error occurred:\n\t* context canceled\n\n",
            ),
        ] {
            let error = refusal(Operation::RenewLease, status, &[said.to_owned()], Remains::Nothing);
            assert_eq!(
                (error.kind(), error.code()),
                (ErrorKind::Unavailable, Some("leadership_lost")),
                "{said}"
            );
            assert!(error.outcome_unknown() && error.retry() == RetryAdvice::Backoff, "{said}");
        }
    }

    #[test]
    fn what_a_node_turned_away_had_no_effect_and_a_mint_that_broke_off_may_have_had_one() {
        let meaning = |said: &str| {
            let said = format!("1 error occurred: * {said}");
            let error = refusal(Operation::IssueCredentials, 500, &[said], Remains::Nothing);
            (error.code().unwrap_or_default().to_owned(), error.outcome_unknown())
        };
        let turned_away = meaning("active context canceled after getting state lock");
        assert_eq!(turned_away, ("standby".to_owned(), false));
        for never in
            ["failed to connect to `host=db`: dial error: EOF", "dial tcp 10.0.0.1:5432: i/o timeout"]
        {
            assert_eq!(meaning(never), ("backend_down".to_owned(), false), "{never}");
        }
        for broken in ["unexpected EOF", "read tcp 10.0.0.1:5432: i/o timeout", "FATAL (SQLSTATE 57P01)"] {
            assert_eq!(meaning(broken), ("backend_down".to_owned(), true), "{broken}");
        }
        assert_eq!(meaning("internal error"), ("internal_error".to_owned(), true));
    }

    #[test]
    fn recorded_refusals_mean_what_they_mean() {
        use ErrorKind::{
            Conflict, Expired, InvalidRequest, NotFound, PermissionDenied, RateLimited, Unauthenticated,
            Unavailable,
        };
        use Operation::{
            IssueCredentials, Login, LookupLease, LookupToken, PatchSecret, ReadSecret, ReadStaticCredential,
            RenewLease, RenewToken, RevokeLease, Unwrap, Wrap, WriteSecret,
        };
        let once = RetryAdvice::Never;
        for (operation, file, kind, code, advice) in [
            (Login, "approle-login-error", Unauthenticated, "bad_credentials", once),
            (IssueCredentials, "db-09-creds-nosuch-role-error", NotFound, "unknown_role", once),
            (
                IssueCredentials,
                "db-09-creds-role-not-allowed-error",
                PermissionDenied,
                "role_not_allowed",
                once,
            ),
            (IssueCredentials, "db-52-creds-bad-sql-error", Unavailable, "backend_refused", once),
            (
                IssueCredentials,
                "db-60-creds-db-down-error",
                Unavailable,
                "backend_down",
                RetryAdvice::Backoff,
            ),
            (ReadStaticCredential, "db-35-static-creds-deleted-error", NotFound, "unknown_role", once),
            (LookupLease, "db-15-lease-lookup-expired-error", NotFound, "lease_not_found", once),
            (RenewLease, "db-16-lease-renew-expired-error", NotFound, "lease_not_found", once),
            (RenewLease, "db-61-renew-db-down-error", Unavailable, "backend_down", RetryAdvice::Backoff),
            (RevokeLease, "db-62-revoke-db-down-error", Unavailable, "backend_down", RetryAdvice::Backoff),
            (RevokeLease, "db-19-revoke-owned-plain", Unavailable, "backend_refused", once),
            (IssueCredentials, "err-403-bad-token", Unauthenticated, "invalid_token", once),
            (LookupToken, "token-lookup-revoked-403", Unauthenticated, "invalid_token", once),
            (RenewToken, "token-renew-batch-error", InvalidRequest, "invalid_request", once),
            (ReadSecret, "err-404-no-handler", NotFound, "unknown_mount", once),
            (ReadSecret, "ns-missing-error", NotFound, "unknown_namespace", once),
            (ReadSecret, "ns-token-in-root-403", Unauthenticated, "invalid_token", once),
            (ReadSecret, "kv-404-missing", NotFound, "secret_not_found", once),
            (ReadSecret, "kv-read-missing-version-404", NotFound, "secret_not_found", once),
            (ReadSecret, "err-429-rate-limit", RateLimited, "rate_limited", RetryAdvice::Backoff),
            (ReadSecret, "err-503-sealed", Unavailable, "sealed", RetryAdvice::Backoff),
            (WriteSecret, "kv-write-cas-mismatch-error", Conflict, "cas_mismatch", once),
            (WriteSecret, "kv-cas-required-error", InvalidRequest, "cas_required", once),
            (PatchSecret, "kv-patch-wrong-content-type-error", InvalidRequest, "invalid_request", once),
            (Unwrap, "wrap-unwrap-second-error", Expired, "wrapping_token_invalid", once),
            (Unwrap, "wrap-expired-error", Expired, "wrapping_token_invalid", once),
            (Wrap, "wrap-missing-ttl-error", InvalidRequest, "invalid_request", once),
        ] {
            let error = meaning(operation, file, Remains::Nothing);
            assert_eq!((error.kind(), error.code(), error.retry()), (kind, Some(code), advice), "{file}");
            assert_eq!(error.operation(), operation.name());
            assert!(error.help().is_some() && !error.outcome_unknown(), "{file}");
        }
    }

    #[test]
    fn a_version_that_is_gone_is_told_from_one_that_never_was() {
        for (remains, code) in
            [(Remains::Deleted, "version_deleted"), (Remains::Destroyed, "version_destroyed")]
        {
            let error = meaning(Operation::ReadSecret, "kv-read-deleted-404", remains);
            assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some(code)));
        }
    }

    #[test]
    fn where_a_proxy_or_the_server_failed_midway_the_outcome_is_unknown() {
        for status in [500, 502, 504] {
            assert!(
                refusal(Operation::WriteSecret, status, &[], Remains::Nothing).outcome_unknown(),
                "{status}"
            );
        }
        for status in [429, 472, 473, 501, 503] {
            let error = refusal(Operation::WriteSecret, status, &[], Remains::Nothing);
            assert_eq!((error.outcome_unknown(), error.retry()), (false, RetryAdvice::Backoff), "{status}");
        }
    }

    #[test]
    fn a_denial_keeps_what_was_asked_and_said() {
        let first = meaning(Operation::ReadSecret, "err-403-bad-token", Remains::Nothing)
            .with_target("secret/data/a");
        let error = denied(&first);
        assert_eq!((error.kind(), error.code()), (ErrorKind::PermissionDenied, Some("permission_denied")));
        assert_eq!(
            (error.target(), error.server_message()),
            (Some("secret/data/a"), Some("permission denied"))
        );
        assert_eq!(error.status(), Some(403));
    }

    proptest! {
        #[test]
        fn every_answer_means_something_and_shows_no_token(status in 100u16..600, said in "\\PC{0,80}") {
            let texts = [format!("{said} token=canary-4711")];
            for operation in [Operation::Login, Operation::ReadSecret, Operation::IssueCredentials, Operation::RevokeLease] {
                let error = refusal(operation, status, &texts, Remains::Nothing);
                prop_assert!(error.code().is_some() && error.help().is_some());
                let shown = format!("{error:?}");
                prop_assert!(!shown.contains("canary"));
            }
        }
    }
}
