//! The account.

use std::fmt;

use catalyst_core::http::{Method, Request};
use catalyst_core::{Result, Secret};
use roxmltree::Node;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::answer::{self, all, named, yes};
use super::refusal::SERVICE;
use super::{NamecheapBuilder, NamecheapCredential};
use crate::registrar::cause::{Cause, unreadable};
use crate::registrar::listing::{Listing, servers};
use crate::registrar::wire::{Call, Wire};
use crate::registrar::{NameServers, RegisteredDomain};

/// The largest page that Namecheap gives.
const PAGE: usize = 100;
const MAX_PAGES: usize = 1000;

/// An account at Namecheap. Cheap to clone.
///
/// Requests are forms in the body, so that the key never stands in a URL. They come from one IPv4 address that the
/// account allows. Namecheap does not take DS records for foreign name servers:
/// [`ds`](crate::registrar::RegistrarCapabilities::ds) is false.
///
/// ```
/// use catalyst_dns::Secret;
/// use catalyst_dns::registrar::{Namecheap, NamecheapCredential};
///
/// let key = Secret::new("…");
/// let credential = NamecheapCredential::new("openova", key, [192, 0, 2, 1].into())?;
/// let account = Namecheap::builder(credential).sandbox().build()?;
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone)]
pub struct Namecheap {
    pub(super) credential: NamecheapCredential,
    pub(super) wire: Wire,
}

/// What Namecheap has for a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamecheapDns {
    /// The name servers.
    pub servers: NameServers,
    /// Whether they are Namecheap's own (`IsUsingOurDNS`), so that the host records of the account are served.
    pub house: bool,
}

impl Namecheap {
    /// The account of this credential.
    pub fn builder(credential: NamecheapCredential) -> NamecheapBuilder {
        NamecheapBuilder::new(credential)
    }

    /// The name servers of `domain` and whose they are (`domains.dns.getList`).
    ///
    /// # Errors
    /// As [`Registrar`](crate::registrar::Registrar) has them. Repeated while the registrar is unavailable.
    pub async fn dns(&self, domain: &RegisteredDomain) -> Result<NamecheapDns> {
        let operation = "read name servers";
        let form = self.about("namecheap.domains.dns.getList", domain);
        let call = Call::read(operation, domain.as_str());
        self.ask(call, &form, "DomainDNSGetListResult", |result| {
            let names = all(result, "Nameserver").filter_map(|node| node.text());
            Ok(NamecheapDns { servers: servers(operation, names)?, house: yes(result, "IsUsingOurDNS") })
        })
        .await
    }

    /// Goes back to Namecheap's own name servers and the host records that the account keeps (`domains.dns.setDefault`).
    ///
    /// # Errors
    /// As [`Registrar`](crate::registrar::Registrar) has them; not repeated once the outcome is unknown.
    ///
    /// # Cancel safety
    /// A call that is dropped may have taken effect.
    pub async fn use_house_servers(&self, domain: &RegisteredDomain) -> Result<()> {
        let form = self.about("namecheap.domains.dns.setDefault", domain);
        self.update(domain, &form, "DomainDNSSetDefaultResult").await
    }

    pub(super) async fn set_custom(&self, domain: &RegisteredDomain, servers: &NameServers) -> Result<()> {
        let names: Vec<&str> = servers.iter().map(crate::DomainName::without_dot).collect();
        let form =
            self.about("namecheap.domains.dns.setCustom", domain).field("Nameservers", &names.join(","));
        self.update(domain, &form, "DomainDNSSetCustomResult").await
    }

    async fn update(&self, domain: &RegisteredDomain, form: &Form, result: &'static str) -> Result<()> {
        let call = Call::write("set name servers", domain.as_str());
        self.ask(call, form, result, |result| {
            // The documentation writes `Update`, the API `Updated`.
            if yes(result, "Updated") || yes(result, "Update") {
                return Ok(());
            }
            Err(Cause::Refused.error(call.operation).with_help("Namecheap says that nothing was updated"))
        })
        .await
    }

    pub(super) async fn first_page(&self) -> Result<()> {
        let call = Call::read("check the credential", "account");
        let form = self.command("namecheap.domains.getList").field("PageSize", "10").field("Page", "1");
        self.ask(call, &form, "DomainGetListResult", |_result| Ok(())).await
    }

    pub(super) async fn all_domains(&self) -> Result<Vec<RegisteredDomain>> {
        let operation = "list domains";
        let call = Call::read(operation, "account");
        let mut listing = Listing::default();
        for page in 1..=MAX_PAGES {
            let form = self
                .command("namecheap.domains.getList")
                .field("PageSize", &PAGE.to_string())
                .field("Page", &page.to_string());
            let (names, total) =
                self.ask(call, &form, "CommandResponse", |result| page_of(operation, result)).await?;
            let empty = names.is_empty();
            listing.add(operation, names)?;
            if empty || listing.told() >= total {
                return Ok(listing.finish());
            }
        }
        Err(unreadable(operation, "the pages do not end").with_service(SERVICE))
    }

    async fn ask<T>(
        &self,
        call: Call<'_>,
        form: &Form,
        result: &'static str,
        read: impl Fn(Node<'_, '_>) -> Result<T>,
    ) -> Result<T> {
        let request = || {
            let request = Request::new(Method::Post, self.wire.address(), call.operation);
            Ok(request.bytes("application/x-www-form-urlencoded", form.bytes()))
        };
        self.wire.ask(call, request, |response| answer::read(call.operation, response, result, &read)).await
    }

    fn command(&self, command: &str) -> Form {
        Form::default()
            .field("ApiUser", &self.credential.api_user)
            .secret("ApiKey", &self.credential.api_key)
            .field("UserName", &self.credential.user_name)
            .field("ClientIp", &self.credential.client_ip.to_string())
            .field("Command", command)
    }

    /// The domain as Namecheap wants it: what was registered apart from its public suffix, which may have a dot.
    fn about(&self, command: &str, domain: &RegisteredDomain) -> Form {
        self.command(command).field("SLD", domain.label()).field("TLD", domain.suffix())
    }
}

fn page_of(operation: &'static str, response: Node<'_, '_>) -> Result<(Vec<String>, usize)> {
    let list =
        named(response, "DomainGetListResult").ok_or_else(|| unreadable(operation, "the list is missing"))?;
    let names = all(list, "Domain").filter_map(|node| node.attribute("Name")).map(str::to_owned).collect();
    let total = named(response, "TotalItems").and_then(|node| node.text()?.trim().parse().ok());
    Ok((names, total.ok_or_else(|| unreadable(operation, "the number of domains is missing"))?))
}

impl fmt::Debug for Namecheap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Namecheap").field("wire", &self.wire).finish_non_exhaustive()
    }
}

/// A form, wiped when it is dropped; it holds the key.
struct Form(Zeroizing<String>);

impl Default for Form {
    fn default() -> Self {
        // Room for all fields: a text that grows leaves copies behind.
        Self(Zeroizing::new(String::with_capacity(4096)))
    }
}

impl Form {
    fn field(mut self, name: &str, value: &str) -> Self {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend(form_urlencoded::byte_serialize(name.as_bytes()));
        self.0.push('=');
        self.0.extend(form_urlencoded::byte_serialize(value.as_bytes()));
        self
    }

    fn secret(self, name: &str, value: &Secret) -> Self {
        self.field(name, value.expose())
    }

    fn bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.as_bytes().to_vec())
    }
}
