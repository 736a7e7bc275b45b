//! The registry: its servers come to serve what the registrar has, unless something goes wrong.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use catalyst_dns::Result;
use catalyst_dns::query::{DnsAnswer, DnsClient, Question};
use catalyst_dns::registrar::flip::ServerDirectory;
use catalyst_dns::registrar::{NameServers, RegisteredDomain};
use catalyst_dns::testing::registrar::{FakeParent, Fault as ModelFault, FaultRule, RegistrarModel};

use super::Broken;
use super::account::Account;
use crate::options::Fault;

/// The version of the zone that all its servers have.
const SERIAL: u32 = 1;

/// The parent's servers and those of the domain. Clones share it.
#[derive(Clone)]
pub(super) struct Registry {
    account: Arc<Account>,
    domain: RegisteredDomain,
    parent: FakeParent,
    /// What the parent's servers serve.
    delegations: RegistrarModel,
    /// The set that the registrar had when it was last looked at.
    taken: Arc<Mutex<NameServers>>,
}

impl Registry {
    /// Delegates the domain to the first of these sets; all of them serve the zone.
    pub(super) fn new(
        account: Arc<Account>,
        domain: &RegisteredDomain,
        sets: [&NameServers; 2],
    ) -> std::result::Result<Self, Broken> {
        let delegations = RegistrarModel::new();
        delegations.add_domain(domain.clone(), sets[0].clone());
        let parent = FakeParent::new(&delegations);
        for servers in sets {
            parent.serve(domain, servers, SERIAL);
        }
        let taken = Arc::new(Mutex::new(account.has(domain)?));
        Ok(Self { account, domain: domain.clone(), parent, delegations, taken })
    }

    pub(super) fn directory(&self) -> ServerDirectory {
        self.parent.directory()
    }

    /// What goes wrong with the next set that comes from the registrar.
    pub(super) fn breaks(&self, fault: Fault) {
        let fault = match fault {
            Fault::WrongParent => ModelFault::WrongParent,
            Fault::StuckParent | Fault::NoWayBack => ModelFault::StuckParent,
            Fault::None | Fault::LostAnswer | Fault::TaskError | Fault::PartialReadBack => return,
        };
        self.delegations.faults().inject(FaultRule::new(fault));
    }

    /// What has not gone wrong yet.
    pub(super) fn pending_faults(&self) -> usize {
        self.delegations.faults().pending()
    }

    /// What the parent's servers serve.
    pub(super) fn serves(&self) -> Option<NameServers> {
        self.follow();
        self.delegations.parent_serves(&self.domain)
    }

    /// Takes over what the registrar has, if that is new.
    fn follow(&self) {
        let Ok(has) = self.account.has(&self.domain) else { return };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if has != *taken {
            // The registry takes what a registrar brings; its faults are in what it serves then.
            self.delegations.write(&self.domain, &has).ok();
            *taken = has;
        }
    }
}

#[async_trait]
impl DnsClient for Registry {
    async fn ask(&self, server: SocketAddr, question: &Question) -> Result<DnsAnswer> {
        self.follow();
        self.parent.ask(server, question).await
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("domain", &self.domain).finish_non_exhaustive()
    }
}
