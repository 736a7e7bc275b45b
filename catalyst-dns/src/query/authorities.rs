//! Which servers answer for a zone, and where they are.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use catalyst_core::{Error, ErrorKind, Result};
use futures_util::future::join_all;

use super::{DnsAnswer, DnsClient, Question, ResponseCode};
use crate::{DomainName, RecordData, RecordType, ZoneName};

/// The most name servers of a zone that are asked; the most that fit into an old answer.
const MAX_SERVERS: usize = 13;
/// The most addresses of one name server.
const MAX_ADDRESSES: usize = 4;

/// One name server of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NameServer {
    /// Its name.
    pub name: DomainName,
    /// Where it is; at most four addresses are kept.
    pub addresses: Vec<SocketAddr>,
}

impl NameServer {
    /// The server `name` at these addresses.
    pub fn new(name: DomainName, addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self { name, addresses: addresses.into_iter().take(MAX_ADDRESSES).collect() }
    }

    /// Each address of each server, with the server's name.
    pub(crate) fn targets(servers: &[Self]) -> impl Iterator<Item = (&DomainName, SocketAddr)> {
        servers.iter().flat_map(|server| server.addresses.iter().map(|address| (&server.name, *address)))
    }
}

impl fmt::Display for NameServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addresses: Vec<String> = self.addresses.iter().map(SocketAddr::to_string).collect();
        write!(f, "{} ({})", self.name, addresses.join(", "))
    }
}

/// Where the authoritative servers of a zone are known from: given, or asked of resolvers.
///
/// ```
/// use std::sync::Arc;
///
/// use catalyst_dns::query::{Authorities, NameServer, NameServerClient};
///
/// let given = NameServer::new("ns1.example.org".parse()?, ["192.0.2.1:53".parse().expect("an address")]);
/// let authorities = Authorities::fixed([given]);
///
/// let resolver = "127.0.0.53:53".parse().expect("an address");
/// let authorities = Authorities::resolved(Arc::new(NameServerClient::new()), [resolver]).ipv4_only();
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Authorities {
    source: Source,
    ipv4_only: bool,
    port: u16,
}

#[derive(Clone, Debug)]
enum Source {
    Fixed(Vec<NameServer>),
    Resolved { client: Arc<dyn DnsClient>, resolvers: Vec<SocketAddr> },
}

impl Authorities {
    /// These servers, whichever the zone; at most 13.
    pub fn fixed(servers: impl IntoIterator<Item = NameServer>) -> Self {
        let servers = servers.into_iter().take(MAX_SERVERS).collect();
        Self { source: Source::Fixed(servers), ipv4_only: false, port: 53 }
    }

    /// The servers that the zone's NS records name, as these resolvers know them. The second resolver is asked when
    /// the first does not answer or fails.
    pub fn resolved(client: Arc<dyn DnsClient>, resolvers: impl IntoIterator<Item = SocketAddr>) -> Self {
        let resolvers = resolvers.into_iter().take(MAX_SERVERS).collect();
        Self { source: Source::Resolved { client, resolvers }, ipv4_only: false, port: 53 }
    }

    /// Leaves IPv6 addresses out, where there is no IPv6 from here.
    pub fn ipv4_only(self) -> Self {
        Self { ipv4_only: true, ..self }
    }

    /// The port of servers that were resolved; 53 unless set.
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// The servers of `zone`, at most 13 with at most four addresses each.
    ///
    /// # Errors
    /// `NotFound` with code `no_name_servers` if the zone has none with an address, `no_address` if one of them has
    /// none: what cannot be asked must not pass for agreement. `Unavailable` with code `resolver_failed` if no resolver
    /// could tell.
    pub async fn of(&self, zone: &ZoneName) -> Result<Vec<NameServer>> {
        let mut servers = match &self.source {
            Source::Fixed(servers) => servers.clone(),
            Source::Resolved { .. } => self.resolve(zone).await?,
        };
        for server in &mut servers {
            server.addresses.retain(|address| address.is_ipv4() || !self.ipv4_only);
        }
        if servers.iter().all(|server| server.addresses.is_empty()) {
            let help = "no name server with an address is known; is the zone delegated?".to_owned();
            return Err(missing(zone, "no_name_servers", help));
        }
        Ok(servers)
    }

    /// Where `name` really is, by its CNAMEs, as resolvers see it; itself where no resolver is known.
    pub(crate) async fn canonical(&self, name: &DomainName) -> Result<DomainName> {
        if matches!(self.source, Source::Fixed(_)) {
            return Ok(name.clone());
        }
        let answer = self.ask(Question::new(name.clone(), RecordType::Txt).recursive()).await?;
        let mut end = name.clone();
        // As many as there are records: a circle ends, too.
        for _ in 0..answer.answers.len().min(16) {
            let next = answer.answers.iter().find_map(|record| match &record.data {
                RecordData::Cname(target) if record.name == end => Some(target.clone()),
                _ => None,
            });
            match next {
                Some(next) => end = next,
                None => break,
            }
        }
        Ok(end)
    }

    async fn resolve(&self, zone: &ZoneName) -> Result<Vec<NameServer>> {
        let answer = self.ask(Question::new(zone.apex().clone(), RecordType::Ns).recursive()).await?;
        let mut names: Vec<DomainName> = answer
            .answers
            .iter()
            .filter(|record| record.name == *zone.apex())
            .filter_map(|record| match &record.data {
                RecordData::Ns(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        names.sort();
        names.dedup();
        names.truncate(MAX_SERVERS);
        let found = join_all(names.into_iter().map(|name| async move {
            let addresses = self.addresses(&name).await?;
            if addresses.is_empty() && !self.ipv4_only {
                return Err(missing(zone, "no_address", format!("its name server {name} has no address")));
            }
            Ok(NameServer::new(name, addresses))
        }));
        found.await.into_iter().collect()
    }

    /// A name server may have addresses of one family only; both questions failing is a failure.
    async fn addresses(&self, name: &DomainName) -> Result<Vec<SocketAddr>> {
        let mut found = Vec::new();
        for kind in [RecordType::A, RecordType::Aaaa] {
            if kind == RecordType::Aaaa && self.ipv4_only {
                continue;
            }
            let answer = self.ask(Question::new(name.clone(), kind).recursive()).await?;
            found.extend(answer.data(kind).filter_map(|data| match data {
                RecordData::A(address) => Some(IpAddr::V4(*address)),
                RecordData::Aaaa(address) => Some(IpAddr::V6(*address)),
                _ => None,
            }));
        }
        Ok(found.into_iter().map(|address| SocketAddr::new(address, self.port)).collect())
    }

    async fn ask(&self, question: Question) -> Result<DnsAnswer> {
        let failed = || {
            Error::new(ErrorKind::Unavailable, "ask a resolver")
                .with_code("resolver_failed")
                .with_target(question.to_string())
        };
        let mut last = failed().with_help("no resolver is configured");
        let Source::Resolved { client, resolvers } = &self.source else { return Err(last) };
        for resolver in resolvers {
            match client.ask(*resolver, &question).await {
                Ok(answer) if matches!(answer.code, ResponseCode::NoError | ResponseCode::NxDomain) => {
                    return Ok(answer);
                }
                Ok(answer) => {
                    last = failed().with_help(format!("{resolver} answered {:?}", answer.code));
                }
                Err(error) => last = failed().with_help("no resolver answered").with_source(error),
            }
        }
        Err(last)
    }
}

fn missing(zone: &ZoneName, code: &'static str, help: String) -> Error {
    Error::new(ErrorKind::NotFound, "find the name servers of a zone")
        .with_code(code)
        .with_target(zone.as_str())
        .with_help(help)
}
