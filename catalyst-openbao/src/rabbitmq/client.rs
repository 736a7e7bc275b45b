//! The client.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::Result;
use catalyst_core::http::Method;
use serde_json::json;

use super::{RabbitConnection, RabbitRole};
use crate::api::Api;
use crate::issuing::Issuer;
use crate::operation::{Operation, Subject};
use crate::transport::Call;
use crate::{Credentials, DynamicCredentials, Lease, LeaseId, LeaseTerm, Leases, Mount, RoleName};

/// The RabbitMQ engine at one mount; made by [`OpenBao::rabbitmq`](crate::OpenBao::rabbitmq). Cheap to clone.
///
/// Its users are [`DynamicCredentials`], as those of databases are.
///
/// ```no_run
/// use catalyst_openbao::{DynamicCredentials, OpenBao, RabbitRole, VhostPermissions};
///
/// # async fn example(bao: OpenBao) -> catalyst_openbao::Result<()> {
/// let rabbitmq = bao.rabbitmq("rabbitmq".parse()?);
/// let role = "orders".parse()?;
/// let permissions = VhostPermissions::new("^$", "orders-.*", "orders-.*");
/// rabbitmq.write_role(&role, &RabbitRole::new().vhost("/", permissions)).await?;
/// let lease = rabbitmq.issue(&role).await?;
/// println!("{} until it is revoked", lease.value.username);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RabbitMq {
    issuer: Issuer,
    mount: Mount,
}

impl RabbitMq {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { issuer: Issuer::new(api), mount }
    }

    fn api(&self) -> &Arc<Api> {
        self.issuer.api()
    }

    /// Sets how the server reaches the RabbitMQ (`POST config/connection`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `backend_down` if the connection is to be tried and cannot be made.
    ///
    /// # Cancel safety
    /// It may or may not be set.
    pub async fn configure(&self, connection: &RabbitConnection) -> Result<()> {
        let path = [self.mount.escaped(), "/config/connection"];
        self.api().at(Subject::RabbitMq, "configure RabbitMQ engine", &path).write(connection).await
    }

    /// Sets how long leases last and how long they can be prolonged, in whole seconds (`POST config/lease`). Repeated
    /// after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be set.
    pub async fn configure_lease(&self, ttl: Duration, max_ttl: Duration) -> Result<()> {
        let path = [self.mount.escaped(), "/config/lease"];
        let body = json!({ "ttl": ttl.as_secs(), "max_ttl": max_ttl.as_secs() });
        self.api().at(Subject::RabbitMq, "configure RabbitMQ leases", &path).write(&body).await
    }

    /// Writes a role (`POST roles/:name`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` if it has neither a tag nor a virtual host.
    ///
    /// # Cancel safety
    /// It may or may not be written.
    pub async fn write_role(&self, name: &RoleName, role: &RabbitRole) -> Result<()> {
        let path = [self.mount.escaped(), "/roles/", name.escaped()];
        self.api().at(Subject::RabbitMq, "write RabbitMQ role", &path).write(role).await
    }

    /// Reads a role (`GET roles/:name`).
    ///
    /// # Errors
    /// Code `not_found` if there is none.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn read_role(&self, name: &RoleName) -> Result<RabbitRole> {
        let path = [self.mount.escaped(), "/roles/", name.escaped()];
        self.api().at(Subject::RabbitMq, "read RabbitMQ role", &path).read().await
    }

    /// The names of the roles (`LIST roles`).
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn list_roles(&self) -> Result<Vec<String>> {
        let path = [self.mount.escaped(), "/roles"];
        self.api().at(Subject::RabbitMq, "list RabbitMQ roles", &path).list().await
    }

    /// Deletes a role; one that does not exist is a success. Its users live on with their leases. Repeated after
    /// passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be deleted.
    pub async fn delete_role(&self, name: &RoleName) -> Result<()> {
        let path = [self.mount.escaped(), "/roles/", name.escaped()];
        self.api().at(Subject::RabbitMq, "delete RabbitMQ role", &path).delete().await
    }
}

#[async_trait]
impl DynamicCredentials for RabbitMq {
    async fn issue(&self, role: &RoleName) -> Result<Lease<Credentials>> {
        let path = [self.mount.escaped(), "/creds/", role.escaped()];
        let operation = Operation::Of(Subject::RabbitMq, "issue RabbitMQ credentials");
        self.issuer.issue(Call::new(operation, Method::Get, &path), role, "credentials").await
    }

    async fn renew(&self, lease: &LeaseId, increment: Option<Duration>) -> Result<LeaseTerm> {
        Leases::new(Arc::clone(self.api())).renew(lease, increment).await
    }

    async fn revoke(&self, lease: &LeaseId) -> Result<()> {
        Leases::new(Arc::clone(self.api())).revoke(lease).await
    }
}
