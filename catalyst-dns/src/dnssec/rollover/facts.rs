//! What a plan is made of.

use std::time::{Duration, SystemTime};

use crate::dnssec::ZoneKey;
use crate::{Dnskey, Ds, Ttl};

/// How long answers are kept, and servers lag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Timing {
    pub(super) dnskey: Duration,
    pub(super) ds: Duration,
    pub(super) zone: Duration,
    pub(super) margin: Duration,
}

impl Timing {
    /// The TTL of the DNSKEY set (PowerDNS: the SOA's minimum), of the DS set in the parent, and the largest TTL of
    /// the zone, with a margin of five minutes for servers that lag.
    pub fn new(dnskey: Ttl, ds: Ttl, largest: Ttl) -> Self {
        let [dnskey, ds, zone] = [dnskey, ds, largest].map(Ttl::as_duration);
        Self { dnskey, ds, zone, margin: Duration::from_secs(300) }
    }

    /// How long the slowest server lags behind the first one. What is seen on all servers is waited for in any case;
    /// this is for what cannot be seen: signatures.
    pub fn margin(self, margin: Duration) -> Self {
        Self { margin, ..self }
    }
}

/// What several servers have: all of them, and any of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen<T> {
    /// What each server has.
    pub everywhere: Vec<T>,
    /// What at least one server has.
    pub anywhere: Vec<T>,
    /// How many were asked: of none, nothing is known.
    pub(super) servers: usize,
}

impl<T: Ord + Clone> Seen<T> {
    /// From what each server has.
    pub fn new(servers: &[Vec<T>]) -> Self {
        let mut anywhere: Vec<T> = servers.concat();
        anywhere.sort();
        anywhere.dedup();
        let on_all = |item: &&T| servers.iter().all(|server| server.contains(item));
        let everywhere = anywhere.iter().filter(on_all).cloned().collect();
        Self { everywhere, anywhere, servers: servers.len() }
    }
}

/// What was found, at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Facts {
    /// The moment.
    pub now: SystemTime,
    /// The keys that the server has.
    pub keys: Vec<ZoneKey>,
    /// The keys that the zone's servers publish.
    pub dnskeys: Seen<Dnskey>,
    /// The DS records that the parent's servers have.
    pub ds: Seen<Ds>,
}

impl Facts {
    /// The facts.
    pub fn new(now: SystemTime, keys: Vec<ZoneKey>, dnskeys: Seen<Dnskey>, ds: Seen<Ds>) -> Self {
        Self { now, keys, dnskeys, ds }
    }
}
