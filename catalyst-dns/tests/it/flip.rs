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
use proptest::prelude::*;
use tokio::time::Instant;

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

#[tokio::test(start_paused = true)]
async fn a_flip_ends_when_registrar_and_parent_have_the_new_set() {
    let scene = Scene::by_tasks();
    scene.model.set_parent_lag(9);
    let start = Instant::now();
    let report = scene.flipper().run(&request()).await.unwrap();
    assert!(matches!(report.outcome, FlipOutcome::Flipped), "{report}");
    scene.assert_truthful(&report, "no fault");
    assert_eq!((&report.before, &report.at_registrar), (&old(), &Some(new())));
    let steps: Vec<Step> = report.steps.iter().map(|time| time.step).collect();
    let order =
        [Step::ReadOld, Step::CheckServers, Step::Write, Step::FollowTask, Step::ReadBack, Step::AskParent];
    assert_eq!(steps, order);
    assert_eq!(report.elapsed(), start.elapsed());
    assert_eq!(report.parents.len(), 2, "each server of the parent is told");
    assert_eq!((scene.model.writes(), scene.record().await), (1, None));
    assert!(report.done().is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_scripted_registrar_keeps_the_contract_of_registrars() {
    for (write, looks) in [(NsWrite::Direct, None), (NsWrite::Task, Some(3)), (NsWrite::ManualOnly, None)] {
        let model = RegistrarModel::new();
        if let Some(looks) = looks {
            model.write_by_tasks(looks);
        }
        let registrar = ModelRegistrar::new(&model).nameservers(write);
        let registrar = if write == NsWrite::Direct { registrar } else { registrar.without_ds() };
        contract::all(&registrar, &model, contract::Words::distinct()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_set_in_another_spelling_is_not_written() {
    let scene = Scene::new();
    let spelled =
        NameServers::new(["NS2.Old.test.", "ns1.OLD.test"].map(|name| name.parse().unwrap())).unwrap();
    let report = scene.flipper().run(&FlipRequest::new(domain(), spelled)).await.unwrap();
    assert!(matches!(report.outcome, FlipOutcome::Unchanged));
    assert_eq!((scene.model.writes(), report.done().is_ok()), (0, true));
}

#[tokio::test(start_paused = true)]
async fn each_fault_and_each_pair_of_faults_ends_with_the_old_or_the_new_set_and_a_true_report() {
    let faults = [
        Fault::TimeoutAfterWrite,
        Fault::TimeoutBeforeWrite,
        Fault::TaskError,
        Fault::PartialReadBack,
        Fault::WrongParent,
        Fault::StuckParent,
    ];
    let rule = |fault: &Fault| {
        let rule = FaultRule::new(fault.clone());
        // The first read is that of the old set.
        if *fault == Fault::PartialReadBack { rule.after(1).times(3) } else { rule }
    };
    for by_tasks in [false, true] {
        for first in &faults {
            for second in faults.iter().map(Some).chain([None]) {
                let what = format!("{first:?} and {second:?}, tasks {by_tasks}");
                let scene = if by_tasks { Scene::by_tasks() } else { Scene::new() };
                scene.model.faults().inject(rule(first));
                if let Some(second) = second {
                    scene.model.faults().inject(rule(second));
                }
                let report = scene.flipper().run(&request()).await.unwrap();
                scene.assert_truthful(&report, &what);
                let ended =
                    matches!(report.rollback, Rollback::NotNeeded | Rollback::RolledBack { verified: true });
                assert_eq!(
                    scene.record().await.is_none(),
                    ended,
                    "{what}: the record stays as long as it is needed"
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_after_the_write_is_resolved_by_reading() {
    let scene = Scene::new();
    let report = scene.inject(Fault::TimeoutAfterWrite).flipper().run(&request()).await.unwrap();
    assert!(matches!(report.outcome, FlipOutcome::Flipped), "{report}");
    assert_eq!(scene.model.writes(), 1, "it is not written again");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_nobody_sees_arrive_is_taken_back_for_it_may_arrive_later() {
    let scene = Scene::new();
    let report = scene.inject(Fault::TimeoutBeforeWrite).flipper().run(&request()).await.unwrap();
    assert!(matches!(report.rollback, Rollback::RolledBack { verified: true }), "{report}");
    let error = report.done().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("the old name servers are back, and verified"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_fails_leaves_nothing_to_take_back() {
    let scene = Scene::by_tasks();
    let report = scene.inject(Fault::TaskError).flipper().run(&request()).await.unwrap();
    let FlipOutcome::NotFlipped(error) = &report.outcome else { panic!("{report}") };
    assert_eq!(error.code(), Some("task_failed"));
    assert_eq!(error.server_message(), Some("the registry refuses the servers"));
    assert!(matches!(report.rollback, Rollback::NotNeeded));
    assert_eq!(scene.model.writes(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_parent_that_serves_something_else_makes_the_flip_go_back() {
    for fault in [Fault::WrongParent, Fault::StuckParent] {
        let scene = Scene::new();
        let start = Instant::now();
        let flipper = scene.inject(fault.clone()).flipper();
        let report = flipper.run(&request()).await.unwrap();
        assert!(matches!(report.rollback, Rollback::RolledBack { verified: true }), "{fault:?}: {report}");
        assert!(start.elapsed() >= Duration::from_secs(3600), "it was given all its time");
        let FlipOutcome::NotFlipped(error) = &report.outcome else { panic!("{report}") };
        assert_eq!(error.code(), Some("parent_mismatch"));
        scene.assert_truthful(&report, "a wrong parent");
    }
}

#[tokio::test(start_paused = true)]
async fn a_way_back_that_fails_is_told_and_can_be_gone_later() {
    let scene = Scene::new();
    scene.inject(Fault::StuckParent);
    // From the second write on the account is refused.
    scene.model.faults().inject(FaultRule::new(Fault::BadCredential).on(Op::Write).after(1).until_cleared());
    let flipper = scene.flipper();
    let report = flipper.run(&request()).await.unwrap();
    let Rollback::RollbackFailed { error } = &report.rollback else { panic!("{report}") };
    assert_eq!(error.code(), Some("bad_credential"));
    assert_eq!((&report.at_registrar, report.standing), (&Some(new()), Standing::Before));
    assert_eq!(scene.record().await.map(|record| record.phase()), Some(FlipPhase::Restoring));

    let error = flipper.run(&request()).await.unwrap_err();
    assert_eq!(error.code(), Some("unfinished_flip"));
    scene.model.faults().clear();
    let report = flipper.resume(&domain()).await.unwrap().unwrap();
    assert!(matches!(report.rollback, Rollback::RolledBack { verified: true }), "{report}");
    scene.assert_truthful(&report, "resumed");
    assert!(flipper.resume(&domain()).await.unwrap().is_none(), "there is nothing more to do");
}

#[tokio::test(start_paused = true)]
async fn a_way_back_that_the_parent_does_not_show_is_not_called_verified() {
    let scene = Scene::new();
    // The new set comes to the parent in a wrong form, and the old one does not come.
    scene.inject(Fault::WrongParent).inject(Fault::StuckParent);
    let report = scene.flipper().run(&request()).await.unwrap();
    assert!(matches!(report.rollback, Rollback::RolledBack { verified: false }), "{report}");
    assert_eq!((&report.at_registrar, report.standing), (&Some(old()), Standing::Mixed));
    assert!(scene.record().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_way_back_is_not_verified_by_a_parent_that_has_not_moved_yet() {
    let scene = Scene::new();
    // The parent still serves the old set, and the wrong one comes to it later.
    scene.model.set_parent_lag(12);
    scene.inject(Fault::StuckParent).inject(Fault::WrongParent);
    let report = scene.flipper().run(&request()).await.unwrap();
    assert!(matches!(report.rollback, Rollback::RolledBack { verified: false }), "{report}");
    assert_eq!(report.standing, Standing::Mixed);
}

#[tokio::test(start_paused = true)]
async fn a_way_back_that_was_refused_is_none_even_if_the_registrar_tells_the_old_set() {
    let scene = Scene::new();
    scene.inject(Fault::TimeoutBeforeWrite);
    scene.model.faults().inject(FaultRule::new(Fault::BadCredential).on(Op::Write).after(1));
    let parent = scene.parent.clone();
    let flipper = Flipper::builder(
        Arc::new(ModelRegistrar::new(&scene.model)),
        Arc::new(scene.parent.clone()),
        scene.parent.directory(),
        Arc::new(scene.journal.clone()),
    )
    .turns(Turns::default())
    // From then on nobody hears the parent, so that nothing is proved.
    .on_event(move |_, event| {
        if matches!(event, FlipEvent::RollingBack(_)) {
            for server in ["a.parent.test", "b.parent.test"] {
                parent.silence(&server.parse().unwrap());
            }
        }
    })
    .build();
    let report = flipper.run(&request()).await.unwrap();
    let Rollback::RollbackFailed { error } = &report.rollback else { panic!("{report}") };
    assert_eq!((error.code(), report.standing), (Some("bad_credential"), Standing::Unknown));
    assert_eq!(report.at_registrar, Some(old()));
    assert!(scene.record().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_way_back_waits_as_long_as_the_registrar_asks_for() {
    let scene = Scene::new();
    scene.inject(Fault::StuckParent);
    scene.model.faults().inject(FaultRule::new(Fault::RateLimited(90)).on(Op::Write).after(1).times(2));
    let report = scene.flipper().run(&request()).await.unwrap();
    assert!(matches!(report.rollback, Rollback::RolledBack { verified: true }), "{report}");
    let back = report.steps.iter().find(|time| time.step == Step::RollBack).unwrap();
    assert_eq!(back.elapsed, Duration::from_secs(180));
}

#[tokio::test(start_paused = true)]
async fn a_flip_that_is_killed_at_any_moment_is_ended_by_another_process() {
    let whole = {
        let scene = Scene::by_tasks();
        scene.model.set_parent_lag(6);
        scene.flipper().run(&request()).await.unwrap().elapsed()
    };
    let mut outcomes = [0, 0];
    for moment in 0..40 {
        let scene = Scene::by_tasks();
        scene.model.set_parent_lag(6);
        let killed = tokio::time::timeout(whole / 40 * moment, scene.flipper().run(&request())).await;
        assert!(killed.is_err(), "it was still under way");
        match scene.flipper().resume(&domain()).await.unwrap() {
            Some(report) => {
                outcomes[usize::from(matches!(report.outcome, FlipOutcome::Flipped))] += 1;
                scene.assert_truthful(&report, &format!("killed at {moment}"));
            }
            None => assert_eq!((scene.model.writes(), scene.model.has(&domain())), (0, Some(old()))),
        }
        assert_eq!(scene.record().await, None, "killed at {moment}");
    }
    assert!(outcomes[1] > 0, "{outcomes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_goes_on_for_long_is_followed_by_the_process_that_resumes() {
    let scene = Scene::by_tasks();
    // Ten minutes at a look every half minute, which is longer than a direct write may take to be seen.
    scene.model.write_by_tasks(20);
    let killed = tokio::time::timeout(Duration::from_secs(60), scene.flipper().run(&request())).await;
    assert!(killed.is_err());
    assert_eq!(scene.record().await.unwrap().task().map(|task| &*task.0), Some("1"));
    let report = scene.flipper().resume(&domain()).await.unwrap().unwrap();
    assert!(matches!(report.outcome, FlipOutcome::Flipped), "{report}");
    assert_eq!(scene.model.writes(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_name_was_lost_is_given_the_time_of_a_task() {
    let scene = Scene::by_tasks();
    scene.model.write_by_tasks(20);
    let report = scene.inject(Fault::TimeoutAfterWrite).flipper().run(&request()).await.unwrap();
    assert!(matches!(report.outcome, FlipOutcome::Flipped), "{report}");
    assert_eq!(scene.model.writes(), 1);
}

#[derive(Debug)]
struct BrokenJournal;

#[async_trait::async_trait]
impl FlipJournal for BrokenJournal {
    async fn save(&self, _record: &FlipRecord) -> catalyst_dns::Result<()> {
        Err(catalyst_dns::Error::new(ErrorKind::Unavailable, "save"))
    }

    async fn load(&self, _domain: &RegisteredDomain) -> catalyst_dns::Result<Option<FlipRecord>> {
        Ok(None)
    }

    async fn remove(&self, _domain: &RegisteredDomain) -> catalyst_dns::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_remembered_is_not_begun() {
    let scene = Scene::new();
    let registrar = Arc::new(ModelRegistrar::new(&scene.model));
    let dns = Arc::new(scene.parent.clone());
    let flipper = Flipper::builder(registrar, dns, scene.parent.directory(), Arc::new(BrokenJournal))
        .turns(Turns::default())
        .build();
    assert_eq!(flipper.run(&request()).await.unwrap_err().operation(), "save");
    assert_eq!(scene.model.writes(), 0);
    scene.model.set_ds(&domain(), &[signed().1]);
    let error = flipper.run(&request().ds(DsPlan::Remove)).await.unwrap_err();
    assert_eq!(
        (error.operation(), ModelRegistrar::new(&scene.model).ds(&domain()).await.unwrap().len()),
        ("save", 1)
    );
}

#[tokio::test(start_paused = true)]
async fn new_servers_that_are_not_ready_change_nothing() {
    let one = "ns1.new.test".parse().unwrap();
    for (spoil, fault) in [
        (0, "different versions"),
        (1, "the zone names ns1.old.test, ns2.old.test as its servers"),
        (2, "no answer"),
        (3, "Refused"),
    ] {
        let scene = Scene::new();
        match spoil {
            0 => scene.parent.serve_at(&one, &domain(), &new(), 8, &[]),
            1 => scene.parent.serve_at(&one, &domain(), &old(), 7, &[]),
            2 => scene.parent.silence(&one),
            _ => {
                let other = "other.works".parse().unwrap();
                let bare = NameServers::new(["a.bare.test", "b.bare.test"].map(|name| name.parse().unwrap()));
                scene.parent.serve(&other, bare.as_ref().unwrap(), 1);
                let error =
                    scene.flipper().run(&FlipRequest::new(domain(), bare.unwrap())).await.unwrap_err();
                assert!(error.to_string().contains(fault), "{error}");
                continue;
            }
        }
        let error = scene.flipper().run(&request()).await.unwrap_err();
        assert_eq!(error.code(), Some("new_servers_not_ready"));
        assert!(error.to_string().contains(fault), "{error}");
        assert_eq!((scene.model.writes(), scene.record().await), (0, None));
    }
}

#[tokio::test(start_paused = true)]
async fn a_parent_that_is_silent_or_disagrees_changes_nothing() {
    let scene = Scene::new();
    for server in ["a.parent.test", "b.parent.test"] {
        scene.parent.silence(&server.parse().unwrap());
    }
    assert_eq!(scene.flipper().run(&request()).await.unwrap_err().code(), Some("parent_silent"));
    scene.parent.speak();
    scene.model.set_parent(&domain(), &new());
    assert_eq!(scene.flipper().run(&request()).await.unwrap_err().code(), Some("parent_disagrees"));
    assert_eq!(scene.model.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_silent_server_of_the_parent_does_not_hold_a_flip_up() {
    let scene = Scene::new();
    scene.parent.silence(&"b.parent.test".parse().unwrap());
    let report = scene.flipper().run(&request()).await.unwrap();
    assert!(matches!(report.outcome, FlipOutcome::Flipped), "{report}");
    assert!(report.elapsed() < Duration::from_secs(60), "{:?}", report.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_signed_domain_is_flipped_only_with_a_plan_for_its_ds() {
    let scene = Scene::new();
    let stranger = ds(&format!("42 13 2 {}", "ab".repeat(32)));
    scene.model.set_ds(&domain(), std::slice::from_ref(&stranger));
    let flipper = scene.flipper();
    let error = flipper.run(&request()).await.unwrap_err();
    assert_eq!(error.code(), Some("ds_blocks_flip"));

    let error = flipper.run(&request().ds(DsPlan::SameKeys)).await.unwrap_err();
    assert_eq!(error.code(), Some("new_servers_not_ready"));
    assert!(error.to_string().contains("no key for the DS of algorithm 13"), "{error}");

    let without = ModelRegistrar::new(&scene.model).without_ds();
    let error = scene.flipper_at(Arc::new(without)).run(&request().ds(DsPlan::Remove)).await.unwrap_err();
    assert_eq!(error.code(), Some("ds_blocks_flip"));
    assert_eq!(scene.model.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn new_servers_with_the_same_keys_need_no_change_of_the_ds() {
    let scene = Scene::new();
    let (key, digest) = signed();
    for server in new().iter() {
        scene.parent.serve_at(server, &domain(), &new(), 7, std::slice::from_ref(&key));
    }
    scene.model.set_ds(&domain(), std::slice::from_ref(&digest));
    let report = scene.flipper().run(&request().ds(DsPlan::SameKeys)).await.unwrap();
    assert!(matches!((&report.outcome, &report.ds), (FlipOutcome::Flipped, DsState::Untouched)), "{report}");
    assert_eq!(report.ds_before, [digest]);
}

#[tokio::test(start_paused = true)]
async fn a_ds_is_taken_away_before_the_change_and_caches_are_given_its_ttl() {
    let scene = Scene::new();
    let (_, digest) = signed();
    scene.model.set_ds(&domain(), std::slice::from_ref(&digest));
    let start = Instant::now();
    let report = scene.flipper().run(&request().ds(DsPlan::Remove)).await.unwrap();
    assert!(matches!(report.outcome, FlipOutcome::Flipped), "{report}");
    assert!(matches!(&report.ds, DsState::Changed(ds) if ds.is_empty()));
    assert!(start.elapsed() >= Duration::from_secs(3600), "the fake's TTL is an hour");
    let events = scene.events.lock().unwrap();
    let at = |wanted: fn(&FlipEvent) -> bool| events.iter().position(wanted).unwrap();
    let waited = at(|event| matches!(event, FlipEvent::WaitingForCaches(_)));
    assert!(waited < at(|event| matches!(event, FlipEvent::Writing(_))));
}

#[tokio::test(start_paused = true)]
async fn the_ds_comes_back_with_the_old_name_servers() {
    let scene = Scene::new();
    let (key, new_ds) = signed();
    let old_ds = ds(&format!("42 13 2 {}", "ab".repeat(32)));
    for server in new().iter() {
        scene.parent.serve_at(server, &domain(), &new(), 7, std::slice::from_ref(&key));
    }
    scene.model.set_ds(&domain(), std::slice::from_ref(&old_ds));
    let plan = DsPlan::AddFirst(vec![new_ds]);
    let report = scene.inject(Fault::StuckParent).flipper().run(&request().ds(plan)).await.unwrap();
    assert!(matches!(report.rollback, Rollback::RolledBack { verified: true }), "{report}");
    assert!(matches!(report.ds, DsState::Restored), "{:?}", report.ds);
    let there = ModelRegistrar::new(&scene.model).ds(&domain()).await.unwrap();
    assert_eq!((there, scene.record().await), (vec![old_ds], None));
}

#[tokio::test(start_paused = true)]
async fn where_a_person_must_write_nothing_is_pretended_and_the_change_is_verified() {
    let scene = Scene::new();
    let registrar = ModelRegistrar::new(&scene.model).nameservers(NsWrite::ManualOnly);
    let flipper = scene.flipper_at(Arc::new(registrar));
    let report = flipper.run(&request()).await.unwrap();
    let FlipOutcome::ManualNeeded(what) = &report.outcome else { panic!("{report}") };
    assert!(what.contains("ns1.new.test") && what.contains("ns1.old.test"), "{what}");
    assert_eq!(scene.model.writes(), 0);
    assert_eq!(report.done().unwrap_err().code(), Some("manual_only"));

    let early = flipper.verify(&domain(), &new()).await.unwrap();
    assert!(
        matches!(&early.outcome, FlipOutcome::NotFlipped(error) if error.code() == Some("parent_mismatch"))
    );
    scene.model.set_parent(&domain(), &new());
    let report = flipper.verify(&domain(), &new()).await.unwrap();
    assert!(matches!(report.outcome, FlipOutcome::Flipped), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_domain_has_one_flip_at_a_time() {
    let scene = Scene::by_tasks();
    let flipper = scene.flipper();
    let (request_one, request_two) = (request(), request());
    let (one, two) = tokio::join!(flipper.run(&request_one), flipper.run(&request_two));
    assert!(matches!(one.unwrap().outcome, FlipOutcome::Flipped));
    assert_eq!(two.unwrap_err().code(), Some("flip_in_progress"));
    let again = flipper.run(&request_one).await.unwrap();
    assert!(matches!(again.outcome, FlipOutcome::Unchanged), "the turn was given back");
}

#[tokio::test(start_paused = true)]
async fn a_suffix_has_its_own_deadline() {
    let scene = Scene::new();
    let parent = scene.parent.clone();
    let registrar = Arc::new(ModelRegistrar::new(&scene.model));
    let journal = Arc::new(scene.journal.clone());
    let flipper = Flipper::builder(registrar, Arc::new(parent), scene.parent.directory(), journal)
        .policy(FlipPolicy::default().parent_of("works", Duration::from_secs(120)))
        .turns(Turns::default())
        .build();
    let report = scene.inject(Fault::StuckParent).flipper_with(&flipper).await;
    let asked = report.steps.iter().find(|time| time.step == Step::AskParent).unwrap();
    assert_eq!(asked.elapsed, Duration::from_secs(120));
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

fn any_fault() -> impl Strategy<Value = FaultRule> {
    let fault = prop::sample::select(vec![
        Fault::TimeoutAfterWrite,
        Fault::TimeoutBeforeWrite,
        Fault::TaskError,
        Fault::PartialReadBack,
        Fault::WrongParent,
        Fault::StuckParent,
        Fault::RateLimited(40),
        Fault::BadCredential,
        Fault::HtmlBody,
        Fault::Silent,
    ]);
    (fault, 0u32..6, 1u32..30)
        .prop_map(|(fault, after, times)| FaultRule::new(fault).after(after).times(times))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Any script of faults, and a process that is killed at any moment: once the faults are over, what is left is the
    /// old set or the new one, and every report on the way was true.
    #[test]
    fn whatever_goes_wrong_the_domain_ends_with_one_of_the_two_sets(
        rules in prop::collection::vec(any_fault(), 0..5),
        by_tasks in any::<bool>(),
        lag in 0u32..8,
        kill_after in prop::option::of(prop_oneof![0u64..900, 3000u64..5000]),
        is_signed in any::<bool>(),
    ) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let scene = if by_tasks { Scene::by_tasks() } else { Scene::new() };
            scene.model.set_parent_lag(lag);
            for rule in rules {
                scene.model.faults().inject(rule);
            }
            let signed_with = if is_signed { vec![signed().1] } else { Vec::new() };
            scene.model.set_ds(&domain(), &signed_with);
            let request = request().ds(DsPlan::Remove);
            let limit = kill_after.map_or(Duration::from_secs(1 << 20), Duration::from_secs);
            match tokio::time::timeout(limit, scene.flipper().run(&request)).await {
                Ok(Ok(report)) => scene.assert_truthful(&report, "run"),
                Ok(Err(_error)) => assert_eq!((scene.model.writes(), scene.record().await), (0, None)),
                Err(_killed) => {}
            }
            scene.model.faults().clear();
            if let Some(report) = scene.flipper().resume(&domain()).await.unwrap() {
                scene.assert_truthful(&report, "resume");
            }
            let (has, serves) = (scene.model.has(&domain()), scene.model.parent_serves(&domain()));
            assert_eq!(has, serves);
            assert!([Some(old()), Some(new())].contains(&has));
            assert_eq!(scene.record().await, None);
            let ds = ModelRegistrar::new(&scene.model).ds(&domain()).await.unwrap();
            let expected = if has == Some(old()) { signed_with } else { Vec::new() };
            assert_eq!(ds, expected, "the DS goes with the name servers whose keys it is for");
        });
    }
}
