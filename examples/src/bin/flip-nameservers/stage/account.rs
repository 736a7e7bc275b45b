//! The account at the registrar, whose wire is the vendor's, and what goes wrong with it.

use std::any::Any;
use std::sync::Arc;

use catalyst_dns::registrar::{NameServers, RegisteredDomain, Registrar};
use catalyst_dns::testing::registrar::{
    FakeDynadot, FakeGoDaddy, FakeNamecheap, FakeOvh, Fault as ModelFault, FaultRule, Op, RegistrarModel,
};

use super::Broken;
use crate::options::{Fault, RegistrarKind};

pub(super) struct Account {
    /// The client of the SDK.
    pub registrar: Arc<dyn Registrar>,
    /// What the registrar has, and what the parent's servers serve.
    pub model: RegistrarModel,
    /// The server, which runs as long as this lives.
    _fake: Box<dyn Any + Send + Sync>,
}

impl Account {
    /// An account with one domain.
    pub(super) async fn start(
        kind: RegistrarKind,
        domain: &RegisteredDomain,
        servers: &NameServers,
    ) -> Result<Self, Broken> {
        let model = RegistrarModel::new();
        model.add_domain(domain.clone(), servers.clone());
        Ok(match kind {
            RegistrarKind::Ovh => {
                let fake = FakeOvh::serve(&model).await;
                Self::new(fake.registrar()?, model, fake)
            }
            RegistrarKind::Namecheap => {
                let fake = FakeNamecheap::serve(&model).await;
                Self::new(fake.registrar()?, model, fake)
            }
            RegistrarKind::Dynadot => {
                let fake = FakeDynadot::serve(&model).await;
                Self::new(fake.registrar()?, model, fake)
            }
            RegistrarKind::Godaddy => {
                let fake = FakeGoDaddy::serve(&model).await;
                Self::new(fake.registrar()?, model, fake)
            }
        })
    }

    fn new(registrar: impl Registrar, model: RegistrarModel, fake: impl Any + Send + Sync) -> Self {
        Self { registrar: Arc::new(registrar), model, _fake: Box::new(fake) }
    }

    /// What goes wrong with the write that is about to come, or with what comes of it.
    pub(super) fn breaks_at_write(&self, fault: Fault) {
        let fault = match fault {
            Fault::LostAnswer => ModelFault::DropAfterWrite,
            Fault::TaskError => ModelFault::TaskError,
            Fault::WrongParent => ModelFault::WrongParent,
            Fault::StuckParent | Fault::NoWayBack => ModelFault::StuckParent,
            Fault::None | Fault::PartialReadBack => return,
        };
        self.model.faults().inject(FaultRule::new(fault));
    }

    /// What goes wrong with the first look at what was written.
    pub(super) fn breaks_at_read_back(&self, fault: Fault) {
        if fault == Fault::PartialReadBack {
            self.model.faults().inject(FaultRule::new(ModelFault::PartialReadBack));
        }
    }

    /// What goes wrong with the first try to write the old set back.
    pub(super) fn breaks_at_write_back(&self, fault: Fault) {
        if fault == Fault::NoWayBack {
            self.model.faults().inject(FaultRule::new(ModelFault::BadCredential).on(Op::Write));
        }
    }
}
