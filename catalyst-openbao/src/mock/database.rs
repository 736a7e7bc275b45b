//! The database engine of the mock.

use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::Result;
use tokio::time::Instant;

use super::model::Operation as Kind;
use super::{MockOpenBao, MockRole, MockStaticRole};
use crate::operation::Operation;
use crate::{
    Credentials, DynamicCredentials, Lease, LeaseId, LeaseTerm, Mount, RoleName, StaticCredential,
    StaticCredentials,
};

/// The database engine at one mount of a [`MockOpenBao`].
#[derive(Clone, Debug)]
pub struct MockDatabase {
    bao: MockOpenBao,
    mount: Mount,
}

impl MockDatabase {
    pub(super) fn new(bao: MockOpenBao, mount: Mount) -> Self {
        Self { bao, mount }
    }

    /// Sets a dynamic role.
    #[must_use]
    pub fn role(self, name: &RoleName, role: MockRole) -> Self {
        self.bao.model().set_role(self.mount.as_str(), name.as_str(), role);
        self
    }

    /// Sets a static role, and makes its user.
    #[must_use]
    pub fn static_role(self, name: &RoleName, role: &MockStaticRole) -> Self {
        self.bao.model().set_static_role(self.mount.as_str(), name.as_str(), role);
        self
    }
}

#[async_trait]
impl DynamicCredentials for MockDatabase {
    async fn issue(&self, role: &RoleName) -> Result<Lease<Credentials>> {
        self.bao.prepare_mint();
        let (model, mount) = (self.bao.model(), self.mount.as_str());
        let path = format!("{mount}/creds/{role}");
        let issued_at = Instant::now();
        let act = |call: &_| model.issue(call, mount, role.as_str());
        let (issued, session) = self.bao.call(Operation::IssueCredentials, Kind::Issue, &path, act).await?;
        self.bao.note_lease(issued.ttl);
        let term = LeaseTerm::new(issued.ttl, issued.renewable);
        let value = Credentials::new(issued.username, issued.password);
        Ok(Lease::new(issued.lease_id.parse()?, term, issued_at, session, value))
    }

    async fn renew(&self, lease: &LeaseId, increment: Option<Duration>) -> Result<LeaseTerm> {
        let act = |call: &_| self.bao.model().renew(call, lease.as_str(), increment);
        let (renewed, _) =
            self.bao.call(Operation::RenewLease, Kind::LeaseRenew, lease.as_str(), act).await?;
        Ok(LeaseTerm::new(renewed.ttl, renewed.renewable))
    }

    async fn revoke(&self, lease: &LeaseId) -> Result<()> {
        let act = |call: &_| self.bao.model().revoke(call, lease.as_str());
        self.bao.call(Operation::RevokeLease, Kind::LeaseRevoke, lease.as_str(), act).await?;
        Ok(())
    }
}

#[async_trait]
impl StaticCredentials for MockDatabase {
    async fn read(&self, role: &RoleName) -> Result<StaticCredential> {
        let (model, mount) = (self.bao.model(), self.mount.as_str());
        let path = format!("{mount}/static-creds/{role}");
        let read_at = Instant::now();
        let act = |call: &_| model.read_static(call, mount, role.as_str());
        let (view, _) = self.bao.call(Operation::ReadStaticCredential, Kind::StaticRead, &path, act).await?;
        let credentials = Credentials::new(view.username, view.password);
        let mut credential = StaticCredential::new(credentials, view.ttl, read_at);
        credential.rotation_period = Some(view.period);
        credential.last_rotation = Some(model.wall(view.rotated));
        Ok(credential)
    }
}
