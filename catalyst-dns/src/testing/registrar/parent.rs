//! The name servers that a flip asks, in process: the parent's, those of the domains, and a resolver.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result};

use super::model::RegistrarModel;
use crate::query::{AnswerRecord, DnsAnswer, DnsClient, Question, ResponseCode};
use crate::registrar::flip::ServerDirectory;
use crate::registrar::{NameServers, RegisteredDomain};
use crate::{Dnskey, DomainName, RecordData, RecordType, Serial, Soa, Ttl};

/// A small internet around a [`RegistrarModel`]: two servers of the parent zone, which serve what the model's parent
/// has; servers of the domains' zones; and a resolver that knows all their addresses. Clones share it.
#[derive(Clone, Debug)]
pub struct FakeParent {
    model: RegistrarModel,
    world: Arc<Mutex<World>>,
}

#[derive(Debug, Default)]
struct World {
    addresses: BTreeMap<DomainName, SocketAddr>,
    zones: BTreeMap<(SocketAddr, DomainName), ZoneCopy>,
    silent: BTreeSet<SocketAddr>,
}

/// A zone as one server has it.
#[derive(Clone, Debug)]
struct ZoneCopy {
    serial: Serial,
    servers: NameServers,
    keys: Vec<Dnskey>,
}

const RESOLVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(198, 51, 100, 53)), 53);
const PARENTS: [(&str, SocketAddr); 2] = [
    ("a.parent.test", SocketAddr::new(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1)), 53)),
    ("b.parent.test", SocketAddr::new(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 2)), 53)),
];

impl FakeParent {
    /// The parent of the model's domains. No server of a domain's zone is there yet.
    pub fn new(model: &RegistrarModel) -> Self {
        Self { model: model.clone(), world: Arc::default() }
    }

    /// All of `servers` serve the zone of `domain`, which names just them.
    pub fn serve(&self, domain: &RegisteredDomain, servers: &NameServers, serial: u32) {
        for server in servers.iter() {
            self.serve_at(server, domain, servers, serial, &[]);
        }
    }

    /// One server serves a copy of its own: another version, other servers in it, or with keys.
    pub fn serve_at(
        &self,
        server: &DomainName,
        domain: &RegisteredDomain,
        servers: &NameServers,
        serial: u32,
        keys: &[Dnskey],
    ) {
        let address = self.address(server);
        let copy = ZoneCopy { serial: Serial(serial), servers: servers.clone(), keys: keys.to_vec() };
        self.lock().zones.insert((address, domain.name().clone()), copy);
    }

    /// Nobody hears of this server any more, be it the parent's (`a.parent.test`, `b.parent.test`) or another one.
    pub fn silence(&self, server: &DomainName) {
        let address = parent_address(server).unwrap_or_else(|| self.address(server));
        self.lock().silent.insert(address);
    }

    /// All servers answer again.
    pub fn speak(&self) {
        self.lock().silent.clear();
    }

    /// The addresses, by the resolver.
    pub fn directory(&self) -> ServerDirectory {
        ServerDirectory::resolver(RESOLVER)
    }

    fn address(&self, server: &DomainName) -> SocketAddr {
        let mut world = self.lock();
        let next = u8::try_from(world.addresses.len() + 1).unwrap_or(u8::MAX);
        let free = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, next)), 53);
        *world.addresses.entry(server.clone()).or_insert(free)
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn resolve(&self, question: &Question) -> Result<DnsAnswer> {
        let (name, mut answer) = (question.name(), DnsAnswer::empty(ResponseCode::NoError));
        match question.kind() {
            RecordType::A => {
                let known = parent_address(name).or_else(|| self.lock().addresses.get(name).copied());
                if let Some(IpAddr::V4(address)) = known.map(|address| address.ip()) {
                    answer.answers.push(record(name, RecordData::A(address)));
                }
            }
            RecordType::Ns if is_suffix(name) => {
                for (server, _) in PARENTS {
                    answer.answers.push(record(name, RecordData::Ns(server.parse()?)));
                }
            }
            _ => {}
        }
        Ok(answer)
    }

    fn refer(&self, question: &Question) -> Result<DnsAnswer> {
        let domain = RegisteredDomain::try_from(question.name().clone())?;
        let Some((servers, ds)) = self.model.ask_parent(&domain) else {
            let mut answer = DnsAnswer::empty(ResponseCode::NxDomain);
            answer.authoritative = true;
            return Ok(answer);
        };
        let mut answer = DnsAnswer::empty(ResponseCode::NoError);
        let name = question.name();
        if question.kind() == RecordType::Ds {
            answer.authoritative = true;
            answer.answers = ds.into_iter().map(|ds| record(name, RecordData::Ds(ds))).collect();
        } else {
            // A referral: the parent has no authority over the delegation.
            answer.authority =
                servers.iter().map(|server| record(name, RecordData::Ns(server.clone()))).collect();
        }
        Ok(answer)
    }

    fn zone(&self, server: SocketAddr, question: &Question) -> Result<DnsAnswer> {
        let copy = self.lock().zones.get(&(server, question.name().clone())).cloned();
        let Some(copy) = copy else { return Ok(DnsAnswer::empty(ResponseCode::Refused)) };
        let name = question.name();
        let data: Vec<RecordData> = match question.kind() {
            RecordType::Soa => vec![RecordData::Soa(soa(name, &copy)?)],
            RecordType::Ns => copy.servers.iter().cloned().map(RecordData::Ns).collect(),
            RecordType::Dnskey => copy.keys.iter().cloned().map(RecordData::Dnskey).collect(),
            _ => Vec::new(),
        };
        let mut answer = DnsAnswer::empty(ResponseCode::NoError);
        answer.authoritative = true;
        answer.answers = data.into_iter().map(|data| record(name, data)).collect();
        Ok(answer)
    }
}

fn is_suffix(name: &DomainName) -> bool {
    !name.is_root() && RegisteredDomain::try_from(name.clone()).is_err()
}

fn parent_address(name: &DomainName) -> Option<SocketAddr> {
    PARENTS.iter().find(|(server, _)| name.without_dot() == *server).map(|(_, address)| *address)
}

fn soa(name: &DomainName, copy: &ZoneCopy) -> Result<Soa> {
    Ok(Soa {
        primary: copy.servers.iter().next().cloned().unwrap_or_else(|| name.clone()),
        mailbox: name.child("hostmaster")?,
        serial: copy.serial,
        refresh: 10_800,
        retry: 3600,
        expire: 604_800,
        minimum: 3600,
    })
}

fn record(name: &DomainName, data: RecordData) -> AnswerRecord {
    AnswerRecord { name: name.clone(), ttl: Ttl::HOUR, data }
}

#[async_trait]
impl DnsClient for FakeParent {
    async fn ask(&self, server: SocketAddr, question: &Question) -> Result<DnsAnswer> {
        tokio::task::yield_now().await;
        let silent = self.lock().silent.contains(&server);
        if server == RESOLVER && !silent {
            return self.resolve(question);
        }
        let is_parent = PARENTS.iter().any(|(_, address)| *address == server);
        let known = self.lock().addresses.values().any(|address| *address == server);
        if silent || !(is_parent || known) {
            return Err(Error::new(ErrorKind::Timeout, "ask a name server").with_target(server.to_string()));
        }
        if is_parent { self.refer(question) } else { self.zone(server, question) }
    }
}
