//! Dynadot as a [`Registrar`].

use async_trait::async_trait;
use catalyst_core::Result;

use super::Dynadot;
use super::refusal::SERVICE;
use crate::Ds;
use crate::registrar::cause::Cause;
use crate::registrar::{
    NameServers, NsWrite, RegisteredDomain, Registrar, RegistrarCapabilities, TaskId, TaskState,
};

#[async_trait]
impl Registrar for Dynadot {
    fn name(&self) -> &'static str {
        SERVICE
    }

    fn capabilities(&self) -> RegistrarCapabilities {
        RegistrarCapabilities { nameservers: NsWrite::Direct, ds: true, house_servers: false }
    }

    async fn validate(&self) -> Result<()> {
        self.first_page().await
    }

    async fn domains(&self) -> Result<Vec<RegisteredDomain>> {
        self.all_domains().await
    }

    async fn nameservers(&self, domain: &RegisteredDomain) -> Result<NameServers> {
        self.servers(domain).await
    }

    async fn set_nameservers(
        &self,
        domain: &RegisteredDomain,
        servers: &NameServers,
    ) -> Result<Option<TaskId>> {
        self.set_servers(domain, servers).await?;
        Ok(None)
    }

    async fn task(&self, domain: &RegisteredDomain, _task: &TaskId) -> Result<TaskState> {
        Err(Cause::Unsupported
            .unasked(SERVICE, "follow a task", domain)
            .with_help("Dynadot's changes are done at once"))
    }

    async fn ds(&self, domain: &RegisteredDomain) -> Result<Vec<Ds>> {
        self.read_ds(domain).await
    }

    /// One record a request: when records have to go, all go first, and the domain is unsigned until the new ones are
    /// there.
    async fn set_ds(&self, domain: &RegisteredDomain, ds: &[Ds]) -> Result<Option<TaskId>> {
        self.write_ds(domain, ds).await?;
        Ok(None)
    }
}
