//! What the client crate reports, in our words: what happened, and what to do about it.

use std::io;

use catalyst_core::{Error, ErrorKind, RetryAdvice};
use spiffe::WorkloadApiError;
use spiffe::transport::{GrpcStatusCode, TransportError};

const DENIED: u16 = 7;
const INVALID_ARGUMENT: u16 = 3;
const UNIMPLEMENTED: u16 = 12;

/// Whether the agent said that it has no identity for us.
pub(super) fn is_denied(error: &Error) -> bool {
    error.status() == Some(DENIED)
}

/// Whether asking this endpoint again cannot help, as long as it has never answered properly.
pub(super) fn is_fatal(error: &Error) -> bool {
    matches!(error.status(), Some(INVALID_ARGUMENT | UNIMPLEMENTED))
}

/// The stream ended without an error.
pub(super) fn ended(operation: &'static str) -> Error {
    base(ErrorKind::Unavailable, operation, "stream_ended").with_help("the agent ended the stream")
}

/// The stream is open, and yet nothing comes.
pub(super) fn silent(operation: &'static str) -> Error {
    base(ErrorKind::Timeout, operation, "silent").with_help("the agent sent no update in time")
}

/// No connection, or no answer to the call, within the limit.
pub(super) fn slow(operation: &'static str) -> Error {
    base(ErrorKind::Timeout, operation, "no_answer").with_help("the agent did not answer in time")
}

/// An update that breaks our own rules.
pub(super) fn malformed(operation: &'static str, help: impl Into<String>) -> Error {
    base(ErrorKind::Decode, operation, "malformed_update").with_help(help)
}

pub(super) fn classify(error: WorkloadApiError, operation: &'static str) -> Error {
    match error {
        WorkloadApiError::NoIdentityIssued => {
            base(ErrorKind::Identity, operation, "no_identity_issued").with_status(DENIED).with_help(
                "the agent has no identity for this process (no identity issued); is there a registration entry \
                 that matches it?",
            )
        }
        WorkloadApiError::PermissionDenied(message) => base(ErrorKind::Identity, operation, "permission_denied")
            .with_status(DENIED)
            .with_help("the agent refuses to give this process an identity")
            .with_server_message(&message),
        WorkloadApiError::Transport(TransportError::Connect(connect)) => unreachable_agent(operation, connect),
        WorkloadApiError::Transport(TransportError::Status(status)) => {
            answered(operation, status.code()).with_server_message(status.message())
        }
        WorkloadApiError::Transport(other) => base(ErrorKind::Config, operation, "transport").with_source(other),
        // Its text may repeat parts of the token.
        WorkloadApiError::JwtSvid(_quoting) => {
            base(ErrorKind::Decode, operation, "malformed_jwt").with_help("the agent sent an unreadable JWT-SVID")
        }
        other => malformed(operation, "the agent sent an update that cannot be read").with_source(other),
    }
    .with_retry(RetryAdvice::Backoff)
}

fn unreachable_agent(
    operation: &'static str,
    error: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    let (code, help) = match io_kind(&error) {
        Some(io::ErrorKind::NotFound) => {
            ("no_socket", "there is no such socket; is the agent running, and is its socket mounted here?")
        }
        Some(io::ErrorKind::ConnectionRefused) => {
            ("agent_down", "nobody listens on the socket; is the agent running?")
        }
        Some(io::ErrorKind::PermissionDenied) => ("socket_denied", "this process may not open the socket"),
        _ => ("connect_failed", "no connection to the agent"),
    };
    base(ErrorKind::Connect, operation, code).with_help(help).with_source(error)
}

fn io_kind(error: &(dyn std::error::Error + 'static)) -> Option<io::ErrorKind> {
    std::iter::successors(Some(error), |error| error.source())
        .find_map(|error| error.downcast_ref::<io::Error>().map(io::Error::kind))
}

fn answered(operation: &'static str, code: GrpcStatusCode) -> Error {
    let (kind, word) = match code {
        GrpcStatusCode::InvalidArgument => (ErrorKind::InvalidRequest, "invalid_argument"),
        GrpcStatusCode::Unimplemented => (ErrorKind::Config, "unimplemented"),
        GrpcStatusCode::DeadlineExceeded => (ErrorKind::Timeout, "deadline_exceeded"),
        GrpcStatusCode::ResourceExhausted => (ErrorKind::RateLimited, "resource_exhausted"),
        _ => (ErrorKind::Unavailable, code.as_str()),
    };
    let error = base(kind, operation, word).with_status(number(code));
    match code {
        GrpcStatusCode::InvalidArgument => {
            error.with_help("the endpoint refuses the request; is a proxy in between that drops metadata?")
        }
        GrpcStatusCode::Unimplemented => {
            error.with_help("the endpoint does not serve the SPIFFE Workload API")
        }
        _ => error,
    }
}

fn number(code: GrpcStatusCode) -> u16 {
    match code {
        GrpcStatusCode::Ok => 0,
        GrpcStatusCode::Cancelled => 1,
        GrpcStatusCode::InvalidArgument => INVALID_ARGUMENT,
        GrpcStatusCode::DeadlineExceeded => 4,
        GrpcStatusCode::NotFound => 5,
        GrpcStatusCode::AlreadyExists => 6,
        GrpcStatusCode::PermissionDenied => DENIED,
        GrpcStatusCode::ResourceExhausted => 8,
        GrpcStatusCode::FailedPrecondition => 9,
        GrpcStatusCode::Aborted => 10,
        GrpcStatusCode::OutOfRange => 11,
        GrpcStatusCode::Unimplemented => UNIMPLEMENTED,
        GrpcStatusCode::Internal => 13,
        GrpcStatusCode::Unavailable => 14,
        GrpcStatusCode::DataLoss => 15,
        GrpcStatusCode::Unauthenticated => 16,
        // Unknown, and what the crate may add.
        _ => 2,
    }
}

fn base(kind: ErrorKind, operation: &'static str, code: &'static str) -> Error {
    Error::new(kind, operation).with_service("spiffe").with_code(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_causes_of_having_no_identity_are_told_apart() {
        let io = |kind| WorkloadApiError::Transport(TransportError::connect(io::Error::from(kind)));
        let status = |code| WorkloadApiError::Transport(TransportError::status(code, "said so"));
        for (error, kind, code) in [
            (WorkloadApiError::NoIdentityIssued, ErrorKind::Identity, "no_identity_issued"),
            (WorkloadApiError::PermissionDenied("x".into()), ErrorKind::Identity, "permission_denied"),
            (io(io::ErrorKind::NotFound), ErrorKind::Connect, "no_socket"),
            (io(io::ErrorKind::ConnectionRefused), ErrorKind::Connect, "agent_down"),
            (io(io::ErrorKind::PermissionDenied), ErrorKind::Connect, "socket_denied"),
            (io(io::ErrorKind::Other), ErrorKind::Connect, "connect_failed"),
            (status(GrpcStatusCode::Unavailable), ErrorKind::Unavailable, "unavailable"),
            (status(GrpcStatusCode::InvalidArgument), ErrorKind::InvalidRequest, "invalid_argument"),
            (WorkloadApiError::EmptyResponse, ErrorKind::Decode, "malformed_update"),
        ] {
            let error = classify(error, "watch");
            assert_eq!((error.kind(), error.code()), (kind, Some(code)));
            assert_eq!(error.retry(), RetryAdvice::Backoff);
        }
    }

    #[test]
    fn denials_and_lasting_refusals_are_recognised() {
        assert!(is_denied(&classify(WorkloadApiError::NoIdentityIssued, "watch")));
        let unimplemented = TransportError::status(GrpcStatusCode::Unimplemented, "");
        assert!(is_fatal(&classify(unimplemented.into(), "watch")));
        assert!(!is_fatal(&ended("watch")) && !is_denied(&silent("watch")));
    }
}
