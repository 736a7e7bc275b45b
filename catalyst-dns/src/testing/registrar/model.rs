//! One state machine behind the fakes of all registrars: an account, its domains, its tasks, and what the parent zone
//! serves.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use catalyst_core::Secret;

use super::faults::{Fault, Faults, Op};
use crate::Ds;
use crate::registrar::{NameServers, RegisteredDomain, TaskId, TaskState};

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

struct State {
    credential: Secret,
    full_account: bool,
    domains: BTreeMap<RegisteredDomain, Domain>,
    tasks: Vec<Task>,
    task_polls: Option<u32>,
    parent_lag: u32,
    writes: u32,
    calls: u32,
}

#[derive(Clone)]
struct Domain {
    servers: NameServers,
    active: bool,
    locked: bool,
    ds: Vec<Ds>,
    parent: NameServers,
    /// What the parent comes to serve, after so many questions.
    coming: Option<(NameServers, u32)>,
}

struct Task {
    domain: RegisteredDomain,
    servers: Option<NameServers>,
    polls_left: u32,
}

/// A domain as a fake shows it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModelDomain {
    /// The name servers that the registrar tells.
    pub servers: NameServers,
    /// Whether it may be changed at all.
    pub active: bool,
    /// Whether it is locked.
    pub locked: bool,
    /// The DS in the parent.
    pub ds: Vec<Ds>,
}

/// Why the account's answer is none of the ordinary ones; each fake says it in its registrar's words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// There is no answer.
    NoAnswer,
    /// Too many requests; come back after this many seconds.
    RateLimited(u64),
    /// The credential is wrong.
    BadCredential,
    /// The account is too small.
    AccountTier,
    /// A page of HTML.
    Html,
    /// The account does not have the domain.
    NotInAccount,
    /// The domain is locked or protected.
    Protected,
    /// The domain's state does not allow it.
    NotActive,
}

type Answer<T> = Result<T, Trouble>;

impl RegistrarModel {
    /// An account without domains, with a credential of its own.
    pub fn new() -> Self {
        let credential = Secret::from(format!("canary-{:016x}", fastrand::u64(..)));
        let state = State {
            credential,
            full_account: true,
            domains: BTreeMap::new(),
            tasks: Vec::new(),
            task_polls: None,
            parent_lag: 0,
            writes: 0,
            calls: 0,
        };
        Self { state: Arc::new(Mutex::new(state)), faults: Faults::default() }
    }

    /// Puts a domain into the account, delegated to `servers`.
    pub fn add_domain(&self, domain: RegisteredDomain, servers: NameServers) {
        let parent = servers.clone();
        let new = Domain { servers, active: true, locked: false, ds: Vec::new(), parent, coming: None };
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

    /// Puts DS records into the parent.
    pub fn set_ds(&self, domain: &RegisteredDomain, ds: &[Ds]) {
        self.edit(domain, |domain| domain.ds = ds.to_vec());
    }

    /// Changes what the parent serves behind the registrar's back.
    pub fn set_parent(&self, domain: &RegisteredDomain, servers: &NameServers) {
        self.edit(domain, |domain| (domain.parent, domain.coming) = (servers.clone(), None));
    }

    /// Writes become tasks, which end after this many looks.
    pub fn write_by_tasks(&self, polls: u32) {
        self.lock().task_polls = Some(polls);
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

    fn edit(&self, domain: &RegisteredDomain, edit: impl FnOnce(&mut Domain)) {
        if let Some(domain) = self.lock().domains.get_mut(domain) {
            edit(domain);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the fakes ask.
impl RegistrarModel {
    /// Whether a call with this credential is heard.
    ///
    /// # Errors
    /// The trouble.
    pub fn log_in(&self, credential: &str) -> Answer<()> {
        self.lock().calls += 1;
        if self.lock().credential.expose() != credential {
            return Err(Trouble::BadCredential);
        }
        self.trouble(Op::LogIn)
    }

    /// The account's domains.
    ///
    /// # Errors
    /// The trouble.
    pub fn domains(&self) -> Answer<Vec<(RegisteredDomain, ModelDomain)>> {
        self.managed(Op::Read)?;
        Ok(self.lock().domains.iter().map(|(name, domain)| (name.clone(), domain.shown())).collect())
    }

    /// One domain.
    ///
    /// # Errors
    /// The trouble.
    pub fn domain(&self, domain: &RegisteredDomain) -> Answer<ModelDomain> {
        self.managed(Op::Read)?;
        let mut shown = self.lock().domains.get(domain).map(Domain::shown).ok_or(Trouble::NotInAccount)?;
        if self.faults.strike(Op::ReadBack).is_some() {
            shown.servers = NameServers::from_registrar(shown.servers.iter().take(1).cloned());
        }
        Ok(shown)
    }

    /// Writes name servers.
    ///
    /// # Errors
    /// The trouble; after [`Trouble::NoAnswer`] it may have been done.
    pub fn write(&self, domain: &RegisteredDomain, servers: &NameServers) -> Answer<Option<TaskId>> {
        self.managed(Op::Write)?;
        let found = self.lock().domains.get(domain).cloned().ok_or(Trouble::NotInAccount)?;
        if !found.active {
            return Err(Trouble::NotActive);
        }
        if found.locked {
            return Err(Trouble::Protected);
        }
        let fault = self.faults.strike(Op::Effect);
        if fault == Some(Fault::TimeoutBeforeWrite) {
            return Err(Trouble::NoAnswer);
        }
        let task = self.start(domain, servers, fault.as_ref());
        match fault {
            Some(Fault::TimeoutAfterWrite) => Err(Trouble::NoAnswer),
            _ => Ok(task),
        }
    }

    fn start(
        &self,
        domain: &RegisteredDomain,
        servers: &NameServers,
        fault: Option<&Fault>,
    ) -> Option<TaskId> {
        let mut state = self.lock();
        state.writes += 1;
        let failing = fault == Some(&Fault::TaskError);
        match state.task_polls {
            Some(polls_left) => {
                let servers = (!failing).then(|| servers.clone());
                state.tasks.push(Task { domain: domain.clone(), servers, polls_left });
                let number = state.tasks.len();
                // A task whose answer is lost goes on without anybody looking.
                if fault == Some(&Fault::TimeoutAfterWrite) {
                    drop(state);
                    self.apply(domain, servers_of(self, number));
                }
                Some(TaskId(number.to_string()))
            }
            None => {
                drop(state);
                self.apply(domain, Some(servers.clone()));
                None
            }
        }
    }

    fn apply(&self, domain: &RegisteredDomain, servers: Option<NameServers>) {
        let Some(servers) = servers else { return };
        let fault = self.faults.strike(Op::Parent);
        let lag = self.lock().parent_lag;
        self.edit(domain, |domain| {
            domain.servers = servers.clone();
            domain.coming = match fault {
                Some(Fault::StuckParent) => None,
                // A part of the set, as after a registry that refuses one host.
                Some(Fault::WrongParent) => {
                    Some((NameServers::from_registrar(servers.iter().take(1).cloned()), lag))
                }
                _ => Some((servers, lag)),
            };
            domain.settle();
        });
    }

    /// How far a task is.
    ///
    /// # Errors
    /// The trouble.
    pub fn task(&self, task: &TaskId) -> Answer<TaskState> {
        self.managed(Op::Task)?;
        let number: usize = task.0.parse().unwrap_or_default();
        let mut state = self.lock();
        let found = number.checked_sub(1).and_then(|index| state.tasks.get_mut(index));
        let Some(found) = found else { return Err(Trouble::NotInAccount) };
        if found.polls_left > 0 {
            found.polls_left -= 1;
            return Ok(TaskState::Pending);
        }
        let (domain, servers) = (found.domain.clone(), found.servers.take());
        drop(state);
        if servers.is_none() {
            return Ok(TaskState::Failed("the registry refuses the servers".to_owned()));
        }
        self.apply(&domain, servers);
        Ok(TaskState::Done)
    }

    /// Writes the DS in the parent.
    ///
    /// # Errors
    /// The trouble.
    pub fn write_ds(&self, domain: &RegisteredDomain, ds: &[Ds]) -> Answer<()> {
        self.managed(Op::Write)?;
        if !self.lock().domains.contains_key(domain) {
            return Err(Trouble::NotInAccount);
        }
        self.set_ds(domain, ds);
        Ok(())
    }

    /// One question to the parent's servers.
    pub(crate) fn ask_parent(&self, domain: &RegisteredDomain) -> Option<(NameServers, Vec<Ds>)> {
        let mut state = self.lock();
        let domain = state.domains.get_mut(domain)?;
        domain.settle();
        Some((domain.parent.clone(), domain.ds.clone()))
    }

    fn managed(&self, op: Op) -> Answer<()> {
        self.trouble(op)?;
        if self.lock().full_account { Ok(()) } else { Err(Trouble::AccountTier) }
    }

    fn trouble(&self, op: Op) -> Answer<()> {
        match self.faults.strike(op) {
            Some(Fault::RateLimited(seconds)) => Err(Trouble::RateLimited(seconds)),
            Some(Fault::BadCredential) => Err(Trouble::BadCredential),
            Some(Fault::AccountTier) => Err(Trouble::AccountTier),
            Some(Fault::HtmlBody) => Err(Trouble::Html),
            Some(Fault::Silent) => Err(Trouble::NoAnswer),
            _ => Ok(()),
        }
    }
}

fn servers_of(model: &RegistrarModel, number: usize) -> Option<NameServers> {
    let mut state = model.lock();
    state.tasks.get_mut(number.checked_sub(1)?)?.servers.take()
}

impl Domain {
    fn shown(&self) -> ModelDomain {
        let Self { servers, active, locked, ds, .. } = self.clone();
        ModelDomain { servers, active, locked, ds }
    }

    fn settle(&mut self) {
        match self.coming.take() {
            Some((servers, 0)) => self.parent = servers,
            Some((servers, left)) => self.coming = Some((servers, left - 1)),
            None => {}
        }
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
