//! The account: domains, their servers, and what goes wrong with the next request.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What goes wrong with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountFault {
    /// The connection is closed, and nothing is done.
    Drop,
    /// The next write is done, and then the connection is closed without an answer.
    DropAfterWrite,
    /// The next write is done, and its answer takes this long.
    SlowAfterWrite(Duration),
    /// The next task ends in an error with this comment, and changes nothing. Only OVH has tasks.
    TaskError(String),
    /// The next answer about name servers leaves one out.
    PartialReadBack,
    /// The credential is refused.
    BadCredential,
    /// The plan of the account does not allow the call.
    AccountTier,
    /// Too many requests, in the vendor's way to say so.
    RateLimited,
    /// The vendor is down for a moment; nothing is done.
    Unavailable,
    /// A page comes instead of data; nothing is done.
    HtmlBody,
}

/// What a request is for, as far as faults care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Write,
    ReadServers,
    Read,
}

/// An account at a registrar, behind a fake of it. Cheap to clone; clones are one account.
///
/// ```
/// use catalyst_dns::testing::FakeNamecheap;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> catalyst_dns::Result<()> {
/// use catalyst_dns::registrar::Registrar;
///
/// let fake = FakeNamecheap::start().await;
/// fake.account().add_domain("example.co.uk", &["ns1.example.net", "ns2.example.net"]);
/// let servers = fake.registrar()?.nameservers(&"example.co.uk".parse()?).await?;
/// assert_eq!(servers.to_string(), "ns1.example.net, ns2.example.net");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct FakeAccount(Arc<Mutex<State>>);

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) domains: BTreeMap<String, Domain>,
    /// Servers that the account knows; Dynadot wants them first.
    pub(super) known: BTreeSet<String>,
    pub(super) tasks: BTreeMap<u64, Task>,
    pub(super) task_polls: u32,
    pub(super) failing_task: Option<String>,
    partial: bool,
    faults: Vec<(AccountFault, bool)>,
    requests: u32,
    writes: u32,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Domain {
    pub(super) servers: BTreeSet<String>,
    /// Servers that are on their way out.
    pub(super) leaving: BTreeSet<String>,
    pub(super) house: bool,
    pub(super) locked: bool,
    /// DS records or keys, as the vendor's JSON has them.
    pub(super) keys: Vec<serde_json::Value>,
}

impl Domain {
    pub(super) fn set(&mut self, servers: impl IntoIterator<Item = String>) {
        let next: BTreeSet<String> = servers.into_iter().map(|name| name.to_lowercase()).collect();
        self.leaving = self.servers.difference(&next).cloned().collect();
        self.servers = next;
    }
}

#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) domain: String,
    pub(super) polls: u32,
    pub(super) end: Result<TaskEffect, String>,
}

#[derive(Clone, Debug)]
pub(super) enum TaskEffect {
    Servers(Vec<String>),
    Keys(Vec<serde_json::Value>),
}

impl FakeAccount {
    /// Registers a domain with these name servers, which the account then knows.
    pub fn add_domain(&self, name: &str, servers: &[&str]) {
        let servers: BTreeSet<String> = servers.iter().map(|server| (*server).to_owned()).collect();
        let mut state = self.lock();
        state.known.extend(servers.iter().cloned());
        state.domains.insert(name.to_owned(), Domain { servers, ..Domain::default() });
    }

    /// The domain uses the registrar's own servers from now on.
    pub fn set_house(&self, name: &str) {
        if let Some(domain) = self.lock().domains.get_mut(name) {
            domain.house = true;
        }
    }

    /// The domain cannot be changed from now on.
    pub fn lock_domain(&self, name: &str) {
        if let Some(domain) = self.lock().domains.get_mut(name) {
            domain.locked = true;
        }
    }

    /// The name servers that the registrar has for a domain; none if there is no such domain.
    pub fn servers(&self, name: &str) -> Vec<String> {
        self.lock()
            .domains
            .get(name)
            .map(|domain| domain.servers.iter().cloned().collect())
            .unwrap_or_default()
    }

    /// Whether a domain uses the registrar's own servers.
    pub fn is_house(&self, name: &str) -> bool {
        self.lock().domains.get(name).is_some_and(|domain| domain.house)
    }

    /// How often a task is asked for before it ends; 0 if not set.
    pub fn task_polls(&self, polls: u32) {
        self.lock().task_polls = polls;
    }

    /// The next request that this can happen to goes wrong.
    pub fn inject(&self, fault: AccountFault) {
        self.lock().faults.push((fault, false));
    }

    /// The next write goes wrong.
    pub fn inject_at_write(&self, fault: AccountFault) {
        self.lock().faults.push((fault, true));
    }

    /// How many faults have not happened yet.
    pub fn pending_faults(&self) -> usize {
        self.lock().faults.len()
    }

    /// How many requests came.
    pub fn requests(&self) -> u32 {
        self.lock().requests
    }

    /// How many requests came that change something.
    pub fn writes(&self) -> u32 {
        self.lock().writes
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts a request, and gives what goes wrong with it.
    pub(super) fn strike(&mut self, purpose: Purpose) -> Option<AccountFault> {
        self.requests += 1;
        self.writes += u32::from(purpose == Purpose::Write);
        let at = self.faults.iter().position(|(fault, at_write)| {
            let fits = match fault {
                AccountFault::DropAfterWrite
                | AccountFault::SlowAfterWrite(_)
                | AccountFault::TaskError(_) => purpose == Purpose::Write,
                AccountFault::PartialReadBack => purpose == Purpose::ReadServers,
                _ => true,
            };
            fits && (!at_write || purpose == Purpose::Write)
        })?;
        let (fault, _) = self.faults.remove(at);
        match &fault {
            AccountFault::PartialReadBack => self.partial = true,
            AccountFault::TaskError(comment) => self.failing_task = Some(comment.clone()),
            _ => {}
        }
        Some(fault)
    }

    /// The servers as an answer tells them.
    pub(super) fn told(&mut self, name: &str) -> Option<Vec<String>> {
        let left_out = usize::from(std::mem::take(&mut self.partial));
        let domain = self.domains.get(name)?;
        Some(domain.servers.iter().skip(left_out).cloned().collect())
    }

    /// Begins a task.
    pub(super) fn start(&mut self, domain: &str, effect: TaskEffect) -> u64 {
        let id = 1000 + u64::try_from(self.tasks.len()).unwrap_or_default();
        let end = self.failing_task.take().map_or(Ok(effect), Err);
        self.tasks.insert(id, Task { domain: domain.to_owned(), polls: self.task_polls, end });
        id
    }

    /// How far a task is; its effect comes with its end.
    pub(super) fn follow(&mut self, id: u64) -> Option<(&'static str, String)> {
        let task = self.tasks.get_mut(&id)?;
        if task.polls > 0 {
            task.polls -= 1;
            return Some(("doing", String::new()));
        }
        let task = task.clone();
        match task.end {
            Err(comment) => Some(("error", comment)),
            Ok(effect) => {
                let domain = self.domains.get_mut(&task.domain)?;
                match effect {
                    TaskEffect::Servers(servers) => domain.set(servers),
                    TaskEffect::Keys(keys) => domain.keys = keys,
                }
                Some(("done", String::new()))
            }
        }
    }
}

impl fmt::Debug for FakeAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("FakeAccount")
            .field("domains", &state.domains.len())
            .field("requests", &state.requests)
            .finish_non_exhaustive()
    }
}
