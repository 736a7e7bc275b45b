//! What we present: the newest SVID, read at each handshake with one atomic load.

use std::sync::Arc;

use catalyst_core::tls::{TlsIdentity, TlsIdentitySource};
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::WorkloadIdentity;

/// The newest SVID of `identity` as a client certificate for any [`TlsConfig`](catalyst_core::tls::TlsConfig), such
/// as that of a login by certificate. Nothing is presented while the identity is withdrawn or expired.
pub fn identity_source(identity: Arc<dyn WorkloadIdentity>) -> Arc<dyn TlsIdentitySource> {
    Arc::new(Presented(identity))
}

#[derive(Debug)]
pub(super) struct Presented(pub(super) Arc<dyn WorkloadIdentity>);

impl Presented {
    fn newest(&self) -> Option<Arc<CertifiedKey>> {
        match self.0.x509() {
            Ok(svid) => Some(svid.tls_identity().certified_key()),
            Err(error) => {
                tracing::debug!(%error, "no SVID is presented");
                None
            }
        }
    }
}

impl TlsIdentitySource for Presented {
    fn current(&self) -> Option<TlsIdentity> {
        self.0.x509().ok().map(|svid| svid.tls_identity().clone())
    }
}

impl ResolvesClientCert for Presented {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.newest()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl ResolvesServerCert for Presented {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.newest()
    }
}
