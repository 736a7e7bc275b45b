//! The database engine over HTTP.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::http::Method;
use catalyst_core::{Result, Secret};
use serde::Deserialize;

use crate::api::Api;
use crate::issuing::Issuer;
use crate::operation::Operation;
use crate::transport::Call;
use crate::wire::{MaybeTime, Seconds};
use crate::{
    Credentials, DynamicCredentials, Lease, LeaseId, LeaseTerm, Leases, Mount, RoleName, StaticCredential,
    StaticCredentials,
};

/// The database engine at one mount; made by [`OpenBao::database`](crate::OpenBao::database). Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    issuer: Issuer,
    mount: Mount,
}

impl Database {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { issuer: Issuer::new(api), mount }
    }

    fn api(&self) -> &Arc<Api> {
        self.issuer.api()
    }
}

#[async_trait]
impl DynamicCredentials for Database {
    async fn issue(&self, role: &RoleName) -> Result<Lease<Credentials>> {
        let path = [self.mount.escaped(), "/creds/", role.escaped()];
        // A GET that makes a user: never repeated once it may have been made.
        let call = Call::new(Operation::IssueCredentials, Method::Get, &path);
        self.issuer.issue(call, role, "credentials").await
    }

    async fn renew(&self, lease: &LeaseId, increment: Option<Duration>) -> Result<LeaseTerm> {
        Leases::new(Arc::clone(self.api())).renew(lease, increment).await
    }

    async fn revoke(&self, lease: &LeaseId) -> Result<()> {
        Leases::new(Arc::clone(self.api())).revoke(lease).await
    }
}

#[async_trait]
impl StaticCredentials for Database {
    async fn read(&self, role: &RoleName) -> Result<StaticCredential> {
        let path = [self.mount.escaped(), "/static-creds/", role.escaped()];
        let call = Call::new(Operation::ReadStaticCredential, Method::Get, &path);
        let answer = self.api().send(&call).await?;
        let wire = answer.data::<StaticWire>(&self.api().transport)?;
        Ok(StaticCredential {
            credentials: Credentials::new(wire.username, wire.password),
            ttl: wire.ttl.0,
            rotation_period: wire.rotation_period.map(|period| period.0),
            last_rotation: wire.last_vault_rotation.0,
            read_at: answer.sent_at,
        })
    }
}

#[derive(Deserialize)]
struct StaticWire {
    username: String,
    password: Secret,
    #[serde(default)]
    ttl: Seconds,
    #[serde(default)]
    rotation_period: Option<Seconds>,
    #[serde(default)]
    last_vault_rotation: MaybeTime,
}
