//! A server whose certificate is not trusted, told from one that is down: every driver keeps that below several layers
//! of its own.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

/// Whether TLS is what failed.
pub(super) fn failed(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    // A bound, for a chain is somebody else's data structure.
    for _ in 0..16 {
        let Some(error) = next else { return false };
        if error.is::<rustls::Error>() {
            return true;
        }
        // These keep what they wrap outside the chain of sources.
        next = if let Some(shared) = error.downcast_ref::<Arc<dyn StdError + Send + Sync>>() {
            Some(&**shared)
        } else if let Some(wrapped) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped)
        } else {
            error.source()
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_not_trusted_is_found_below_what_drivers_wrap_around_it() {
        let refused = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let refused = io::Error::new(io::ErrorKind::InvalidData, refused);
        let shared: Arc<dyn StdError + Send + Sync> = Arc::new(io::Error::other(refused));
        assert!(failed(&shared));
        assert!(!failed(&io::Error::from(io::ErrorKind::ConnectionRefused)));
    }
}
