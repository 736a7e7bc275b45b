//! A workload identity as the assertion of a login.

use std::sync::Arc;

use async_trait::async_trait;
use catalyst_core::{Result, Secret};
use catalyst_openbao::AssertionSource;
use catalyst_spiffe::WorkloadIdentity;

/// Logs in by JWT-SVID.
#[derive(Clone, Debug)]
pub struct SvidAssertion(Arc<dyn WorkloadIdentity>);

impl SvidAssertion {
    /// The JWT-SVIDs of `identity`.
    pub fn new(identity: Arc<dyn WorkloadIdentity>) -> Self {
        Self(identity)
    }
}

#[async_trait]
impl AssertionSource for SvidAssertion {
    async fn assertion(&self, audience: &str) -> Result<Secret> {
        let svid = self.0.jwt(&[audience]).await?;
        Ok(svid.token().clone())
    }
}
