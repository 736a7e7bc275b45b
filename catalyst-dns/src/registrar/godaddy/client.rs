//! The calls.

use std::fmt;

use async_trait::async_trait;
use catalyst_core::http::{Method, Request, path_segment};
use catalyst_core::{Error, Result, Secret};
use serde::de::DeserializeOwned;
use url::Url;

use super::GoDaddyBuilder;
use super::answer::{self, ListedDomain, SERVICE, WireChange, WireDomain};
use crate::registrar::cause::{Cause, unreadable};
use crate::registrar::listing::{Listing, servers};
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
    pub(super) authorization: Secret,
    pub(super) shopper: Option<Secret>,
    pub(super) wire: Wire,
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
        match self.get(Call::read(operation, domain.as_str()), self.domain_url(domain)).await {
            Err(error) => Err(self.told_apart(error).await),
            found => found,
        }
    }

    fn domain_url(&self, domain: &RegisteredDomain) -> Url {
        self.wire.url(&format!("v1/domains/{}", path_segment(domain.as_str())))
    }

    async fn page(&self, limit: usize, marker: Option<&str>) -> Result<Vec<ListedDomain>> {
        let mut url = self.wire.url("v1/domains");
        url.query_pairs_mut().append_pair("limit", &limit.to_string());
        if let Some(marker) = marker {
            url.query_pairs_mut().append_pair("marker", marker);
        }
        self.get(Call::read("list domains", "account"), url).await
    }

    /// A call that any account may make: the terms for a domain under `com`.
    async fn log_in(&self) -> Result<()> {
        let mut url = self.wire.url("v1/domains/agreements");
        url.query_pairs_mut().append_pair("tlds", "com").append_pair("privacy", "false");
        let call = Call::read("check the API key", "account");
        let request = || self.request(Method::Get, &url, call);
        let heard = self.wire.ask(call, request, |response| answer::accepted(call.operation, response));
        heard.await.map_err(|error| match error.code() {
            Some(code) if code == Cause::AccountTier.code() => said_again(Cause::BadCredential, &error),
            _ => error,
        })
    }

    async fn get<T: DeserializeOwned>(&self, call: Call<'_>, url: Url) -> Result<T> {
        let request = || self.request(Method::Get, &url, call);
        self.wire.ask(call, request, |response| answer::read(call.operation, response)).await
    }

    fn request(&self, method: Method, url: &Url, call: Call<'_>) -> Result<Request> {
        let request = Request::new(method, url.clone(), call.operation)
            .secret_header("authorization", &self.authorization)?;
        match &self.shopper {
            Some(shopper) => request.secret_header("x-shopper-id", shopper),
            None => Ok(request),
        }
    }

    /// Whether a 403 means the account or the key.
    async fn told_apart(&self, error: Error) -> Error {
        if error.code() != Some(Cause::AccountTier.code()) {
            return error;
        }
        match self.log_in().await {
            Err(login) if login.code() == Some(Cause::BadCredential.code()) => {
                said_again(Cause::BadCredential, &error)
            }
            _ => error,
        }
    }
}

/// What was answered, and to what, with another meaning.
fn said_again(cause: Cause, answered: &Error) -> Error {
    let error = cause.error(answered.operation()).with_service(SERVICE);
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
        SERVICE
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
        let operation = "list domains";
        let mut listing = Listing::default();
        let mut marker: Option<String> = None;
        for _page in 0..MAX_PAGES {
            let page = match self.page(PER_PAGE, marker.as_deref()).await {
                Ok(page) => page,
                Err(error) => return Err(self.told_apart(error).await),
            };
            let last = page.last().map(|listed| listed.domain.clone());
            let ours = page.iter().filter(|listed| !is_gone(&listed.status));
            listing.add(operation, ours.map(|listed| &listed.domain))?;
            // A server that does not move on would be asked for ever.
            if page.len() < PER_PAGE || last == marker {
                return Ok(listing.finish());
            }
            marker = last;
        }
        Err(unreadable(operation, "the pages do not end").with_service(SERVICE))
    }

    async fn nameservers(&self, domain: &RegisteredDomain) -> Result<NameServers> {
        let operation = "read name servers";
        let found = self.domain(domain, operation).await?;
        servers(operation, found.name_servers.unwrap_or_default())
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
            return Err(Cause::Refused
                .unasked(SERVICE, operation, domain)
                .with_help("GoDaddy changes active domains only")
                .with_server_message(&format!("the domain is {}", found.status)));
        }
        let names = servers.iter().map(DomainName::without_dot).collect();
        let change = WireChange { name_servers: names };
        let (call, url) = (Call::write(operation, domain.as_str()), self.domain_url(domain));
        let request = || self.request(Method::Patch, &url, call)?.json(&change);
        let written = self.wire.ask(call, request, |response| answer::accepted(operation, response));
        let Err(error) = written.await else { return Ok(None) };
        // A lock against transfers is the rule and mostly no obstacle; with a refusal it is the likely reason.
        if found.locked && error.status() == Some(409) && error.code() == Some(Cause::Refused.code()) {
            return Err(said_again(Cause::ProtectedDomain, &error));
        }
        Err(self.told_apart(error).await)
    }

    async fn task(&self, domain: &RegisteredDomain, _task: &TaskId) -> Result<TaskState> {
        Err(Cause::Unsupported.unasked(SERVICE, "follow a task", domain))
    }

    async fn ds(&self, domain: &RegisteredDomain) -> Result<Vec<Ds>> {
        Err(Cause::Unsupported.unasked(SERVICE, "read DS records", domain))
    }

    async fn set_ds(&self, domain: &RegisteredDomain, _ds: &[Ds]) -> Result<Option<TaskId>> {
        Err(Cause::Unsupported
            .unasked(SERVICE, "set DS records", domain)
            .with_help("set the DS in GoDaddy's console; this version of its API has no call for it"))
    }
}

fn is_gone(status: &str) -> bool {
    status.starts_with("CANCELLED") || status.starts_with("TRANSFERRED")
}

impl fmt::Debug for GoDaddy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoDaddy").field("wire", &self.wire).finish_non_exhaustive()
    }
}
