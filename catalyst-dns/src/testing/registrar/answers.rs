//! What the fakes ask of the model, with the faults in the way.

use super::faults::{Fault, Op};
use super::model::RegistrarModel;
use super::state::{Domain, Effect, ModelDomain, Task, Trouble};
use crate::registrar::{NameServers, RegisteredDomain, TaskId, TaskState};
use crate::{Dnskey, Ds, ZoneName};

type Answer<T> = Result<T, Trouble>;

/// What the fakes ask.
impl RegistrarModel {
    /// Whether a call with this credential is heard.
    ///
    /// # Errors
    /// The trouble.
    pub fn log_in(&self, credential: &str) -> Answer<()> {
        self.hear();
        if self.lock().credential.expose() != credential {
            return Err(Trouble::BadCredential);
        }
        self.let_in()
    }

    /// A call comes, whoever makes it.
    pub(super) fn hear(&self) {
        self.lock().calls += 1;
    }

    /// The credential was found to be good.
    pub(super) fn let_in(&self) -> Answer<()> {
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
        let mut shown = self.shown(domain)?;
        if self.faults().strike(Op::ReadBack).is_some() {
            shown.servers = NameServers::from_registrar(shown.servers.iter().take(1).cloned());
        }
        Ok(shown)
    }

    /// One domain as it was last told; no time passes.
    pub(super) fn look(&self, domain: &RegisteredDomain) -> Answer<ModelDomain> {
        self.managed(Op::Read)?;
        self.shown(domain)
    }

    /// The same, whatever goes wrong.
    pub(super) fn shown(&self, domain: &RegisteredDomain) -> Answer<ModelDomain> {
        self.lock().domains.get(domain).map(Domain::shown).ok_or(Trouble::NotInAccount)
    }

    /// Writes name servers.
    ///
    /// # Errors
    /// The trouble; after [`Trouble::NoAnswer`] and [`Trouble::Severed`] it may have been done.
    pub fn write(&self, domain: &RegisteredDomain, servers: &NameServers) -> Answer<Option<TaskId>> {
        self.change(domain, Effect::Servers { servers: servers.clone(), house: false })
    }

    /// Writes name servers as the registrar's own.
    pub(super) fn write_house(
        &self,
        domain: &RegisteredDomain,
        servers: &NameServers,
    ) -> Answer<Option<TaskId>> {
        self.change(domain, Effect::Servers { servers: servers.clone(), house: true })
    }

    /// Writes the keys of a signed domain.
    pub(super) fn write_keys(&self, domain: &RegisteredDomain, keys: Vec<Dnskey>) -> Answer<Option<TaskId>> {
        self.change(domain, Effect::Keys(keys))
    }

    /// Says whose the name servers are, which stay the same.
    pub(super) fn write_kind(&self, domain: &RegisteredDomain, house: bool) -> Answer<()> {
        self.managed(Op::Write)?;
        self.shown(domain)?;
        self.lock().writes += 1;
        self.set_house(domain, house);
        Ok(())
    }

    fn change(&self, domain: &RegisteredDomain, effect: Effect) -> Answer<Option<TaskId>> {
        self.managed(Op::Write)?;
        let found = self.shown(domain)?;
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
        let task = self.start(domain, effect, fault.as_ref());
        after_effect(fault.as_ref()).map(|()| task)
    }

    fn start(&self, domain: &RegisteredDomain, effect: Effect, fault: Option<&Fault>) -> Option<TaskId> {
        let mut state = self.lock();
        state.writes += 1;
        let Some(looks_left) = state.task_looks else {
            drop(state);
            self.apply(domain, effect);
            return None;
        };
        let effect = (fault != Some(&Fault::TaskError)).then_some(effect);
        state.tasks.push(Task { domain: domain.clone(), effect, looks_left, ended: false });
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
        let effect = task.effect.clone();
        drop(state);
        if let Some(effect) = effect {
            self.apply(domain, effect);
        }
    }

    fn apply(&self, domain: &RegisteredDomain, effect: Effect) {
        let (servers, house) = match effect {
            Effect::Servers { servers, house } => (servers, house),
            Effect::Keys(keys) => return self.apply_keys(domain, keys),
        };
        let fault = self.faults().strike(Op::Parent);
        let lag = self.lock().parent_lag;
        self.edit(domain, |domain| {
            let leaving = domain.servers.iter().filter(|server| !servers.contains(server)).cloned();
            domain.leaving = NameServers::from_registrar(leaving);
            domain.house = house;
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

    fn apply_keys(&self, domain: &RegisteredDomain, keys: Vec<Dnskey>) {
        let Ok(zone) = ZoneName::try_from(domain.name().clone()) else { return };
        self.edit(domain, |domain| {
            domain.ds = keys.iter().map(|key| Ds::from_dnskey(&zone, key)).collect();
            domain.keys = keys;
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
            Some(Task { ended: true, effect: Some(_), .. }) => TaskState::Done,
            Some(Task { ended: true, effect: None, .. }) => {
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
        self.shown(domain)?;
        let fault = self.faults().strike(Op::DsEffect);
        if fault == Some(Fault::TimeoutBeforeWrite) {
            return Err(Trouble::NoAnswer);
        }
        self.lock().ds_writes += 1;
        self.set_ds(domain, ds);
        after_effect(fault.as_ref())
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
            Some(Fault::Unavailable) => Err(Trouble::Unavailable),
            Some(Fault::Drop) => Err(Trouble::Severed),
            Some(Fault::Silent) => Err(Trouble::NoAnswer),
            _ => Ok(()),
        }
    }
}

/// What becomes of the answer to a write that was done.
fn after_effect(fault: Option<&Fault>) -> Answer<()> {
    match fault {
        Some(Fault::TimeoutAfterWrite) => Err(Trouble::NoAnswer),
        Some(Fault::DropAfterWrite) => Err(Trouble::Severed),
        _ => Ok(()),
    }
}
