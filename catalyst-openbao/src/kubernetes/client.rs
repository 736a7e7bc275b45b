//! The client.

use std::sync::Arc;

use async_trait::async_trait;
use catalyst_core::Result;
use catalyst_core::http::{Method, Request};

use super::{KubernetesConnection, KubernetesRole, ServiceAccountToken, ServiceAccountTokens, TokenRequest};
use crate::api::Api;
use crate::issuing::Issuer;
use crate::operation::{Operation, Subject};
use crate::transport::Call;
use crate::{Lease, LeaseId, Leases, Mount, RoleName};

/// The Kubernetes secrets engine at one mount; made by [`OpenBao::kubernetes`](crate::OpenBao::kubernetes). Cheap to
/// clone.
///
/// ```no_run
/// use catalyst_openbao::{AccountSource, KubernetesRole, OpenBao, ServiceAccountTokens, TokenRequest};
///
/// # async fn example(bao: OpenBao) -> catalyst_openbao::Result<()> {
/// let kubernetes = bao.kubernetes("kubernetes".parse()?);
/// let role = "deployer".parse()?;
/// let account = AccountSource::Account("deployer".to_owned());
/// kubernetes.write_role(&role, &KubernetesRole::new(account, ["shop"])).await?;
/// let lease = kubernetes.issue(&role, &TokenRequest::in_namespace("shop")).await?;
/// println!("a token of {}", lease.value.account);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct KubernetesSecrets {
    issuer: Issuer,
    mount: Mount,
}

impl KubernetesSecrets {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { issuer: Issuer::new(api), mount }
    }

    fn api(&self) -> &Arc<Api> {
        self.issuer.api()
    }

    /// Sets how the server reaches Kubernetes (`POST config`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be set.
    pub async fn configure(&self, connection: &KubernetesConnection) -> Result<()> {
        let path = [self.mount.escaped(), "/config"];
        self.api().at(Subject::Kubernetes, "configure Kubernetes engine", &path).write(connection).await
    }

    /// Writes a role (`POST roles/:name`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` if it contradicts itself.
    ///
    /// # Cancel safety
    /// It may or may not be written.
    pub async fn write_role(&self, name: &RoleName, role: &KubernetesRole) -> Result<()> {
        let path = [self.mount.escaped(), "/roles/", name.escaped()];
        self.api().at(Subject::Kubernetes, "write Kubernetes role", &path).write(role).await
    }

    /// Reads a role (`GET roles/:name`).
    ///
    /// # Errors
    /// Code `not_found` if there is none.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn read_role(&self, name: &RoleName) -> Result<KubernetesRole> {
        let path = [self.mount.escaped(), "/roles/", name.escaped()];
        self.api().at(Subject::Kubernetes, "read Kubernetes role", &path).read().await
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
        self.api().at(Subject::Kubernetes, "list Kubernetes roles", &path).list().await
    }

    /// Deletes a role; one that does not exist is a success. Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be deleted.
    pub async fn delete_role(&self, name: &RoleName) -> Result<()> {
        let path = [self.mount.escaped(), "/roles/", name.escaped()];
        self.api().at(Subject::Kubernetes, "delete Kubernetes role", &path).delete().await
    }
}

#[async_trait]
impl ServiceAccountTokens for KubernetesSecrets {
    async fn issue(&self, role: &RoleName, request: &TokenRequest) -> Result<Lease<ServiceAccountToken>> {
        let path = [self.mount.escaped(), "/creds/", role.escaped()];
        let body = |call: Request| call.json(request);
        let operation = Operation::Of(Subject::Kubernetes, "issue service account token");
        let call = Call::new(operation, Method::Post, &path).body(&body);
        self.issuer.issue(call, role, "service account tokens").await
    }

    async fn revoke(&self, lease: &LeaseId) -> Result<()> {
        Leases::new(Arc::clone(self.api())).revoke(lease).await
    }
}
