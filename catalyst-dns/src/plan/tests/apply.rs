//! Application: reads, writes, conflicts, failures.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::super::{Applier, ApplyEvent, ApplyEventKind, Outcome, Plan, PlanPolicy, Warning};
use super::store::{Call, Store};
use super::*;
use crate::{Change, ChangeSet, DnsZones, Error, ErrorKind};

fn store(sets: impl IntoIterator<Item = RecordSet>) -> Store {
    Store::with(zone(), infrastructure().into_iter().chain(sets).collect())
}

fn soa() -> Call {
    Call::Find(key("@", "SOA"))
}

fn many(count: usize) -> Vec<RecordSet> {
    (0..count).map(|number| a(&format!("n{number}"), "192.0.2.1")).collect()
}

#[tokio::test]
async fn a_first_run_writes_once_and_a_second_only_reads() {
    let (store, desired) = (store([]), desired([a("www", "192.0.2.1"), a("*", "192.0.2.2")]));
    let report = Applier::default().apply(&store, &desired).await;
    assert!(matches!(report.zones()[0].outcome, Outcome::Applied { changes: 4 }), "{report}");
    assert_eq!((report.zones()[0].reads, report.zones()[0].writes), (3, 1));
    assert_eq!(store.calls(), [Call::Sets, soa(), Call::Apply(4), soa()]);
    let report = Applier::default().apply(&store, &desired).await;
    assert!(matches!(report.zones()[0].outcome, Outcome::Unchanged), "{report}");
    assert_eq!(store.calls()[4..], [Call::Sets]);
    assert_eq!(report.requests(), 1);
}

#[tokio::test]
async fn a_hundred_changes_among_many_are_one_write_of_only_those() {
    let store = store([]);
    let mut sets = many(2000);
    Applier::default().apply(&store, &desired(sets.clone())).await.check().unwrap();
    for set in &mut sets[..100] {
        *set = set.clone().with_ttl(Ttl::HOUR);
    }
    let report = Applier::default().apply(&store, &desired(sets)).await;
    assert_eq!(store.calls().last_chunk::<4>().unwrap(), &[Call::Sets, soa(), Call::Apply(100), soa()]);
    assert_eq!(report.zones()[0].summary.update, 100);
}

#[tokio::test]
async fn somebody_elses_write_in_between_is_noticed_and_planned_around() {
    let store = store([]);
    store.somebody_writes(ChangeSet::new([Change::Replace(a("api", "192.0.2.9"))]).unwrap());
    let wanted = desired([a("www", "192.0.2.1")]);
    let report = Applier::default().apply(&store, &wanted).await;
    assert_eq!(report.zones()[0].replans, 1, "{report}");
    assert_eq!(store.calls(), [Call::Sets, soa(), Call::Sets, soa(), Call::Apply(2), soa()]);
    assert!(store.sets(&zone()).contains(&a("api", "192.0.2.9")));
}

#[tokio::test]
async fn a_zone_that_others_keep_writing_is_given_up() {
    let store = store([]);
    for octet in 0..4 {
        let set = a("api", &format!("192.0.2.{octet}"));
        store.somebody_writes(ChangeSet::new([Change::Replace(set)]).unwrap());
    }
    let report = Applier::default().apply(&store, &desired([a("www", "192.0.2.1")])).await;
    let error = report.check().unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("changed_meanwhile")));
    assert!(!store.calls().iter().any(|call| matches!(call, Call::Apply(_))));
}

#[tokio::test]
async fn a_plan_that_was_looked_at_is_applied_as_it_is_or_not_at_all() {
    let (store, desired) = (store([]), desired([a("www", "192.0.2.1")]));
    let applier = Applier::default().replans(0);
    let (one, two) = (applier.plan(&store, &desired).await, applier.plan(&store, &desired).await);
    assert!(matches!(applier.apply_plan(&store, one).await.zones()[0].outcome, Outcome::Applied { .. }));
    assert_eq!(store.calls(), [Call::Sets, Call::Sets, soa(), Call::Apply(2), soa()]);
    let error = applier.apply_plan(&store, two).await.check().unwrap_err();
    assert_eq!(error.code(), Some("changed_meanwhile"));
}

#[tokio::test]
async fn an_application_runs_in_a_task_of_its_own() {
    let (store, desired) = (store([]), desired([a("www", "192.0.2.1")]));
    let applied = tokio::spawn(async move {
        let zones: Arc<dyn DnsZones> = Arc::new(store);
        let plan = Applier::default().plan(&*zones, &desired).await;
        plan.apply(&*zones).await.check()?;
        Applier::default().apply(&*zones, &desired).await.check()
    });
    applied.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_plan_applies_itself() {
    let store = store([]);
    let plan = Applier::default().plan(&store, &desired([a("www", "192.0.2.1")])).await;
    assert_eq!(plan.change_sets().unwrap()[0].1.len(), 2);
    assert_eq!(plan.change_set(&zone()).unwrap().len(), 2);
    let store: &dyn DnsZones = &store;
    plan.apply(store).await.check().unwrap();
}

#[tokio::test]
async fn a_refused_zone_is_not_written() {
    let store = store([a("www", "192.0.2.9")]);
    let report =
        Applier::default().apply(&store, &desired([a("www", "192.0.2.1"), a("api", "192.0.2.1")])).await;
    assert!(matches!(&report.zones()[0].outcome, Outcome::Refused(error) if error.code() == Some("unowned")));
    assert_eq!(store.calls(), [Call::Sets]);
    let plan = report.zones()[0].plan.as_ref().unwrap();
    assert_eq!(plan.refusals().count(), 1);
}

#[tokio::test]
async fn a_serial_that_stands_still_is_told() {
    let mut store = store([]);
    store.serial_stands_still = true;
    let report = Applier::default().apply(&store, &desired([a("www", "192.0.2.1")])).await;
    assert_eq!(report.zones()[0].warnings, [Warning::SerialUnmoved]);
    assert!(matches!(report.zones()[0].outcome, Outcome::Applied { .. }));
}

#[tokio::test]
async fn the_failure_of_one_zone_does_not_hide_the_others() {
    let store = store([]);
    let names: Vec<ZoneName> = ["b.test", "c.test"].map(|name| name.parse().unwrap()).to_vec();
    let mut builder = Desired::builder(Owner::new(OURS).unwrap()).set(&zone(), a("www", "192.0.2.1"));
    for name in &names {
        let address = RecordData::parse(RecordType::A, "192.0.2.1").unwrap();
        let set = RecordSet::new(name.child("www").unwrap(), Ttl::MINUTE, [address]).unwrap();
        builder = builder.set(name, set);
    }
    store.add(names[0].clone(), Vec::new());
    store.fail(names[0].clone(), Error::new(ErrorKind::Unavailable, "read a zone"));
    let report = Applier::default().apply(&store, &builder.build().unwrap()).await;
    let outcomes: Vec<&str> = report.zones().iter().map(|zone| zone.outcome.name()).collect();
    assert_eq!(outcomes, ["applied", "failed", "failed"]);
    let kinds: Vec<ErrorKind> = report.errors().map(|(_, error)| error.kind()).collect();
    assert_eq!(kinds, [ErrorKind::Unavailable, ErrorKind::NotFound]);
}

#[tokio::test]
async fn a_plan_keeps_the_zones_that_could_not_be_read() {
    let store = store([]);
    store.fail(zone(), Error::new(ErrorKind::Timeout, "read a zone"));
    let plan = Applier::default().plan(&store, &desired([a("www", "192.0.2.1")])).await;
    assert!(!plan.is_empty());
    assert_eq!(plan.check().unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(plan.to_string(), "example.org: not read: read a zone: no answer in time\n");
    let report = Applier::default().apply_plan(&store, plan).await;
    assert!(matches!(report.zone(&zone()).unwrap().outcome, Outcome::Failed(_)));
}

#[tokio::test(start_paused = true)]
async fn zones_are_worked_on_in_parallel() {
    let mut store = Store::default();
    store.latency = Duration::from_millis(5);
    let mut builder = Desired::builder(Owner::new(OURS).unwrap());
    for number in 0..200 {
        let name: ZoneName = format!("z{number}.test").parse().unwrap();
        let address = RecordData::parse(RecordType::A, "192.0.2.1").unwrap();
        let set = RecordSet::new(name.child("www").unwrap(), Ttl::MINUTE, [address]).unwrap();
        store.add(name.clone(), Vec::new());
        builder = builder.set(&name, set);
    }
    let (desired, begun) = (builder.build().unwrap(), Instant::now());
    let report = Applier::default().apply(&store, &desired).await;
    report.check().unwrap();
    let one_after_another = Duration::from_millis(5) * report.requests();
    assert!(begun.elapsed() * 8 <= one_after_another, "{:?} of {one_after_another:?}", begun.elapsed());
}

#[tokio::test]
async fn every_change_is_told_with_what_was_and_what_is() {
    let current = [
        a("www", "192.0.2.9"),
        ours("_externaldns.a-www"),
        a("old", "192.0.2.1"),
        ours("_externaldns.a-old"),
    ];
    let store = store(current);
    let events: Arc<Mutex<Vec<ApplyEvent>>> = Arc::default();
    let seen = Arc::clone(&events);
    let applier = Applier::default()
        .observer(Arc::new(move |event: &ApplyEvent| seen.lock().unwrap().push(event.clone())));
    applier.apply(&store, &desired([a("www", "192.0.2.1")])).await.check().unwrap();
    let events = events.lock().unwrap();
    let shown: Vec<String> = events
        .iter()
        .filter_map(|event| match &event.kind {
            ApplyEventKind::Changed { key, action, before, after } => {
                let (before, after) = (before.as_deref().unwrap_or("-"), after.as_deref().unwrap_or("-"));
                Some(format!("{} {action} {key}: {before} => {after}", event.owner))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        shown,
        [
            "sovereign.example delete old.example.org A: old.example.org 60 A 192.0.2.1 => -",
            "sovereign.example update www.example.org A: www.example.org 60 A 192.0.2.9 => www.example.org 60 A 192.0.2.1",
        ]
    );
    assert_eq!(events[0].kind.name(), "written");
}

#[tokio::test]
async fn refusals_and_failures_are_told() {
    let store = store([a("www", "192.0.2.9")]);
    let events: Arc<Mutex<Vec<&'static str>>> = Arc::default();
    let seen = Arc::clone(&events);
    let applier = Applier::default()
        .observer(Arc::new(move |event: &ApplyEvent| seen.lock().unwrap().push(event.kind.name())));
    let wanted = desired([a("www", "192.0.2.1")]);
    drop(applier.apply(&store, &wanted).await);
    store.fail(zone(), Error::new(ErrorKind::Unavailable, "read a zone"));
    drop(applier.apply(&store, &wanted).await);
    assert_eq!(*events.lock().unwrap(), ["refused", "blocked", "failed"]);
}

#[tokio::test]
async fn a_plan_of_plans_is_applied_by_the_policy_of_each() {
    let store = store([a("www", "192.0.2.9")]);
    let policy = Arc::new(PlanPolicy::default().adopt_unowned());
    let plan = ZonePlan::new(&desired([a("www", "192.0.2.1")]).zones()[0], &policy, store.sets(&zone()));
    // The zone changes, so that it is planned anew.
    store.apply(&zone(), &ChangeSet::new([Change::Replace(a("api", "192.0.2.9"))]).unwrap()).await.unwrap();
    let report = Applier::default().apply_plan(&store, Plan::new(vec![plan])).await;
    report.check().unwrap();
    assert_eq!(report.zones()[0].replans, 1);
}
