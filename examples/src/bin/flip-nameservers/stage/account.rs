//! The account at the registrar, whose wire is the vendor's.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use catalyst_dns::DomainName;
use catalyst_dns::registrar::{NameServers, RateLimit, RegisteredDomain, Registrar};
use catalyst_dns::testing::registrar::{FakeGoDaddy, Fault as ModelFault, FaultRule, Op, RegistrarModel};
use catalyst_dns::testing::{AccountFault, FakeAccount, FakeDynadot, FakeNamecheap, FakeOvh};

use super::Broken;
use crate::options::{Fault, RegistrarKind};

/// Looks at a task until it ends.
const TASK_POLLS: u32 = 2;
/// How long GoDaddy's answer is waited for when it is lost; the others close the connection.
const TIMEOUT: Duration = Duration::from_secs(1);

pub(super) struct Account {
    /// The client of the SDK.
    pub registrar: Arc<dyn Registrar>,
    books: Books,
    /// The server, which runs as long as this lives.
    _fake: Box<dyn Any + Send + Sync>,
}

/// What the account has; GoDaddy's fake keeps it in another way than the others'.
enum Books {
    Account(FakeAccount),
    Model(RegistrarModel),
}

impl Account {
    /// An account with one domain.
    pub(super) async fn start(
        kind: RegistrarKind,
        domain: &RegisteredDomain,
        servers: &NameServers,
    ) -> Result<Self, Broken> {
        let account = match kind {
            RegistrarKind::Ovh => {
                let fake = FakeOvh::start().await;
                Self::new(fake.registrar()?, Books::Account(fake.account().clone()), fake)
            }
            RegistrarKind::Namecheap => {
                let fake = FakeNamecheap::start().await;
                Self::new(fake.registrar()?, Books::Account(fake.account().clone()), fake)
            }
            RegistrarKind::Dynadot => {
                let fake = FakeDynadot::start().await;
                Self::new(fake.registrar()?, Books::Account(fake.account().clone()), fake)
            }
            RegistrarKind::Godaddy => {
                let model = RegistrarModel::new();
                let fake = FakeGoDaddy::serve(&model).await;
                let generous = RateLimit::new(10_000, Duration::from_secs(60));
                let client = fake.builder()?.timeout(TIMEOUT).limit(generous).build()?;
                Self::new(client, Books::Model(model), fake)
            }
        };
        account.books.open(domain, servers);
        Ok(account)
    }

    fn new(registrar: impl Registrar, books: Books, fake: impl Any + Send + Sync) -> Self {
        Self { registrar: Arc::new(registrar), books, _fake: Box::new(fake) }
    }

    /// The set that it has, without a question.
    pub(super) fn has(&self, domain: &RegisteredDomain) -> Result<NameServers, Broken> {
        match &self.books {
            Books::Model(model) => model.has(domain).ok_or_else(|| "the account lost the domain".into()),
            Books::Account(account) => {
                let names = account.servers(domain.as_str());
                let names: Result<Vec<DomainName>, _> = names.iter().map(|name| name.parse()).collect();
                Ok(NameServers::new(names?)?)
            }
        }
    }

    /// Requests that change something.
    pub(super) fn writes(&self) -> u32 {
        match &self.books {
            Books::Model(model) => model.writes(),
            Books::Account(account) => account.writes(),
        }
    }

    /// What goes wrong with the write that is about to come.
    pub(super) fn breaks_at_write(&self, fault: Fault) {
        match (fault, &self.books) {
            (Fault::LostAnswer, Books::Model(model)) => {
                model.faults().inject(FaultRule::new(ModelFault::TimeoutAfterWrite));
            }
            (Fault::LostAnswer, Books::Account(account)) => account.inject(AccountFault::DropAfterWrite),
            // There are no tasks in the model.
            (Fault::TaskError, Books::Account(account)) => {
                account.inject(AccountFault::TaskError("the registry refuses the servers".to_owned()));
            }
            _ => {}
        }
    }

    /// What goes wrong with the first look at what was written.
    pub(super) fn breaks_at_read_back(&self, fault: Fault) {
        match (fault, &self.books) {
            (Fault::PartialReadBack, Books::Model(model)) => {
                model.faults().inject(FaultRule::new(ModelFault::PartialReadBack));
            }
            (Fault::PartialReadBack, Books::Account(account)) => {
                account.inject(AccountFault::PartialReadBack);
            }
            _ => {}
        }
    }

    /// What goes wrong with the first try to write the old set back.
    pub(super) fn breaks_at_write_back(&self, fault: Fault) {
        match (fault, &self.books) {
            (Fault::NoWayBack, Books::Model(model)) => {
                model.faults().inject(FaultRule::new(ModelFault::BadCredential).on(Op::Write));
            }
            (Fault::NoWayBack, Books::Account(account)) => {
                account.inject_at_write(AccountFault::BadCredential);
            }
            _ => {}
        }
    }

    /// What has not gone wrong yet.
    pub(super) fn pending_faults(&self) -> usize {
        match &self.books {
            Books::Model(model) => model.faults().pending(),
            Books::Account(account) => account.pending_faults(),
        }
    }
}

impl Books {
    fn open(&self, domain: &RegisteredDomain, servers: &NameServers) {
        match self {
            Self::Model(model) => model.add_domain(domain.clone(), servers.clone()),
            Self::Account(account) => {
                let names: Vec<_> = servers.iter().map(DomainName::without_dot).collect();
                account.add_domain(domain.as_str(), &names);
                account.task_polls(TASK_POLLS);
            }
        }
    }
}
