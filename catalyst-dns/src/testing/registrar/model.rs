//! One state machine behind the fakes of all registrars: an account, its domains, its tasks, and what the parent zone
//! serves.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use catalyst_core::Secret;

use super::faults::Faults;
use super::state::{Domain, State};
use crate::Ds;
use crate::registrar::{NameServers, RegisteredDomain};

/// A registrar's account. Clones share it.
///
/// ```
/// use catalyst_dns::registrar::NameServers;
/// use catalyst_dns::testing::registrar::RegistrarModel;
///
/// let model = RegistrarModel::new();
/// let servers = NameServers::new(["ns1.example.net".parse()?, "ns2.example.net".parse()?])?;
/// model.add_domain("omani.works".parse()?, servers.clone());
/// assert_eq!(model.parent_serves(&"omani.works".parse()?), Some(servers));
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone)]
pub struct RegistrarModel {
    state: Arc<Mutex<State>>,
    faults: Faults,
}

impl RegistrarModel {
    /// An account without domains, with a credential of its own.
    pub fn new() -> Self {
        let credential = Secret::from(format!("canary-{:016x}", fastrand::u64(..)));
        let state = State {
            credential,
            full_account: true,
            domains: BTreeMap::new(),
            tasks: Vec::new(),
            task_looks: None,
            parent_lag: 0,
            writes: 0,
            ds_writes: 0,
            calls: 0,
        };
        Self { state: Arc::new(Mutex::new(state)), faults: Faults::default() }
    }

    /// Puts a domain into the account, delegated to `servers`.
    pub fn add_domain(&self, domain: RegisteredDomain, servers: NameServers) {
        let parent = servers.clone();
        let new = Domain {
            servers,
            leaving: NameServers::from_registrar([]),
            house: false,
            active: true,
            locked: false,
            keys: Vec::new(),
            ds: Vec::new(),
            parent,
            coming: None,
        };
        self.lock().domains.insert(domain, new);
    }

    /// Says whether the domain is active.
    pub fn set_active(&self, domain: &RegisteredDomain, active: bool) {
        self.edit(domain, |domain| domain.active = active);
    }

    /// Locks the domain.
    pub fn set_locked(&self, domain: &RegisteredDomain, locked: bool) {
        self.edit(domain, |domain| domain.locked = locked);
    }

    /// Says whether the name servers are the registrar's own, as such.
    pub fn set_house(&self, domain: &RegisteredDomain, house: bool) {
        self.edit(domain, |domain| domain.house = house);
    }

    /// Whether the name servers are the registrar's own, as such.
    pub fn is_house(&self, domain: &RegisteredDomain) -> bool {
        self.lock().domains.get(domain).is_some_and(|domain| domain.house)
    }

    /// Puts DS records into the parent.
    pub fn set_ds(&self, domain: &RegisteredDomain, ds: &[Ds]) {
        self.edit(domain, |domain| domain.ds = ds.to_vec());
    }

    /// The DS records in the parent, without a question.
    pub fn ds(&self, domain: &RegisteredDomain) -> Vec<Ds> {
        self.lock().domains.get(domain).map(|domain| domain.ds.clone()).unwrap_or_default()
    }

    /// Changes what the parent serves behind the registrar's back.
    pub fn set_parent(&self, domain: &RegisteredDomain, servers: &NameServers) {
        self.edit(domain, |domain| (domain.parent, domain.coming) = (servers.clone(), None));
    }

    /// Writes become tasks, which end after this many looks at them or at their domain.
    pub fn write_by_tasks(&self, looks: u32) {
        self.lock().task_looks = Some(looks);
    }

    /// Whether writes become tasks.
    pub fn writes_by_tasks(&self) -> bool {
        self.lock().task_looks.is_some()
    }

    /// The parent serves what was written only after this many questions.
    pub fn set_parent_lag(&self, questions: u32) {
        self.lock().parent_lag = questions;
    }

    /// Says whether the account is large enough to manage domains by the API.
    pub fn set_full_account(&self, full: bool) {
        self.lock().full_account = full;
    }

    /// The account's credential.
    pub fn credential(&self) -> Secret {
        self.lock().credential.clone()
    }

    /// The script of faults.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// How many writes took effect, or became tasks.
    pub fn writes(&self) -> u32 {
        self.lock().writes
    }

    /// How many writes of DS records took effect.
    pub fn ds_writes(&self) -> u32 {
        self.lock().ds_writes
    }

    /// How many calls were heard, whatever became of them.
    pub fn calls(&self) -> u32 {
        self.lock().calls
    }

    /// What the registrar has for the domain, without a fault.
    pub fn has(&self, domain: &RegisteredDomain) -> Option<NameServers> {
        self.lock().domains.get(domain).map(|domain| domain.servers.clone())
    }

    /// What the parent serves, without a question.
    pub fn parent_serves(&self, domain: &RegisteredDomain) -> Option<NameServers> {
        self.lock().domains.get(domain).map(|domain| domain.parent.clone())
    }

    pub(super) fn edit(&self, domain: &RegisteredDomain, edit: impl FnOnce(&mut Domain)) {
        if let Some(domain) = self.lock().domains.get_mut(domain) {
            edit(domain);
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for RegistrarModel {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RegistrarModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("RegistrarModel")
            .field("domains", &state.domains.len())
            .field("writes", &state.writes)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
