//! What the fakes ask of the model, with the faults in the way.

use super::faults::{Fault, Op};
use super::model::{Domain, ModelDomain, RegistrarModel, Task, Trouble};
use crate::Ds;
use crate::registrar::{NameServers, RegisteredDomain, TaskId, TaskState};

type Answer<T> = Result<T, Trouble>;

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
        self.tick(domain);
        let mut shown = self.lock().domains.get(domain).map(Domain::shown).ok_or(Trouble::NotInAccount)?;
        if self.faults().strike(Op::ReadBack).is_some() {
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
        let fault = self.faults().strike(Op::Effect);
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
        let Some(looks_left) = state.task_looks else {
            drop(state);
            self.apply(domain, servers);
            return None;
        };
        let servers = (fault != Some(&Fault::TaskError)).then(|| servers.clone());
        state.tasks.push(Task { domain: domain.clone(), servers, looks_left, ended: false });
        Some(TaskId(state.tasks.len().to_string()))
    }

    /// Time passes for the tasks of a domain by looks; the first that has not ended moves, for they are done one after
    /// the other.
    fn tick(&self, domain: &RegisteredDomain) {
        let mut state = self.lock();
        let mut waiting = state.tasks.iter_mut().filter(|task| task.domain == *domain && !task.ended);
        let Some(task) = waiting.next() else { return };
        if task.looks_left > 0 {
            task.looks_left -= 1;
            return;
        }
        task.ended = true;
        let servers = task.servers.clone();
        drop(state);
        if let Some(servers) = servers {
            self.apply(domain, &servers);
        }
    }

    fn apply(&self, domain: &RegisteredDomain, servers: &NameServers) {
        let fault = self.faults().strike(Op::Parent);
        let lag = self.lock().parent_lag;
        self.edit(domain, |domain| {
            domain.servers = servers.clone();
            domain.coming = match fault {
                Some(Fault::StuckParent) => None,
                // A part of the set, as after a registry that refuses one host.
                Some(Fault::WrongParent) => {
                    Some((NameServers::from_registrar(servers.iter().take(1).cloned()), lag))
                }
                _ => Some((servers.clone(), lag)),
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
        let index = number.checked_sub(1).ok_or(Trouble::NotInAccount)?;
        let domain = self.lock().tasks.get(index).map(|task| task.domain.clone());
        self.tick(&domain.ok_or(Trouble::NotInAccount)?);
        let state = self.lock();
        Ok(match state.tasks.get(index) {
            Some(Task { ended: true, servers: Some(_), .. }) => TaskState::Done,
            Some(Task { ended: true, servers: None, .. }) => {
                TaskState::Failed("the registry refuses the servers".to_owned())
            }
            _ => TaskState::Pending,
        })
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
        match self.faults().strike(op) {
            Some(Fault::RateLimited(seconds)) => Err(Trouble::RateLimited(seconds)),
            Some(Fault::BadCredential) => Err(Trouble::BadCredential),
            Some(Fault::AccountTier) => Err(Trouble::AccountTier),
            Some(Fault::HtmlBody) => Err(Trouble::Html),
            Some(Fault::Silent) => Err(Trouble::NoAnswer),
            _ => Ok(()),
        }
    }
}
