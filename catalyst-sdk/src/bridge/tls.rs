//! A workload identity as the client certificate of a TLS connection.

use std::sync::Arc;

use catalyst_core::tls::{TlsIdentity, TlsIdentitySource};
use catalyst_spiffe::WorkloadIdentity;

/// Presents the newest X.509-SVID at each handshake, and nothing when the identity was withdrawn.
#[derive(Clone, Debug)]
pub struct SvidTlsIdentity(Arc<dyn WorkloadIdentity>);

impl SvidTlsIdentity {
    /// The X.509-SVIDs of `identity`.
    pub fn new(identity: Arc<dyn WorkloadIdentity>) -> Self {
        Self(identity)
    }
}

impl TlsIdentitySource for SvidTlsIdentity {
    fn current(&self) -> Option<TlsIdentity> {
        self.0.x509().ok().map(|svid| svid.tls_identity().clone())
    }
}
