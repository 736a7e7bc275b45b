//! The account.

use std::fmt;

use catalyst_core::http::{Method, Request, Response, path_segment};
use catalyst_core::{Result, Secret};
use serde_json::json;
use zeroize::Zeroizing;

use super::DynadotBuilder;
use super::answer::{self, Domains, Servers};
use super::refusal::{self, SERVICE};
use super::sign::{request_id, signature};
use crate::registrar::cause::unreadable;
use crate::registrar::listing::{Listing, servers};
use crate::registrar::wire::{Call, Wire};
use crate::registrar::{NameServers, RegisteredDomain};

const PAGE: usize = 100;
const MAX_PAGES: usize = 1000;

/// An account at Dynadot. Cheap to clone.
///
/// The REST API of version 1: the key stands in a header and never in a URL, and every request is signed. A regular
/// account may make one request at a time, and one a second; the client keeps to that. A name server must be known to
/// the account before a domain can have it, so each is added first.
///
/// ```
/// use catalyst_dns::Secret;
/// use catalyst_dns::registrar::{Dynadot, DynadotTier};
///
/// let account = Dynadot::builder(Secret::new("key"), Secret::new("secret")).tier(DynadotTier::Bulk).build()?;
/// assert!(!format!("{account:?}").contains("secret\""));
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone)]
pub struct Dynadot {
    pub(super) key: Secret,
    pub(super) secret: Secret,
    pub(super) wire: Wire,
}

/// What is sent.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    /// Below `/restful/v1`.
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) body: &'a str,
}

impl<'a> Ask<'a> {
    pub(super) fn get(path: &'a str) -> Self {
        Self { method: Method::Get, path, query: None, body: "" }
    }
}

impl Dynadot {
    /// The account of this key and its secret, as the account's API settings show them.
    pub fn builder(key: Secret, secret: Secret) -> DynadotBuilder {
        DynadotBuilder::new(key, secret)
    }

    pub(super) async fn first_page(&self) -> Result<()> {
        let call = Call::read("check the credential", "account");
        let ask = Ask { query: Some("count_per_page=1"), ..Ask::get("/domains") };
        self.ask(call, ask, |response| answer::accepted(call.operation, response)).await
    }

    /// The documentation does not say whether pages count from 0 or from 1. So the first page is asked for without a
    /// number and the others from 1 on; whichever comes twice is dropped.
    pub(super) async fn all_domains(&self) -> Result<Vec<RegisteredDomain>> {
        let operation = "list domains";
        let mut listing = Listing::default();
        let mut query = format!("count_per_page={PAGE}");
        for page in 1..=MAX_PAGES {
            let names = self.page(operation, &query).await?;
            let last = names.len() < PAGE;
            listing.add(operation, names)?;
            if last {
                return Ok(listing.finish());
            }
            query = format!("count_per_page={PAGE}&page_index={page}");
        }
        Err(unreadable(operation, "the pages do not end").with_service(SERVICE))
    }

    async fn page(&self, operation: &'static str, query: &str) -> Result<Vec<String>> {
        let call = Call::read(operation, "account");
        let ask = Ask { query: Some(query), ..Ask::get("/domains") };
        let domains: Domains = self.ask(call, ask, |response| answer::data(operation, response)).await?;
        Ok(domains.names())
    }

    pub(super) async fn servers(&self, domain: &RegisteredDomain) -> Result<NameServers> {
        let operation = "read name servers";
        let call = Call::read(operation, domain.as_str());
        let path = path_of(domain, "nameservers");
        let told: Servers =
            self.ask(call, Ask::get(&path), |response| answer::data(operation, response)).await?;
        servers(operation, told.names())
    }

    pub(super) async fn set_servers(&self, domain: &RegisteredDomain, servers: &NameServers) -> Result<()> {
        for server in servers.iter() {
            self.add_external(domain, server.without_dot()).await?;
        }
        let operation = "set name servers";
        let names: Vec<&str> = servers.iter().map(crate::DomainName::without_dot).collect();
        let body = json!({ "nameserver_list": names }).to_string();
        let path = path_of(domain, "nameservers");
        let ask = Ask { method: Method::Put, path: &path, query: None, body: &body };
        let call = Call::write(operation, domain.as_str());
        self.ask(call, ask, |response| answer::accepted(operation, response)).await
    }

    /// Makes a server known to the account; one that is known already is no fault, so this may be repeated.
    async fn add_external(&self, domain: &RegisteredDomain, server: &str) -> Result<()> {
        let operation = "add a name server to the account";
        let path = format!("/nameservers/{}/add_external", path_segment(server));
        let ask = Ask { method: Method::Post, path: &path, query: None, body: "{}" };
        let call = Call::read(operation, domain.as_str());
        self.ask(call, ask, |response| {
            if refusal::already_there(response) { Ok(()) } else { answer::accepted(operation, response) }
        })
        .await
    }

    pub(super) async fn ask<T>(
        &self,
        call: Call<'_>,
        ask: Ask<'_>,
        read: impl Fn(&Response) -> Result<T>,
    ) -> Result<T> {
        let id = request_id();
        let result = self.wire.ask(call, || self.signed(call, ask, &id), read).await;
        result.map_err(|error| error.with_request_id(&id))
    }

    fn signed(&self, call: Call<'_>, ask: Ask<'_>, id: &str) -> Result<Request> {
        let mut url = self.wire.url(&format!("restful/v1{}", ask.path));
        url.set_query(ask.query);
        let path_and_query = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let signature = signature(self.key.expose(), self.secret.expose(), &path_and_query, id, ask.body);
        let bearer = Zeroizing::new(format!("Bearer {}", self.key.expose()));
        let request = Request::new(ask.method, url, call.operation)
            .header("x-request-id", id)?
            .secret_header("authorization", &Secret::new(bearer.as_str()))?
            .secret_header("x-signature", &Secret::from(signature))?;
        Ok(match ask.method {
            Method::Get => request.fixed_header("content-type", "application/json"),
            _ => request.bytes("application/json", Zeroizing::new(ask.body.as_bytes().to_vec())),
        })
    }
}

/// What belongs to a domain.
pub(super) fn path_of(domain: &RegisteredDomain, part: &str) -> String {
    format!("/domains/{}/{part}", domain.as_str())
}

impl fmt::Debug for Dynadot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dynadot").field("wire", &self.wire).finish_non_exhaustive()
    }
}
