//! What an account holds, and what may stand in the way of an answer.

use std::collections::BTreeMap;

use catalyst_core::Secret;

use crate::registrar::{NameServers, RegisteredDomain};
use crate::{Dnskey, Ds};

pub(super) struct State {
    pub(super) credential: Secret,
    pub(super) full_account: bool,
    pub(super) domains: BTreeMap<RegisteredDomain, Domain>,
    pub(super) tasks: Vec<Task>,
    pub(super) task_looks: Option<u32>,
    pub(super) parent_lag: u32,
    pub(super) writes: u32,
    pub(super) ds_writes: u32,
    pub(super) calls: u32,
}

#[derive(Clone)]
pub(super) struct Domain {
    pub(super) servers: NameServers,
    /// Those on their way out.
    pub(super) leaving: NameServers,
    pub(super) house: bool,
    pub(super) active: bool,
    pub(super) locked: bool,
    pub(super) keys: Vec<Dnskey>,
    pub(super) ds: Vec<Ds>,
    pub(super) parent: NameServers,
    /// What the parent comes to serve, after so many questions.
    pub(super) coming: Option<(NameServers, u32)>,
}

pub(super) struct Task {
    pub(super) domain: RegisteredDomain,
    /// `None` for a task that will fail.
    pub(super) effect: Option<Effect>,
    pub(super) looks_left: u32,
    pub(super) ended: bool,
}

/// What a write does.
#[derive(Clone)]
pub(super) enum Effect {
    Servers {
        servers: NameServers,
        house: bool,
    },
    /// The registrar makes the DS in the parent of them.
    Keys(Vec<Dnskey>),
}

/// A domain as a fake shows it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModelDomain {
    /// The name servers that the registrar tells.
    pub servers: NameServers,
    /// Those that it replaced last.
    pub leaving: NameServers,
    /// Whether they are the registrar's own, as such.
    pub house: bool,
    /// Whether it may be changed at all.
    pub active: bool,
    /// Whether it is locked.
    pub locked: bool,
    /// The keys that the DS was made of, where the registrar makes it.
    pub keys: Vec<Dnskey>,
    /// The DS in the parent.
    pub ds: Vec<Ds>,
}

/// Why the account's answer is none of the ordinary ones; each fake says it in its registrar's words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// There is no answer.
    NoAnswer,
    /// The connection is closed without one.
    Severed,
    /// It does not work at the moment, and says so.
    Unavailable,
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

impl Domain {
    pub(super) fn shown(&self) -> ModelDomain {
        let Self { servers, leaving, house, active, locked, keys, ds, .. } = self.clone();
        ModelDomain { servers, leaving, house, active, locked, keys, ds }
    }

    pub(super) fn settle(&mut self) {
        match self.coming.take() {
            Some((servers, 0)) => self.parent = servers,
            Some((servers, left)) => self.coming = Some((servers, left - 1)),
            None => {}
        }
    }
}
