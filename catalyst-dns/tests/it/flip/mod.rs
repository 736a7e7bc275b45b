//! Flips in virtual time: whatever goes wrong, the domain has the old set or the new one, and the report says which.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalyst_core::Jitter;
use catalyst_dns::registrar::flip::{
    DsPlan, DsState, FlipEvent, FlipJournal, FlipOutcome, FlipPhase, FlipPolicy, FlipRecord, FlipReport,
    FlipRequest, Flipper, MemoryJournal, Rollback, Standing, Step, Turns,
};
use catalyst_dns::registrar::{NameServers, NsWrite, RegisteredDomain, Registrar};
use catalyst_dns::testing::contract::registrar as contract;
use catalyst_dns::testing::registrar::{FakeParent, Fault, FaultRule, ModelRegistrar, Op, RegistrarModel};
use catalyst_dns::{Dnskey, Ds, ErrorKind, RecordData, RecordType};
use tokio::time::Instant;

mod course;
mod killed;
mod manual;
mod properties;
mod ready;
mod signed;
mod way_back;
mod wire;

struct Scene {
    model: RegistrarModel,
    parent: FakeParent,
    journal: MemoryJournal,
    events: Arc<Mutex<Vec<FlipEvent>>>,
    write: NsWrite,
}

fn domain() -> RegisteredDomain {
    "omani.works".parse().unwrap()
}

fn old() -> NameServers {
    NameServers::new(["ns1.old.test", "ns2.old.test"].map(|name| name.parse().unwrap())).unwrap()
}

fn new() -> NameServers {
    NameServers::new(["ns1.new.test", "ns2.new.test"].map(|name| name.parse().unwrap())).unwrap()
}

fn request() -> FlipRequest {
    FlipRequest::new(domain(), new())
}

fn key(text: &str) -> Dnskey {
    match RecordData::parse(RecordType::Dnskey, text).unwrap() {
        RecordData::Dnskey(key) => key,
        _ => unreachable!(),
    }
}

fn ds(text: &str) -> Ds {
    match RecordData::parse(RecordType::Ds, text).unwrap() {
        RecordData::Ds(ds) => ds,
        _ => unreachable!(),
    }
}

impl Scene {
    fn new() -> Self {
        Self::of(RegistrarModel::new())
    }

    fn of(model: RegistrarModel) -> Self {
        model.add_domain(domain(), old());
        let parent = FakeParent::new(&model);
        parent.serve(&domain(), &new(), 7);
        Self {
            model,
            parent,
            journal: MemoryJournal::default(),
            events: Arc::default(),
            write: NsWrite::Direct,
        }
    }

    fn by_tasks() -> Self {
        let scene = Self { write: NsWrite::Task, ..Self::new() };
        scene.model.write_by_tasks(3);
        scene
    }

    fn flipper(&self) -> Flipper {
        self.flipper_at(Arc::new(ModelRegistrar::new(&self.model).nameservers(self.write)))
    }

    fn flipper_at(&self, registrar: Arc<dyn Registrar>) -> Flipper {
        self.flipper_by(registrar, FlipPolicy::default().jitter(Jitter::Fixed(1.0)))
    }

    fn flipper_by(&self, registrar: Arc<dyn Registrar>, policy: FlipPolicy) -> Flipper {
        let (events, parent) = (Arc::clone(&self.events), self.parent.clone());
        Flipper::builder(registrar, Arc::new(parent), self.parent.directory(), Arc::new(self.journal.clone()))
            .policy(policy)
            .turns(Turns::default())
            .on_event(move |_, event| events.lock().unwrap().push(event.clone()))
            .build()
    }

    fn inject(&self, fault: Fault) -> &Self {
        self.model.faults().inject(FaultRule::new(fault));
        self
    }

    async fn record(&self) -> Option<FlipRecord> {
        self.journal.load(&domain()).await.unwrap()
    }

    /// The promise: one of the two sets, at the registrar and at the parent, and the report knows which.
    fn assert_truthful(&self, report: &FlipReport, what: &str) {
        let (has, serves) =
            (self.model.has(&domain()).unwrap(), self.model.parent_serves(&domain()).unwrap());
        match (&report.outcome, &report.rollback) {
            (FlipOutcome::Flipped, Rollback::NotNeeded) => {
                assert_eq!((&has, &serves), (&new(), &new()), "{what}");
            }
            (
                FlipOutcome::Unchanged | FlipOutcome::NotFlipped(_),
                Rollback::NotNeeded | Rollback::RolledBack { verified: true },
            ) => assert_eq!((&has, &serves), (&old(), &old()), "{what}"),
            (FlipOutcome::NotFlipped(_), Rollback::RolledBack { verified: false }) => {
                assert_eq!(has, old(), "{what}");
            }
            (FlipOutcome::NotFlipped(_), Rollback::RollbackFailed { .. }) => {
                assert!([old(), new()].contains(&has), "{what}");
            }
            other => panic!("{what}: {other:?}"),
        }
        let standing = match () {
            () if serves == old() => Standing::Before,
            () if serves == new() => Standing::After,
            () => Standing::Mixed,
        };
        // The parent may change while its servers are asked one after the other, where nobody waits any more.
        let moving =
            report.standing == Standing::Mixed && matches!(report.rollback, Rollback::RollbackFailed { .. });
        assert!(report.standing == standing || moving, "{what}: {report}; the parent serves {serves}");
    }
}

impl Scene {
    async fn flipper_with(&self, flipper: &Flipper) -> FlipReport {
        flipper.run(&request()).await.unwrap()
    }
}

/// The key of RFC 6605 section 6.1, and its digest for this domain.
fn signed() -> (Dnskey, Ds) {
    let text =
        "257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==";
    (key(text), ds("55648 13 2 aa200260680bc45fc037c8c6e86f99ec5573177e0183df3bb308cc670a97e417"))
}
