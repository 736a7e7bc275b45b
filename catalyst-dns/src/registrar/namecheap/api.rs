//! Namecheap as a [`Registrar`].

use async_trait::async_trait;
use catalyst_core::Result;

use super::Namecheap;
use super::refusal::SERVICE;
use crate::Ds;
use crate::registrar::cause::Cause;
use crate::registrar::{
    NameServers, NsWrite, RegisteredDomain, Registrar, RegistrarCapabilities, TaskId, TaskState,
};

/// Namecheap's own servers for host records (`BasicDNS`).
const HOUSE: [&str; 2] = ["dns1.registrar-servers.com", "dns2.registrar-servers.com"];

const NO_DS: &str =
    "Namecheap's API does not take DS records; enter them by hand, or end the chain of trust first";

#[async_trait]
impl Registrar for Namecheap {
    fn name(&self) -> &'static str {
        SERVICE
    }

    fn capabilities(&self) -> RegistrarCapabilities {
        RegistrarCapabilities { nameservers: NsWrite::Direct, ds: false, house_servers: true }
    }

    async fn validate(&self) -> Result<()> {
        self.first_page().await
    }

    async fn domains(&self) -> Result<Vec<RegisteredDomain>> {
        self.all_domains().await
    }

    async fn nameservers(&self, domain: &RegisteredDomain) -> Result<NameServers> {
        Ok(self.dns(domain).await?.servers)
    }

    /// Namecheap's own servers are set by `setDefault`: named as custom ones they would be the same servers without the
    /// account's host records.
    async fn set_nameservers(
        &self,
        domain: &RegisteredDomain,
        servers: &NameServers,
    ) -> Result<Option<TaskId>> {
        if servers.iter().map(crate::DomainName::without_dot).eq(HOUSE) {
            self.use_house_servers(domain).await?;
        } else {
            self.set_custom(domain, servers).await?;
        }
        Ok(None)
    }

    async fn task(&self, domain: &RegisteredDomain, _task: &TaskId) -> Result<TaskState> {
        Err(Cause::Unsupported
            .unasked(SERVICE, "follow a task", domain)
            .with_help("Namecheap's changes are done at once"))
    }

    async fn ds(&self, domain: &RegisteredDomain) -> Result<Vec<Ds>> {
        Err(Cause::Unsupported.unasked(SERVICE, "read DS records", domain).with_help(NO_DS))
    }

    async fn set_ds(&self, domain: &RegisteredDomain, _ds: &[Ds]) -> Result<Option<TaskId>> {
        Err(Cause::Unsupported.unasked(SERVICE, "set DS records", domain).with_help(NO_DS))
    }
}
