//! OVH as a [`Registrar`].

use async_trait::async_trait;
use catalyst_core::Result;

use super::Ovh;
use super::refusal::SERVICE;
use crate::Ds;
use crate::registrar::cause::Cause;
use crate::registrar::{
    NameServers, NsWrite, RegisteredDomain, Registrar, RegistrarCapabilities, TaskId, TaskState,
};

const NO_DS: &str =
    "OVH takes the public keys and makes the DS records itself: use Ovh::keys and Ovh::set_keys";

#[async_trait]
impl Registrar for Ovh {
    fn name(&self) -> &'static str {
        SERVICE
    }

    fn capabilities(&self) -> RegistrarCapabilities {
        RegistrarCapabilities { nameservers: NsWrite::Task, ds: false, house_servers: true }
    }

    async fn validate(&self) -> Result<()> {
        self.names("check the credential").await.map(drop)
    }

    async fn domains(&self) -> Result<Vec<RegisteredDomain>> {
        self.names("list domains").await
    }

    async fn nameservers(&self, domain: &RegisteredDomain) -> Result<NameServers> {
        self.servers(domain).await
    }

    async fn set_nameservers(
        &self,
        domain: &RegisteredDomain,
        servers: &NameServers,
    ) -> Result<Option<TaskId>> {
        self.update(domain, servers).await.map(Some)
    }

    async fn task(&self, domain: &RegisteredDomain, task: &TaskId) -> Result<TaskState> {
        self.task_state(domain, task).await
    }

    async fn ds(&self, domain: &RegisteredDomain) -> Result<Vec<Ds>> {
        Err(Cause::Unsupported.unasked(SERVICE, "read DS records", domain).with_help(NO_DS))
    }

    async fn set_ds(&self, domain: &RegisteredDomain, _ds: &[Ds]) -> Result<Option<TaskId>> {
        Err(Cause::Unsupported.unasked(SERVICE, "set DS records", domain).with_help(NO_DS))
    }
}
