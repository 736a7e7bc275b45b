//! What a failed call means: did the request leave, and may the server have acted?

use std::error::Error as StdError;

use crate::{Error, ErrorKind};

/// Reads the HTTP library's error. The URL is taken out of it, for its query may be secret.
pub(super) fn read(error: reqwest::Error, operation: &'static str) -> Error {
    let error = error.without_url();
    if tls_fault(&error) {
        return Error::new(ErrorKind::Tls, operation)
            .with_help("no secure connection: check the CA, the name in the server's certificate and our own")
            .with_source(error);
    }
    if error.is_connect() {
        return Error::new(ErrorKind::Connect, operation)
            .with_help("no connection: check the address and that the server is up")
            .with_source(error);
    }
    if error.is_builder() {
        return Error::new(ErrorKind::InvalidRequest, operation).with_source(error);
    }
    let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Unavailable };
    Error::new(kind, operation).with_outcome_unknown().with_source(error)
}

fn tls_fault(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    // A bound, for a chain is somebody else's data structure.
    for _ in 0..16 {
        let Some(error) = next else { return false };
        if error.is::<rustls::Error>() {
            return true;
        }
        // An io::Error keeps what it wraps outside the chain of sources.
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    false
}
