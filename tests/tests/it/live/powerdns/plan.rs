//! Desired state on the server: what is sent, and what stands there afterwards.

use std::sync::{Arc, Mutex};

use catalyst_core::ErrorKind;
use catalyst_core::http::Method;
use catalyst_dns::plan::{
    Applier, ApplyEventKind, Desired, Outcome, Owner, PlanPolicy, Report, Warning, ZoneReport,
};
use catalyst_dns::{DnsZones, RecordSet, RecordType, ZoneName};
use catalyst_tests::servers::{PowerDnsBackend, PowerDnsServer};
use serde_json::json;

use super::stage::{Stage, Tap, ask, builder, call, code, make_zone, set};

fn desired(zone: &ZoneName, sets: impl IntoIterator<Item = RecordSet>) -> Desired {
    Desired::builder(Owner::new("sovereign.test").unwrap()).sets(zone, sets).build().unwrap()
}

fn only(report: &Report) -> &ZoneReport {
    assert_eq!(report.zones().len(), 1);
    &report.zones()[0]
}

fn hosts(zone: &ZoneName, count: usize) -> impl Iterator<Item = RecordSet> {
    (0..count).map(|number| {
        let name = zone.child(&format!("host-{number}")).unwrap();
        set(&name, RecordType::A, &[&format!("192.0.2.{}", number % 256)])
    })
}

/// On a server of its own that refuses no write, where each request counts.
#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn what_is_applied_is_served_and_the_second_plan_is_empty() {
    let server = PowerDnsServer::start(PowerDnsBackend::Lmdb).await.unwrap();
    let tap = Tap::on(&server).await;
    let client = tap.builder(&server).build().unwrap();
    let zone = make_zone(&client, "plan").await;
    tap.take();
    let at = |name: &str| zone.child(name).unwrap();
    let answers = async |name: &str, kind| ask(server.dns_address(), &at(name), kind).await;
    let wanted = desired(
        &zone,
        [
            set(&at("www"), RecordType::A, &["192.0.2.1", "192.0.2.2"]),
            set(&at("*.apps"), RecordType::Cname, &["www.example.org."]),
            set(&at("text"), RecordType::Txt, &[r#""say \"hi\"; \\""#]),
        ],
    );
    let applier = Applier::default();
    let first = applier.apply(&client, &wanted).await;
    let report = only(&first);
    assert!(matches!(report.outcome, Outcome::Applied { changes: 6 }), "three sets and their marks: {first}");
    assert_eq!((report.reads, report.writes, report.warnings.len()), (2, 1, 0), "{first}");
    assert_eq!(tap.take().requests, u64::from(first.requests()), "the report counts what is sent");
    assert_eq!(answers("www", RecordType::A).await, ["192.0.2.1", "192.0.2.2"]);
    assert_eq!(answers("any.apps", RecordType::Cname).await, ["www.example.org."]);

    let second = applier.apply(&client, &wanted).await;
    let report = only(&second);
    assert!(matches!(report.outcome, Outcome::Unchanged), "{second}");
    assert_eq!((report.reads, report.writes, tap.take().requests), (1, 0, 1));
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn five_thousand_sets_are_written_in_one_request_and_so_are_a_hundred_changes() {
    let stage = Stage::open("many").await;
    let applier = Applier::default();
    let all: Vec<_> = hosts(&stage.zone, 5000).collect();
    let report = applier.apply(&*stage.client, &desired(&stage.zone, all.clone())).await;
    report.check().unwrap();
    assert_eq!((only(&report).reads, only(&report).writes), (2, 1), "{report}");
    assert_eq!(stage.client.record_sets(&stage.zone).await.unwrap().len(), 2 + 2 * 5000);

    let some = all.into_iter().enumerate().map(|(number, old)| {
        if number % 50 == 0 { set(old.name(), RecordType::A, &["198.51.100.1"]) } else { old }
    });
    let wanted = desired(&stage.zone, some);
    let report = applier.apply(&*stage.client, &wanted).await;
    assert!(matches!(only(&report).outcome, Outcome::Applied { changes: 100 }), "{report}");
    assert_eq!(only(&report).writes, 1, "{report}");
    let report = applier.apply(&*stage.client, &wanted).await;
    assert_eq!((only(&report).reads, only(&report).writes), (1, 0), "{report}");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn what_does_not_fit_into_a_body_is_cut_and_complete_or_refused_and_not_sent() {
    let stage = Stage::open("cut").await;
    let small = builder(stage.server).body_limit(20_000).build().unwrap();
    let report = Applier::default().apply(&small, &desired(&stage.zone, hosts(&stage.zone, 200))).await;
    report.check().unwrap();
    assert!(only(&report).writes > 2, "{report}");
    assert_eq!(stage.client.record_sets(&stage.zone).await.unwrap().len(), 2 + 2 * 200);

    // Five sets, each of which fits alone; more than the 2 MB that the server takes.
    let large = Stage::open("large").await;
    let set_of = |name: &str, count: usize| {
        let contents: Vec<String> =
            (0..count).map(|number| format!("\"{}{number:04}\" \"{0}\"", "x".repeat(250))).collect();
        set(&large.at(name), RecordType::Txt, &contents.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let wanted = desired(&large.zone, ["a", "b", "c", "d", "e"].map(|name| set_of(name, 1000)));
    let report = Applier::default().apply(&*large.client, &wanted).await;
    report.check().unwrap();
    assert!(only(&report).writes >= 2, "{report}");
    let again = Applier::default().apply(&*large.client, &wanted).await;
    assert!(matches!(only(&again).outcome, Outcome::Unchanged), "{again}");

    let tiny = builder(large.server).body_limit(100_000).build().unwrap();
    let before = large.client.zone(&large.zone).await.unwrap().serial;
    let wanted = desired(&large.zone, ["a", "b", "c", "d"].map(|name| set_of(name, 900)));
    let report = Applier::default().apply(&tiny, &wanted).await;
    let error = report.check().unwrap_err();
    assert_eq!((error.kind(), code(&error)), (ErrorKind::InvalidRequest, "body_too_large"), "{error}");
    assert_eq!(large.client.zone(&large.zone).await.unwrap().serial, before, "nothing was sent");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn an_address_becomes_a_cname_and_an_address_again_each_in_one_request() {
    let stage = Stage::open("swap").await;
    let www = stage.at("www");
    let address = set(&www, RecordType::A, &["192.0.2.1"]);
    let cname = set(&www, RecordType::Cname, &["target.example.org."]);
    for (wanted, kind, other) in [
        (&address, RecordType::A, RecordType::Cname),
        (&cname, RecordType::Cname, RecordType::A),
        (&address, RecordType::A, RecordType::Cname),
    ] {
        let report = Applier::default().apply(&*stage.client, &desired(&stage.zone, [wanted.clone()])).await;
        report.check().unwrap();
        assert_eq!(only(&report).writes, 1, "{report}");
        assert_eq!(stage.ask(&www, kind).await, [wanted.records()[0].to_string()]);
        assert!(stage.ask(&www, other).await.is_empty());
    }
    // One set and one mark, besides SOA and NS.
    assert_eq!(stage.client.record_sets(&stage.zone).await.unwrap().len(), 4);
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn one_record_that_the_server_refuses_leaves_the_zone_as_it_was() {
    let stage = Stage::open("refused").await;
    let before = stage.client.zone(&stage.zone).await.unwrap().serial;
    let digest = "60485 13 2 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a";
    let sets = [
        set(&stage.at("www"), RecordType::A, &["192.0.2.1"]),
        set(stage.zone.apex(), RecordType::Ds, &[digest]),
    ];
    let report = Applier::default().apply(&*stage.client, &desired(&stage.zone, sets)).await;
    let error = report.check().unwrap_err();
    assert_eq!((error.kind(), code(&error)), (ErrorKind::InvalidRequest, "invalid_record"), "{error:?}");
    assert_eq!(error.target(), Some(&*format!("{} DS", stage.zone.as_str())), "it names the record");
    assert_eq!(stage.client.zone(&stage.zone).await.unwrap().serial, before);
    assert_eq!(stage.client.record_sets(&stage.zone).await.unwrap().len(), 2);
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn what_others_wrote_is_left_alone_until_it_is_adopted() {
    let stage = Stage::open("foreign").await;
    let www = set(&stage.at("www"), RecordType::A, &["192.0.2.1"]);
    stage.write([set(www.name(), RecordType::A, &["198.51.100.1"])]).await;
    let marked = Desired::builder(Owner::new("other.test").unwrap())
        .set(&stage.zone, set(&stage.at("theirs"), RecordType::A, &["198.51.100.2"]))
        .build()
        .unwrap();
    Applier::default().apply(&*stage.client, &marked).await.check().unwrap();

    let theirs = set(&stage.at("theirs"), RecordType::A, &["192.0.2.2"]);
    for (set, expected) in [(&www, "unowned"), (&theirs, "foreign_owner")] {
        let report = Applier::default().apply(&*stage.client, &desired(&stage.zone, [set.clone()])).await;
        let error = report.check().unwrap_err();
        assert_eq!((code(&error), only(&report).writes), (expected, 0), "{report}");
        assert!(matches!(only(&report).outcome, Outcome::Refused(_)));
    }
    assert_eq!(stage.ask(www.name(), RecordType::A).await, ["198.51.100.1"]);
    assert_eq!(stage.ask(theirs.name(), RecordType::A).await, ["198.51.100.2"]);

    let adopt = Applier::new(PlanPolicy::default().adopt(www.key()));
    adopt.apply(&*stage.client, &desired(&stage.zone, [www.clone()])).await.check().unwrap();
    assert_eq!(stage.ask(www.name(), RecordType::A).await, ["192.0.2.1"]);
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn who_was_outrun_plans_anew_and_who_may_not_is_told() {
    let stage = Stage::open("outrun").await;
    let wanted = desired(&stage.zone, hosts(&stage.zone, 3));
    let outruns = Arc::new(Mutex::new(0));
    let count = Arc::clone(&outruns);
    let applier = Applier::default().observer(Arc::new(move |event| {
        if matches!(event.kind, ApplyEventKind::Outrun { .. }) {
            *count.lock().unwrap() += 1;
        }
    }));
    let plan = applier.plan(&*stage.client, &wanted).await;
    // Somebody else, by another client, takes a name that is wanted here.
    let rival = Stage { client: Arc::new(builder(stage.server).build().unwrap()), ..stage };
    rival.write([set(&rival.at("theirs"), RecordType::A, &["198.51.100.1"])]).await;

    let strict = Applier::default().replans(0).apply_plan(&*rival.client, plan.clone()).await;
    let error = strict.check().unwrap_err();
    assert_eq!((code(&error), only(&strict).writes), ("changed_meanwhile", 0), "{strict}");

    let report = applier.apply_plan(&*rival.client, plan).await;
    report.check().unwrap();
    assert_eq!((only(&report).replans, *outruns.lock().unwrap()), (1, 1), "{report}");
    assert_eq!(rival.ask(&rival.at("host-0"), RecordType::A).await, ["192.0.2.0"]);
    assert_eq!(rival.ask(&rival.at("theirs"), RecordType::A).await, ["198.51.100.1"]);

    // And where the rival's record is in the way, the plan that was made before it does not win.
    let wanted = desired(&rival.zone, hosts(&rival.zone, 4));
    let plan = applier.plan(&*rival.client, &wanted).await;
    rival.write([set(&rival.at("host-3"), RecordType::A, &["198.51.100.3"])]).await;
    let report = applier.apply_plan(&*rival.client, plan).await;
    assert_eq!(code(&report.check().unwrap_err()), "unowned", "{report}");
    assert_eq!(rival.ask(&rival.at("host-3"), RecordType::A).await, ["198.51.100.3"]);
}

/// The database has one writer at a time and refuses all others; two processes do not know of each other.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn two_processes_write_many_zones_at_the_same_time_and_neither_hears_of_a_lock() {
    let stage = Stage::open("parallel").await;
    let mut halves = Vec::new();
    for _ in 0..2 {
        let client = builder(stage.server).build().unwrap();
        let mut wanted = Desired::builder(Owner::new("sovereign.test").unwrap());
        for _ in 0..12 {
            let zone = make_zone(&client, "parallel").await;
            wanted = wanted.sets(&zone, hosts(&zone, 20));
        }
        halves.push((client, wanted.build().unwrap()));
    }
    let applier = Applier::default();
    let (one, two) =
        tokio::join!(applier.apply(&halves[0].0, &halves[0].1), applier.apply(&halves[1].0, &halves[1].1));
    for report in [&one, &two] {
        report.check().unwrap();
        assert!(report.zones().iter().all(|zone| matches!(zone.outcome, Outcome::Applied { changes: 40 })));
    }
    for (client, wanted) in &halves {
        let again = applier.apply(client, wanted).await;
        assert!(again.zones().iter().all(|zone| matches!(zone.outcome, Outcome::Unchanged)), "{again}");
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_zone_whose_serial_stands_still_is_warned_of() {
    let stage = Stage::open("still").await;
    let path = format!("/zones/{}", stage.zone.as_str());
    let body = json!({ "soa_edit_api": "INCEPTION-EPOCH" });
    assert_eq!(call(stage.server, Method::Put, &path, Some(&body)).await.0, 204);
    let zone = stage.client.zone(&stage.zone).await.unwrap();
    assert!(zone.soa_edit_api.is_none() && zone.serial_warning().is_some());

    let report = Applier::default().apply(&*stage.client, &desired(&stage.zone, hosts(&stage.zone, 1))).await;
    assert!(matches!(only(&report).outcome, Outcome::Applied { .. }), "{report}");
    assert_eq!(only(&report).warnings, [Warning::SerialUnmoved]);
    assert_eq!(stage.client.zone(&stage.zone).await.unwrap().serial, zone.serial);
}
