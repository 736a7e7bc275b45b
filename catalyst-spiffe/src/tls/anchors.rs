//! A trust domain's authorities in the form that chains are checked with, built when the bundle arrives.

use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::CertificateDer;

/// Parsed authorities. An authority that cannot be read is left out, which can only refuse more.
#[derive(Clone)]
pub(crate) struct Anchors {
    pub(crate) roots: Arc<RootCertStore>,
    pub(crate) clients: Arc<dyn ClientCertVerifier>,
}

impl Anchors {
    /// None if no authority is usable.
    pub(crate) fn new(authorities: &[Vec<u8>]) -> Option<Self> {
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            if let Err(error) = roots.add(CertificateDer::from(authority.clone())) {
                tracing::warn!(%error, "an authority in a trust bundle cannot be read and is left out");
            }
        }
        let roots = Arc::new(roots);
        let clients =
            WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), catalyst_core::tls::provider())
                .clear_root_hint_subjects()
                .build();
        clients.ok().map(|clients| Self { roots, clients })
    }
}

impl fmt::Debug for Anchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Anchors({})", self.roots.len())
    }
}
