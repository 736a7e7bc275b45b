//! Where a pool is opened.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::Jitter;
use catalyst_openbao::{Credentials, DynamicCredentials, Lease, LeaseId, LeaseTerm, RoleName};
use catalyst_sdk::rotation::Policy;
use catalyst_sdk::testing::contract::Subject;
use catalyst_sdk::{Result, Secret};

/// A database on loopback, and what makes its users.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) credentials: Arc<dyn DynamicCredentials>,
    pub(crate) role: RoleName,
    pub(crate) port: u16,
    pub(crate) policy: Policy,
}

impl Place {
    pub(crate) fn new(credentials: Arc<dyn DynamicCredentials>, role: RoleName, port: u16) -> Self {
        Self { credentials, role, port, policy: Policy::default().jitter(Jitter::Fixed(0.0)) }
    }

    /// The same, where every password is wrong; a start there gives up after two seconds.
    pub(crate) fn refusing(mut self) -> Self {
        self.credentials = Arc::new(WrongPasswords(self.credentials));
        self.policy = self.policy.start_limit(Duration::from_secs(2));
        self
    }
}

/// A pool that can be opened at a place, with at most `connections` connections.
#[async_trait]
pub(crate) trait OpenAt: Subject {
    async fn open_at(place: Place, connections: usize) -> Result<Self>;
}

/// Hands out users with a password that is not theirs.
#[derive(Debug)]
struct WrongPasswords(Arc<dyn DynamicCredentials>);

#[async_trait]
impl DynamicCredentials for WrongPasswords {
    async fn issue(&self, role: &RoleName) -> Result<Lease<Credentials>> {
        let mut lease = self.0.issue(role).await?;
        lease.value.password = Secret::new("not-the-password");
        Ok(lease)
    }

    async fn renew(&self, lease: &LeaseId, increment: Option<Duration>) -> Result<LeaseTerm> {
        self.0.renew(lease, increment).await
    }

    async fn revoke(&self, lease: &LeaseId) -> Result<()> {
        self.0.revoke(lease).await
    }
}
