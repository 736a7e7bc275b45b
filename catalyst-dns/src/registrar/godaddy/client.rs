//! The calls.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use catalyst_core::http::{Method, path_segment};
use catalyst_core::{Error, ErrorKind, Result, Secret};

use super::GoDaddyBuilder;
use super::wire::{ListedDomain, NAME, WireChange, WireDomain};
use crate::registrar::fault::{Refusal, refusal};
use crate::registrar::wire::{Call, Wire};
use crate::registrar::{
    NameServers, NsWrite, RegisteredDomain, Registrar, RegistrarCapabilities, TaskId, TaskState,
};
use crate::{DomainName, Ds};

/// An account at GoDaddy, by an API key and its secret. Cheap to clone.
///
/// A small account may log in and may not manage domains, which GoDaddy says with the same 403 as to a wrong key;
/// a 403 is therefore followed by a call that any account may make, and the error is `account_tier` or
/// `bad_credential`.
///
/// ```
/// use catalyst_dns::registrar::{GoDaddy, NsWrite, Registrar};
///
/// let account = GoDaddy::builder("key".into(), "secret".into()).build()?;
/// assert_eq!(account.capabilities().nameservers, NsWrite::Direct);
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone)]
pub struct GoDaddy {
    pub(super) wire: Arc<Wire>,
}

/// Domains on a page, which is the most that GoDaddy gives.
const PER_PAGE: usize = 1000;
/// The most pages that are read: 500,000 domains.
const MAX_PAGES: usize = 500;

impl GoDaddy {
    /// Sets up the account of a key.
    pub fn builder(key: Secret, secret: Secret) -> GoDaddyBuilder {
        GoDaddyBuilder::new(key, secret)
    }

    async fn domain(&self, domain: &RegisteredDomain, operation: &'static str) -> Result<WireDomain> {
        let call = Call::read(operation, self.domain_url(domain), domain.as_str());
        match self.wire.json(&call).await {
            Err(error) => Err(self.told_apart(error).await),
            found => found,
        }
    }

    fn domain_url(&self, domain: &RegisteredDomain) -> url::Url {
        self.wire.url(&format!("v1/domains/{}", path_segment(domain.as_str())))
    }

    async fn page(&self, limit: usize, marker: Option<&str>) -> Result<Vec<ListedDomain>> {
        let mut url = self.wire.url("v1/domains");
        url.query_pairs_mut().append_pair("limit", &limit.to_string());
        if let Some(marker) = marker {
            url.query_pairs_mut().append_pair("marker", marker);
        }
        self.wire.json(&Call::read("list domains", url, "all domains")).await
    }

    /// A call that any account may make: the terms for a domain under `com`.
    async fn log_in(&self) -> Result<()> {
        let mut url = self.wire.url("v1/domains/agreements");
        url.query_pairs_mut().append_pair("tlds", "com").append_pair("privacy", "false");
        let call = Call::read("check the API key", url, "the key");
        match self.wire.send(&call).await {
            Ok(_agreements) => Ok(()),
            Err(error) if error.code() == Some(Refusal::AccountTier.code()) => {
                Err(with_status_of(refusal(NAME, Refusal::BadCredential, call.operation), &error))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a 403 means the account or the key.
    async fn told_apart(&self, error: Error) -> Error {
        if error.code() != Some(Refusal::AccountTier.code()) {
            return error;
        }
        match self.log_in().await {
            Err(login) if login.code() == Some(Refusal::BadCredential.code()) => {
                with_status_of(refusal(NAME, Refusal::BadCredential, error.operation()), &error)
            }
            _ => error,
        }
    }
}

/// Keeps what was answered, and to what.
fn with_status_of(error: Error, answered: &Error) -> Error {
    let error = error.with_status(answered.status().unwrap_or(403));
    let error = match answered.target() {
        Some(target) => error.with_target(target),
        None => error,
    };
    match answered.server_message() {
        Some(said) => error.with_server_message(said),
        None => error,
    }
}

#[async_trait]
impl Registrar for GoDaddy {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> RegistrarCapabilities {
        // Version 1 has no call for DS, and none that sets GoDaddy's own servers without their names.
        RegistrarCapabilities { nameservers: NsWrite::Direct, ds: false, house_servers: false }
    }

    async fn validate(&self) -> Result<()> {
        self.log_in().await?;
        self.page(1, None).await.map(|_domains| ())
    }

    /// The domains of the account, but for those that it once had and were cancelled or transferred away.
    async fn domains(&self) -> Result<Vec<RegisteredDomain>> {
        let mut domains = Vec::new();
        let mut marker: Option<String> = None;
        for _page in 0..MAX_PAGES {
            let page = match self.page(PER_PAGE, marker.as_deref()).await {
                Ok(page) => page,
                Err(error) => return Err(self.told_apart(error).await),
            };
            let last = page.last().map(|listed| listed.domain.clone());
            let ours = page
                .iter()
                .filter(|listed| !is_gone(&listed.status) && marker.as_ref() != Some(&listed.domain));
            domains.extend(ours.filter_map(|listed| listed.domain.parse::<RegisteredDomain>().ok()));
            // A server that does not move on would be asked for ever.
            if page.len() < PER_PAGE || last == marker {
                return Ok(domains);
            }
            marker = last;
        }
        Err(Error::new(ErrorKind::Decode, "list domains")
            .with_service(NAME)
            .with_code(Refusal::Unavailable.code())
            .with_help(format!("the list has no end after {MAX_PAGES} pages")))
    }

    async fn nameservers(&self, domain: &RegisteredDomain) -> Result<NameServers> {
        let found = self.domain(domain, "read name servers").await?;
        let servers = found.name_servers.unwrap_or_default();
        let servers: Result<Vec<_>> =
            servers.iter().take(100).map(|name| DomainName::from_server(name)).collect();
        Ok(NameServers::from_registrar(servers?))
    }

    /// Writes them directly; the answer says that it is done.
    ///
    /// # Errors
    /// `refused` for a domain that is not active, before anything is sent; `protected_domain` for one that is locked
    /// or needs a second factor, if GoDaddy refuses it for that.
    async fn set_nameservers(
        &self,
        domain: &RegisteredDomain,
        servers: &NameServers,
    ) -> Result<Option<TaskId>> {
        let operation = "set name servers";
        let found = self.domain(domain, operation).await?;
        if found.status != "ACTIVE" {
            return Err(refusal(NAME, Refusal::Refused, operation)
                .with_target(domain.as_str())
                .with_help("GoDaddy changes active domains only")
                .with_server_message(&format!("the domain is {}", found.status)));
        }
        let names = servers.iter().map(DomainName::without_dot).collect();
        let change = WireChange { name_servers: names };
        let call = Call::write(operation, Method::Patch, self.domain_url(domain), domain.as_str(), &change)?;
        let Err(error) = self.wire.send(&call).await else { return Ok(None) };
        // A lock against transfers is the rule and mostly no obstacle; with a refusal it is the likely reason.
        if found.locked && error.status() == Some(409) && error.code() == Some(Refusal::Refused.code()) {
            let locked = refusal(NAME, Refusal::ProtectedDomain, operation);
            return Err(with_status_of(locked, &error));
        }
        Err(self.told_apart(error).await)
    }

    async fn task(&self, domain: &RegisteredDomain, _task: &TaskId) -> Result<TaskState> {
        Err(refusal(NAME, Refusal::Unsupported, "follow a task").with_target(domain.as_str()))
    }

    async fn ds(&self, domain: &RegisteredDomain) -> Result<Vec<Ds>> {
        Err(refusal(NAME, Refusal::Unsupported, "read DS records").with_target(domain.as_str()))
    }

    async fn set_ds(&self, domain: &RegisteredDomain, _ds: &[Ds]) -> Result<Option<TaskId>> {
        Err(refusal(NAME, Refusal::Unsupported, "set DS records")
            .with_target(domain.as_str())
            .with_help("set the DS in GoDaddy's console; this version of its API has no call for it"))
    }
}

fn is_gone(status: &str) -> bool {
    status.starts_with("CANCELLED") || status.starts_with("TRANSFERRED")
}

impl fmt::Debug for GoDaddy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoDaddy").finish_non_exhaustive()
    }
}
