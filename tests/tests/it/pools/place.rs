//! Where a pool is opened.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::Jitter;
use catalyst_openbao::{Credentials, DynamicCredentials, Lease, LeaseId, LeaseTerm, RoleName};
use catalyst_sdk::rotation::Policy;
use catalyst_sdk::spiffe::WorkloadIdentity;
use catalyst_sdk::testing::contract::Subject;
use catalyst_sdk::{Result, Secret};

/// A database on loopback, and how to log in to it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) login: As,
    pub(crate) port: u16,
    pub(crate) policy: Policy,
}

/// As whom.
#[derive(Clone, Debug)]
pub(crate) enum As {
    /// Users that are made.
    Role(Arc<dyn DynamicCredentials>, RoleName),
    /// A workload, over TLS.
    Identity(Workload),
}

/// A user of the database who logs in by SVID, and the file with the authority of the database's own certificate.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) identity: Arc<dyn WorkloadIdentity>,
    pub(crate) user: &'static str,
    pub(crate) ca_file: PathBuf,
}

impl Place {
    pub(crate) fn new(credentials: Arc<dyn DynamicCredentials>, role: RoleName, port: u16) -> Self {
        let policy = Policy::default().jitter(Jitter::Fixed(0.0));
        Self { login: As::Role(credentials, role), port, policy }
    }

    pub(crate) fn of_identity(workload: Workload, port: u16) -> Self {
        // SVIDs of a test follow one another within moments.
        let policy = Policy::default().early_spacing(Duration::from_millis(100));
        Self { login: As::Identity(workload), port, policy }
    }

    /// The same, where every password is wrong; a start there gives up after two seconds.
    pub(crate) fn refusing(mut self) -> Self {
        if let As::Role(credentials, role) = self.login {
            self.login = As::Role(Arc::new(WrongPasswords(credentials)), role);
        }
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
