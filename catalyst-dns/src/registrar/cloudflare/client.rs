//! The calls.

use std::fmt;

use async_trait::async_trait;
use catalyst_core::http::{Method, Request, path_segment};
use catalyst_core::{Result, Secret};
use serde::de::DeserializeOwned;
use url::Url;

use super::CloudflareBuilder;
use super::answer::{self, Envelope, SERVICE, TokenState, WireDnssec, WireZone};
use crate::registrar::cause::{Cause, unreadable};
use crate::registrar::listing::{Listing, servers};
use crate::registrar::wire::{Call, Wire};
use crate::registrar::{
    NameServers, NsWrite, RegisteredDomain, Registrar, RegistrarCapabilities, TaskId, TaskState,
};
use crate::{DomainName, Ds, RecordData, RecordType};

/// An account at Cloudflare, by an API token with the permission Zone:Read. Cheap to clone.
///
/// It tells the domains and name servers, and [`set_nameservers`](Registrar::set_nameservers) is the error
/// `manual_only`: the API has no call for it (`name_servers` of a zone is output only, and the registrar's calls know
/// `auto_renew`, `locked` and `privacy`), and domains that Cloudflare sold stay on its name servers until they are
/// transferred.
///
/// ```
/// use catalyst_dns::registrar::{Cloudflare, NsWrite, Registrar};
///
/// let account = Cloudflare::builder("token".into()).build()?;
/// assert_eq!(account.capabilities().nameservers, NsWrite::ManualOnly);
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone)]
pub struct Cloudflare {
    pub(super) authorization: Secret,
    pub(super) wire: Wire,
}

/// Zones on a page, which is the most that Cloudflare gives.
const PER_PAGE: usize = 50;
/// The most pages that are read: 50,000 zones.
const MAX_PAGES: u32 = 1000;

impl Cloudflare {
    /// Sets up the account of `token`.
    pub fn builder(token: Secret) -> CloudflareBuilder {
        CloudflareBuilder::new(token)
    }

    /// The DS that the zone at Cloudflare wants in its parent, to be handed to the registrar of the domain; `None` if
    /// the zone is not signed.
    ///
    /// # Errors
    /// Those of the trait.
    pub async fn zone_ds(&self, domain: &RegisteredDomain) -> Result<Option<Ds>> {
        let zone = self.zone(domain, "read the zone's DS").await?;
        let url = self.wire.url(&format!("zones/{}/dnssec", path_segment(&zone.id)));
        let call = Call::read("read the zone's DS", domain.as_str());
        let signing: Envelope<WireDnssec> = self.get(call, url).await?;
        let WireDnssec { status, ds } = signing.result;
        let Some(record) = ds.filter(|_| matches!(&*status, "active" | "pending")) else { return Ok(None) };
        let content = record.split_once(" DS ").map_or(&*record, |(_, content)| content);
        match RecordData::parse(RecordType::Ds, content.trim())? {
            RecordData::Ds(ds) => Ok(Some(ds)),
            _ => Ok(None),
        }
    }

    async fn zone(&self, domain: &RegisteredDomain, operation: &'static str) -> Result<WireZone> {
        let mut url = self.wire.url("zones");
        url.query_pairs_mut().append_pair("name", domain.as_str());
        let found: Envelope<Vec<WireZone>> = self.get(Call::read(operation, domain.as_str()), url).await?;
        let same =
            |zone: &WireZone| DomainName::from_server(&zone.name).is_ok_and(|name| name == *domain.name());
        found
            .result
            .into_iter()
            .find(same)
            .ok_or_else(|| Cause::NotInAccount.unasked(SERVICE, operation, domain))
    }

    async fn page(&self, page: u32) -> Result<Envelope<Vec<WireZone>>> {
        let mut url = self.wire.url("zones");
        url.query_pairs_mut()
            .append_pair("page", &page.to_string())
            .append_pair("per_page", &PER_PAGE.to_string());
        self.get(Call::read("list domains", "account"), url).await
    }

    async fn get<T: DeserializeOwned>(&self, call: Call<'_>, url: Url) -> Result<T> {
        let request = || {
            Request::new(Method::Get, url.clone(), call.operation)
                .secret_header("authorization", &self.authorization)
        };
        self.wire.ask(call, request, |response| answer::read(call.operation, response)).await
    }
}

#[async_trait]
impl Registrar for Cloudflare {
    fn name(&self) -> &'static str {
        SERVICE
    }

    fn capabilities(&self) -> RegistrarCapabilities {
        // A zone's DS can be read, and the DS in the parent of a domain that another registrar sold cannot be written.
        RegistrarCapabilities { nameservers: NsWrite::ManualOnly, ds: false, house_servers: false }
    }

    async fn validate(&self) -> Result<()> {
        let operation = "check the API token";
        let url = self.wire.url("user/tokens/verify");
        let token: Envelope<TokenState> = self.get(Call::read(operation, "account"), url).await?;
        match &*token.result.status {
            "active" => Ok(()),
            status => Err(Cause::BadCredential
                .error(operation)
                .with_service(SERVICE)
                .with_server_message(&format!("the token is {status}"))),
        }
    }

    /// The zones of the account that are registered domains; a zone below one is none.
    async fn domains(&self) -> Result<Vec<RegisteredDomain>> {
        let operation = "list domains";
        let mut listing = Listing::default();
        for page in 1..=MAX_PAGES {
            let zones = self.page(page).await?;
            let empty = zones.result.is_empty();
            listing.add(operation, zones.result.iter().map(|zone| &zone.name))?;
            if empty || page >= zones.result_info.total_pages {
                return Ok(listing.finish());
            }
        }
        Err(unreadable(operation, "the pages do not end").with_service(SERVICE))
    }

    /// The servers that Cloudflare has given to the zone, which are those of the domain while the zone is active.
    ///
    /// # Errors
    /// `refused` while the zone is not active: Cloudflare does not know then what the parent says.
    async fn nameservers(&self, domain: &RegisteredDomain) -> Result<NameServers> {
        let operation = "read name servers";
        let zone = self.zone(domain, operation).await?;
        if zone.status != "active" {
            let help = "the zone is not active: the domain is not on Cloudflare's name servers, and which it has only \
                        its registrar and the parent's servers know";
            return Err(Cause::Refused
                .unasked(SERVICE, operation, domain)
                .with_help(help)
                .with_server_message(&format!("the zone is {}", zone.status)));
        }
        servers(operation, &zone.name_servers)
    }

    /// # Errors
    /// Always `manual_only`, with what a person has to do. Nothing is sent.
    async fn set_nameservers(
        &self,
        domain: &RegisteredDomain,
        servers: &NameServers,
    ) -> Result<Option<TaskId>> {
        Err(Cause::ManualOnly.unasked(SERVICE, "set name servers", domain).with_help(
            format!(
                "Cloudflare's API cannot change the name servers of a domain. If Cloudflare sold it, transfer it to \
                 another registrar first; then set the name servers to {servers} in that registrar's console, and \
                 verify the flip here"
            ),
        ))
    }

    async fn task(&self, domain: &RegisteredDomain, _task: &TaskId) -> Result<TaskState> {
        Err(Cause::Unsupported.unasked(SERVICE, "follow a task", domain))
    }

    async fn ds(&self, domain: &RegisteredDomain) -> Result<Vec<Ds>> {
        Err(Cause::Unsupported.unasked(SERVICE, "read DS records", domain).with_help(
            "Cloudflare does not tell the DS in the parent; ask the parent's servers. Cloudflare::zone_ds tells what \
             the zone wants there",
        ))
    }

    async fn set_ds(&self, domain: &RegisteredDomain, _ds: &[Ds]) -> Result<Option<TaskId>> {
        Err(Cause::Unsupported.unasked(SERVICE, "set DS records", domain))
    }
}

impl fmt::Debug for Cloudflare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cloudflare").field("wire", &self.wire).finish_non_exhaustive()
    }
}
