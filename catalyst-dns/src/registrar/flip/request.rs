//! What is to be flipped, and how long that may take.

use std::collections::BTreeMap;
use std::time::Duration;

use catalyst_core::{Backoff, Jitter};

use crate::Ds;
use crate::registrar::{NameServers, RegisteredDomain};

/// The change of a domain's name servers at its registrar.
///
/// ```
/// use catalyst_dns::registrar::NameServers;
/// use catalyst_dns::registrar::flip::{DsPlan, FlipRequest};
///
/// let servers = NameServers::new(["ns1.openova.io".parse()?, "ns2.openova.io".parse()?])?;
/// let request = FlipRequest::new("omani.works".parse()?, servers).ds(DsPlan::SameKeys);
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a request does nothing until it is given to Flipper::run"]
pub struct FlipRequest {
    pub(crate) domain: RegisteredDomain,
    pub(crate) servers: NameServers,
    pub(crate) ds: DsPlan,
}

impl FlipRequest {
    /// `domain` shall have these servers.
    pub fn new(domain: RegisteredDomain, servers: NameServers) -> Self {
        Self { domain, servers, ds: DsPlan::Refuse }
    }

    /// What becomes of the DS in the parent, if there is one. Not set, a signed domain is refused.
    pub fn ds(self, plan: DsPlan) -> Self {
        Self { ds: plan, ..self }
    }
}

/// What becomes of the DS in the parent. New servers whose keys it does not match would take the domain down for all
/// who validate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DsPlan {
    /// A domain with a DS is not flipped.
    #[default]
    Refuse,
    /// The new servers sign with the same keys, which is checked: each serves a key for each algorithm of the DS.
    SameKeys,
    /// The DS is taken away before the change, and the caches are given the time to forget it. The domain is unsigned
    /// afterwards, until a new DS is published. Only where the registrar can write DS.
    Remove,
    /// These are published before the change, beside the old ones, and the caches are given the time to see them; the
    /// new servers' keys are checked against them. The old ones stay and may be taken away a day later. Only where the
    /// registrar can write DS.
    AddFirst(Vec<Ds>),
}

/// The limits of a flip; every one has a default.
#[derive(Clone, Debug)]
#[must_use]
pub struct FlipPolicy {
    pub(crate) call: Duration,
    pub(crate) task: Duration,
    pub(crate) read_back: Duration,
    pub(crate) parent: Duration,
    pub(crate) parent_of: BTreeMap<String, Duration>,
    pub(crate) restore: Duration,
    pub(crate) settle: Duration,
    pub(crate) caches: Duration,
    pub(crate) poll: Backoff,
    pub(crate) jitter: Jitter,
}

impl Default for FlipPolicy {
    /// A call of the registrar may take 2 minutes, its task 30, the registrar's own answer 5; the parent may take an
    /// hour; writing the old set back is tried for 10 minutes, and must be seen for 5 without a break; caches are given 2 days at most. Looks are 2 s apart at
    /// first, then up to 30 s.
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            call: minutes(2),
            task: minutes(30),
            read_back: minutes(5),
            parent: minutes(60),
            parent_of: BTreeMap::new(),
            restore: minutes(10),
            settle: minutes(5),
            caches: minutes(2 * 24 * 60),
            poll: Backoff::new(Duration::from_secs(2), Duration::from_secs(30)),
            jitter: Jitter::Random,
        }
    }
}

impl FlipPolicy {
    /// How long one call of the registrar may take, its retries included.
    pub fn call(mut self, limit: Duration) -> Self {
        self.call = limit;
        self
    }

    /// How long a task of the registrar may take.
    pub fn task(mut self, limit: Duration) -> Self {
        self.task = limit;
        self
    }

    /// How long the registrar may take to tell what was written.
    pub fn read_back(mut self, limit: Duration) -> Self {
        self.read_back = limit;
        self
    }

    /// How long the parent's servers may take to serve what was written, where nothing else is said for the suffix.
    pub fn parent(mut self, limit: Duration) -> Self {
        self.parent = limit;
        self
    }

    /// The same for the domains under one public suffix: `"com"` is done in minutes, others build their zone a few
    /// times a day.
    pub fn parent_of(mut self, suffix: &str, limit: Duration) -> Self {
        self.parent_of.insert(suffix.trim_matches('.').to_ascii_lowercase(), limit);
        self
    }

    /// How long it is tried to write the old set back.
    pub fn restore(mut self, limit: Duration) -> Self {
        self.restore = limit;
        self
    }

    /// How long the old set must be seen without a break, after it was written back, to count as verified: what was
    /// written first may still come to the parent.
    pub fn settle(mut self, time: Duration) -> Self {
        self.settle = time;
        self
    }

    /// The longest time that caches are given to forget a changed DS; it is its TTL if that is shorter.
    pub fn caches(mut self, limit: Duration) -> Self {
        self.caches = limit;
        self
    }

    /// The pauses between looks.
    pub fn poll(mut self, backoff: Backoff) -> Self {
        self.poll = backoff;
        self
    }

    /// Where the randomness of the pauses comes from.
    pub fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    pub(crate) fn parent_limit(&self, domain: &RegisteredDomain) -> Duration {
        self.parent_of.get(domain.suffix()).copied().unwrap_or(self.parent)
    }
}
