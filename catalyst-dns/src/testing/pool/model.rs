//! The manager's table, the zones behind it, and what goes wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use catalyst_core::Clock;

use crate::{DomainName, RecordData, RecordSet, Ttl};

/// What goes wrong with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PoolFault {
    /// The connection is closed, and nothing is done.
    Drop,
    /// It is done, and then the connection is closed without an answer.
    DropAfter,
    /// It is done, and the answer takes this long.
    SlowAfter(Duration),
    /// The next commit is stored, and its records are not written (202).
    DnsWrite,
    /// The next reservation is kept, and its DNSSEC step fails (500).
    Dnssec,
    /// The next release frees the row, and its zone stays (202).
    Teardown,
    /// The next `set-ns` has no effect at the registrar, and as its read-back fails too, success is reported.
    ReadBack,
    /// The registrar refuses with this word: `invalid-token`, `domain-not-in-account`, `rate-limited`,
    /// `api-unavailable`, `registrar-error`.
    Registrar(&'static str),
    /// The database is down (500); nothing is done.
    Database,
    /// A page of a proxy instead of data; nothing is done.
    HtmlBody,
}

/// A row of the manager's table.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) active: bool,
    pub(super) reserved_at: SystemTime,
    pub(super) expires_at: Option<SystemTime>,
    pub(super) sovereign: String,
    pub(super) load_balancer: String,
    pub(super) console: String,
    pub(super) token: String,
    pub(super) created_by: String,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) managed: BTreeSet<String>,
    /// By pool domain and label.
    pub(super) rows: BTreeMap<(String, String), Row>,
    /// The zones that PowerDNS has, without final dots: pool domains, and what was delegated from them.
    pub(super) zones: BTreeMap<String, Vec<RecordSet>>,
    /// What the registrars have.
    pub(super) nameservers: BTreeMap<String, Vec<String>>,
    pub(super) token_of_registrar: String,
    pub(super) faults: Vec<PoolFault>,
    pub(super) ahead: Duration,
    pub(super) requests: u32,
    tokens: u32,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            managed: ["openova.io", "omani.works"].map(str::to_owned).into(),
            rows: BTreeMap::new(),
            zones: ["openova.io", "omani.works"].map(|pool| (pool.to_owned(), Vec::new())).into(),
            nameservers: BTreeMap::new(),
            token_of_registrar: "canary-registrar-token".to_owned(),
            faults: Vec::new(),
            ahead: Duration::ZERO,
            requests: 0,
            tokens: 0,
        }
    }

    pub(super) fn now(&self) -> SystemTime {
        Clock::system().now() + self.ahead
    }

    /// A UUID, as the manager makes them; recognisable in logs.
    pub(super) fn token(&mut self) -> String {
        self.tokens += 1;
        format!("ca0a4700-0000-4000-8000-{:012x}", self.tokens)
    }

    /// Takes a fault away, if it is one that `fits`.
    pub(super) fn strike(&mut self, fits: impl Fn(&PoolFault) -> bool) -> Option<PoolFault> {
        let at = self.faults.iter().position(fits)?;
        Some(self.faults.remove(at))
    }

    /// Makes a child zone and delegates it; a zone that is there already is taken as it is.
    pub(super) fn delegate(&mut self, pool: &str, child: &str) {
        self.zones.entry(child.to_owned()).or_default();
        let servers = ["ns1.openova.io", "ns2.openova.io", "ns3.openova.io"];
        let servers: Option<Vec<RecordData>> =
            servers.iter().map(|name| name.parse().ok().map(RecordData::Ns)).collect();
        if let (Ok(name), Some(servers)) = (child.parse(), servers)
            && let Ok(set) = RecordSet::new(name, Ttl::HOUR, servers)
        {
            self.write(pool, set);
        }
    }

    /// Removes a child zone and its delegation.
    pub(super) fn tear_down(&mut self, pool: &str, child: &str) {
        self.zones.remove(child);
        if let Some(sets) = self.zones.get_mut(pool) {
            sets.retain(|set| set.name().without_dot() != child);
        }
    }

    /// Writes a set as a PATCH does.
    pub(super) fn write(&mut self, zone: &str, set: RecordSet) {
        let sets = self.zones.entry(zone.to_owned()).or_default();
        sets.retain(|present| present.key() != set.key());
        sets.push(set);
    }
}

pub(super) fn bare(name: &DomainName) -> String {
    name.without_dot().to_owned()
}
