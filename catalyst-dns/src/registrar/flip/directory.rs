//! Where name servers are asked.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use catalyst_core::{Error, ErrorKind, Result};
use futures_util::future::try_join_all;

use crate::query::{DnsClient, NameServer, Question};
use crate::registrar::RegisteredDomain;
use crate::{DomainName, RecordData, RecordType};

/// The addresses of name servers: those that are given, and for all others what a resolver finds.
///
/// ```
/// use catalyst_dns::registrar::flip::ServerDirectory;
///
/// let resolver = "9.9.9.9:53".parse().unwrap();
/// let directory = ServerDirectory::resolver(resolver)
///     .server("ns1.openova.io".parse()?, "192.0.2.1:53".parse().unwrap());
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ServerDirectory {
    resolver: Option<SocketAddr>,
    servers: BTreeMap<DomainName, Vec<SocketAddr>>,
    parents: BTreeMap<DomainName, Vec<SocketAddr>>,
}

/// The most addresses of one server that are asked.
const MAX_ADDRESSES: usize = 8;
/// The most servers of a zone that are asked.
const MAX_SERVERS: usize = 20;
/// How far up the parent zone is looked for; names of public suffixes have fewer labels.
const MAX_LEVELS: usize = 5;

impl ServerDirectory {
    /// Only what will be given.
    pub fn given() -> Self {
        Self::default()
    }

    /// What the resolver at this address finds.
    pub fn resolver(address: SocketAddr) -> Self {
        Self { resolver: Some(address), ..Self::default() }
    }

    /// The server `name` is asked there; more than one address may be given.
    pub fn server(mut self, name: DomainName, address: SocketAddr) -> Self {
        self.servers.entry(name).or_default().push(address);
        self
    }

    /// The parent zone of all domains is asked there, instead of the servers that the resolver finds.
    pub fn parent(mut self, name: DomainName, address: SocketAddr) -> Self {
        self.parents.entry(name).or_default().push(address);
        self
    }

    /// The servers of the zone that delegates `domain`.
    pub(crate) async fn parents(
        &self,
        dns: &dyn DnsClient,
        domain: &RegisteredDomain,
    ) -> Result<Vec<NameServer>> {
        if !self.parents.is_empty() {
            let asked = |(name, addresses): (&DomainName, &Vec<SocketAddr>)| NameServer {
                name: name.clone(),
                addresses: addresses.clone(),
            };
            return Ok(self.parents.iter().map(asked).collect());
        }
        let names = self.parent_names(dns, domain).await?;
        self.all(dns, names.iter()).await
    }

    /// These servers with their addresses.
    pub(crate) async fn all(
        &self,
        dns: &dyn DnsClient,
        names: impl Iterator<Item = &DomainName>,
    ) -> Result<Vec<NameServer>> {
        let each = names.take(MAX_SERVERS).map(|name| async {
            let addresses = self.addresses(dns, name).await?;
            Ok::<_, Error>(NameServer { name: name.clone(), addresses })
        });
        try_join_all(each.collect::<Vec<_>>()).await
    }

    async fn parent_names(&self, dns: &dyn DnsClient, domain: &RegisteredDomain) -> Result<Vec<DomainName>> {
        let mut zone = domain.name().parent();
        for _level in 0..MAX_LEVELS {
            let Some(name) = zone else { break };
            let found = self.resolve(dns, &name, RecordType::Ns).await?;
            let servers: Vec<_> = found
                .into_iter()
                .filter_map(|data| if let RecordData::Ns(server) = data { Some(server) } else { None })
                .collect();
            if !servers.is_empty() {
                return Ok(servers);
            }
            zone = name.parent();
        }
        Err(unresolved(domain.name(), "the resolver finds no zone above the domain"))
    }

    async fn addresses(&self, dns: &dyn DnsClient, name: &DomainName) -> Result<Vec<SocketAddr>> {
        if let Some(given) = self.servers.get(name) {
            return Ok(given.clone());
        }
        // One after the other: a resolver that fails for one family has not failed for the other.
        let four = self.resolve(dns, name, RecordType::A).await;
        let six = self.resolve(dns, name, RecordType::Aaaa).await;
        let found = match (four, six) {
            (Err(error), Err(_)) => return Err(error),
            (four, six) => four.unwrap_or_default().into_iter().chain(six.unwrap_or_default()),
        };
        let addresses: Vec<_> = found
            .filter_map(|data| match data {
                RecordData::A(address) => Some(SocketAddr::new(IpAddr::V4(address), 53)),
                RecordData::Aaaa(address) => Some(SocketAddr::new(IpAddr::V6(address), 53)),
                _ => None,
            })
            .take(MAX_ADDRESSES)
            .collect();
        if addresses.is_empty() {
            return Err(unresolved(name, "the name server has no address"));
        }
        Ok(addresses)
    }

    async fn resolve(
        &self,
        dns: &dyn DnsClient,
        name: &DomainName,
        kind: RecordType,
    ) -> Result<Vec<RecordData>> {
        let Some(resolver) = self.resolver else {
            return Err(unresolved(name, "no address is given for it, and no resolver"));
        };
        let answer = dns.ask(resolver, &Question::new(name.clone(), kind).recursive()).await?;
        Ok(answer.data(kind).cloned().collect())
    }
}

fn unresolved(name: &DomainName, help: &str) -> Error {
    Error::new(ErrorKind::NotFound, "find name servers")
        .with_code("server_not_found")
        .with_target(name.as_str())
        .with_help(help)
}
