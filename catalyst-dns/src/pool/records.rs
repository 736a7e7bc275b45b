//! The records of a Sovereign's zone, and which of them are missing.

use std::net::Ipv4Addr;

use catalyst_core::Result;

use crate::{DomainName, RecordData, RecordKey, RecordSet, RecordType, Ttl, ZoneName};

/// The names that lead to the load balancer.
const NAMES: [&str; 4] = ["@", "*", "gitea", "harbor"];
/// The names that lead to the console's load balancer, if it has one of its own.
const CONSOLE: [&str; 2] = ["console", "api"];
/// One more of these, in managers that know of a console's load balancer.
const MARKETPLACE: &str = "marketplace";
const TTL: u32 = 300;

/// Where the names of a Sovereign lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SovereignTarget {
    pub(super) sovereign: DomainName,
    pub(super) load_balancer: Ipv4Addr,
    pub(super) console: Option<Ipv4Addr>,
}

impl SovereignTarget {
    /// The Sovereign and its load balancer.
    pub fn new(sovereign: DomainName, load_balancer: Ipv4Addr) -> Self {
        Self { sovereign, load_balancer, console: None }
    }

    /// The console has a load balancer of its own: `console`, `api` and `marketplace` lead there. Managers before
    /// that do not know the field and leave `marketplace` out: what they wrote for the others shows up in
    /// [`Repair::kept`].
    #[must_use]
    pub fn console(mut self, load_balancer: Ipv4Addr) -> Self {
        self.console = Some(load_balancer);
        self
    }

    /// The record sets of the zone: A for `@ * console api gitea harbor`, TTL 300 (and `marketplace`, see
    /// [`console`](Self::console)).
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if a name becomes too long.
    pub fn record_sets(&self, zone: &ZoneName) -> Result<Vec<RecordSet>> {
        let console = self.console.unwrap_or(self.load_balancer);
        let names = NAMES.iter().map(|name| (*name, self.load_balancer));
        let consoles = CONSOLE.iter().map(|name| (*name, console));
        let marketplace = self.console.map(|address| (MARKETPLACE, address));
        names
            .chain(consoles)
            .chain(marketplace)
            .map(|(name, address)| {
                RecordSet::new(zone.child(name)?, Ttl::from_secs(TTL)?, [RecordData::A(address)])
            })
            .collect()
    }
}

/// What a Sovereign's zone lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repair {
    /// Sets that are not there; to be written.
    pub write: Vec<RecordSet>,
    /// Sets that stand in the way or have other data, such as an application's own record; they are somebody's, and
    /// stay.
    pub kept: Vec<RecordKey>,
}

impl Repair {
    /// Whether nothing is to be written.
    pub fn is_empty(&self) -> bool {
        self.write.is_empty()
    }
}

/// What is to be written so that `present`, the record sets of `zone`, has all of `target`. Nothing that is there is
/// replaced.
///
/// # Errors
/// [`ErrorKind::Config`](crate::ErrorKind::Config) if a name becomes too long.
pub fn repair(zone: &ZoneName, target: &SovereignTarget, present: &[RecordSet]) -> Result<Repair> {
    let mut repair = Repair::default();
    for wanted in target.record_sets(zone)? {
        let found = present.iter().find(|set| set.name() == wanted.name() && in_the_way(set.kind()));
        match found {
            None => repair.write.push(wanted),
            Some(set) if set.kind() == RecordType::A && set.records() == wanted.records() => {}
            Some(set) => repair.kept.push(set.key()),
        }
    }
    Ok(repair)
}

/// Types that answer for an address, or that bear no other beside them.
fn in_the_way(kind: RecordType) -> bool {
    matches!(
        kind,
        RecordType::A | RecordType::Cname | RecordType::Alias | RecordType::Lua | RecordType::Dname
    )
}
