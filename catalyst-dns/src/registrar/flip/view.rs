//! What servers say about a domain, and what that comes to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;

use catalyst_core::Error;
use futures_util::future::join_all;

use crate::query::{DnsAnswer, DnsClient, NameServer, Question, ResponseCode};
use crate::registrar::NameServers;
use crate::{DomainName, Ds, RecordData, RecordType, Ttl};

/// Which of the two sets of a flip is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// The old one, everywhere.
    Before,
    /// The new one, everywhere.
    After,
    /// Not the same everywhere, or a part of one.
    Mixed,
    /// One that is neither, or no delegation at all.
    Other,
    /// Nobody answers.
    Unknown,
}

/// What one server of the parent says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerView {
    /// The server's name.
    pub server: DomainName,
    /// Where it was asked.
    pub address: SocketAddr,
    /// What it said.
    pub said: Said,
}

/// What a server says about the name servers of a domain.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Said {
    /// These; none if it does not delegate the domain.
    Servers(NameServers),
    /// No, or that it cannot.
    Refused(ResponseCode),
    /// Nothing.
    Silent(Error),
}

impl Standing {
    /// Which of two sets `seen` is.
    pub(crate) fn of(seen: &NameServers, before: &NameServers, after: &NameServers) -> Self {
        if seen == after {
            Self::After
        } else if seen == before {
            Self::Before
        } else if !seen.is_empty() && seen.iter().all(|name| before.contains(name) || after.contains(name)) {
            Self::Mixed
        } else {
            Self::Other
        }
    }

    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, one) | (one, Self::Unknown) => one,
            (one, another) if one == another => one,
            _ => Self::Mixed,
        }
    }
}

/// Asks the parent's servers for the delegation of `domain`, each at all its addresses, without recursion.
pub(crate) async fn parent_views(
    dns: &dyn DnsClient,
    parents: &[NameServer],
    domain: &DomainName,
) -> Vec<ServerView> {
    let question = Question::new(domain.clone(), RecordType::Ns);
    let asked = ask_all(dns, parents, &question).await;
    let view = |(server, address, answer): (DomainName, SocketAddr, Result<DnsAnswer, Error>)| {
        let said = match answer {
            Ok(answer) => delegation(&answer, domain),
            Err(error) => Said::Silent(error),
        };
        ServerView { server, address, said }
    };
    asked.into_iter().map(view).collect()
}

/// Asks every address of every server.
pub(crate) async fn ask_all(
    dns: &dyn DnsClient,
    servers: &[NameServer],
    question: &Question,
) -> Vec<(DomainName, SocketAddr, Result<DnsAnswer, Error>)> {
    let each = NameServer::targets(servers)
        .map(|(server, address)| async move { (server.clone(), address, dns.ask(address, question).await) });
    join_all(each).await
}

/// The name servers in an answer or a referral. The parent's own servers may stand there too, when it knows nothing of
/// the domain.
fn delegation(answer: &DnsAnswer, domain: &DomainName) -> Said {
    if !matches!(answer.code, ResponseCode::NoError | ResponseCode::NxDomain) {
        return Said::Refused(answer.code);
    }
    let records = answer.answers.iter().chain(&answer.authority);
    Said::Servers(NameServers::from_registrar(records.filter_map(|record| match &record.data {
        RecordData::Ns(server) if record.name == *domain => Some(server.clone()),
        _ => None,
    })))
}

/// What the views come to, and which servers were not heard. A server with several addresses is heard if one of them
/// answers, for not everybody has both families of addresses.
pub(crate) fn standing(
    views: &[ServerView],
    before: &NameServers,
    after: &NameServers,
) -> (Standing, BTreeSet<DomainName>) {
    let mut by_server: BTreeMap<&DomainName, Standing> = BTreeMap::new();
    for view in views {
        let seen = match &view.said {
            Said::Servers(servers) => Standing::of(servers, before, after),
            Said::Refused(_) | Said::Silent(_) => Standing::Unknown,
        };
        let standing = by_server.entry(&view.server).or_insert(Standing::Unknown);
        *standing = standing.with(seen);
    }
    let unheard = by_server.iter().filter(|(_, standing)| **standing == Standing::Unknown);
    let unheard = unheard.map(|(server, _)| (*server).clone()).collect();
    (by_server.into_values().fold(Standing::Unknown, Standing::with), unheard)
}

/// The DS of a domain as the parent's servers have them, all of them together, and the longest TTL; `None` if no server
/// answers.
pub(crate) async fn parent_ds(
    dns: &dyn DnsClient,
    parents: &[NameServer],
    domain: &DomainName,
) -> Option<(Vec<Ds>, Ttl)> {
    let question = Question::new(domain.clone(), RecordType::Ds);
    let (mut found, mut longest, mut heard) = (Vec::new(), Ttl::ZERO, false);
    for (_server, _address, answer) in ask_all(dns, parents, &question).await {
        let Ok(answer) = answer else { continue };
        heard |= matches!(answer.code, ResponseCode::NoError | ResponseCode::NxDomain);
        for record in answer.answers.into_iter().filter(|record| record.name == *domain) {
            if let RecordData::Ds(ds) = record.data {
                longest = longest.max(record.ttl);
                found.push(ds);
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    heard.then_some((found, longest))
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "the old set",
            Self::After => "the new set",
            Self::Mixed => "parts of both sets",
            Self::Other => "another set",
            Self::Unknown => "nothing",
        })
    }
}

impl fmt::Display for ServerView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): ", self.server, self.address)?;
        match &self.said {
            Said::Servers(servers) if servers.is_empty() => f.write_str("no delegation"),
            Said::Servers(servers) => servers.fmt(f),
            Said::Refused(code) => write!(f, "{code:?}"),
            Said::Silent(error) => write!(f, "no answer: {error}"),
        }
    }
}
