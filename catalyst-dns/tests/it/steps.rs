//! Whatever fails at whichever request of an application, the zone is as it was or as it is to be, never between; and the
//! next run makes it so.

use std::time::Duration;

use catalyst_core::RetryConfig;
use catalyst_dns::mock::{Fault, FaultRule, Refusal};
use catalyst_dns::plan::Outcome;
use catalyst_dns::testing::FakePowerDns;
use catalyst_dns::{
    Applier, Desired, DnsZones, Owner, PlanPolicy, PowerDns, RecordData, RecordSet, RecordType, Ttl, ZoneName,
};

fn zone() -> ZoneName {
    "steps.test".parse().unwrap()
}

fn set(name: &str, kind: RecordType, content: &str) -> RecordSet {
    let data = RecordData::parse(kind, content).unwrap();
    RecordSet::new(zone().child(name).unwrap(), Ttl::MINUTE, [data]).unwrap()
}

fn desired(sets: impl IntoIterator<Item = RecordSet>) -> Desired {
    Desired::builder(Owner::new("sovereign.test").unwrap()).sets(&zone(), sets).build().unwrap()
}

/// What is there: addresses and a CNAME.
fn old() -> Desired {
    let hosts = (0..9).map(|host| set(&format!("host{host}"), RecordType::A, "192.0.2.1"));
    desired(hosts.chain([set("www", RecordType::Cname, "host0.steps.test.")]))
}

/// A change of every kind: a host goes, one comes, one changes, and the CNAME becomes an address.
fn new() -> Desired {
    let hosts = (1..10).map(|host| set(&format!("host{host}"), RecordType::A, "192.0.2.1"));
    let changed = set("www", RecordType::A, "192.0.2.7");
    desired(
        hosts
            .filter(|host| !host.name().to_string().starts_with("host5."))
            .chain([set("host5", RecordType::A, "198.51.100.5"), changed]),
    )
}

async fn start() -> (FakePowerDns, PowerDns) {
    let fake = FakePowerDns::start().await;
    fake.model().set_zone(&zone());
    let builder = fake.builder().unwrap().retry(RetryConfig::never());
    let client = builder.timeout(Duration::from_millis(300)).build().unwrap();
    assert!(matches!(apply(&client, &old()).await, Outcome::Applied { .. }));
    (fake, client)
}

async fn apply(client: &PowerDns, desired: &Desired) -> Outcome {
    let report = Applier::new(PlanPolicy::default()).apply(client, desired).await;
    report.zones()[0].outcome.clone()
}

/// The record sets but for the SOA, whose serial moves.
async fn shown(client: &PowerDns) -> Vec<String> {
    let sets = client.record_sets(&zone()).await.unwrap();
    let sets = sets.iter().filter(|set| set.kind() != RecordType::Soa);
    let mut shown: Vec<String> = sets.map(ToString::to_string).collect();
    shown.sort();
    shown
}

#[tokio::test]
async fn a_fault_at_any_request_leaves_the_zone_old_or_new_and_the_next_run_makes_it_new() {
    let (_fake, client) = start().await;
    let before = shown(&client).await;
    apply(&client, &new()).await;
    let after = shown(&client).await;
    assert_ne!(before, after);

    let faults = [
        Fault::Drop,
        Fault::DropAnswer,
        Fault::HalfBody,
        Fault::NotJson,
        Fault::Refuse(Refusal::locked()),
        Fault::Refuse(Refusal::status_only(502)),
        Fault::Delay(Duration::from_millis(500)),
    ];
    let mut failed = 0;
    for fault in faults {
        // A read, a look at the serial, the write, and what may come after it.
        for step in 0..4 {
            let (fake, client) = start().await;
            fake.faults().inject(FaultRule::new(fault.clone()).after(step));
            let outcome = apply(&client, &new()).await;
            failed += u32::from(outcome.error().is_some());
            fake.faults().clear();
            let found = shown(&client).await;
            assert!(
                found == before || found == after,
                "{fault:?} at request {step}: {outcome:?}: {found:#?}"
            );
            if outcome.error().is_none() {
                assert_eq!(found, after, "{fault:?} at request {step} was not told");
            }
            apply(&client, &new()).await;
            assert_eq!(shown(&client).await, after, "{fault:?} at request {step}: the next run");
            assert!(matches!(apply(&client, &new()).await, Outcome::Unchanged));
        }
    }
    assert!(failed >= 14, "{failed} faults were noticed");
}

#[tokio::test]
async fn of_changes_that_need_several_requests_those_that_were_made_stay_and_the_rest_follows() {
    let fake = FakePowerDns::start().await;
    fake.model().set_zone(&zone());
    let builder = fake.builder().unwrap().retry(RetryConfig::never()).body_limit(20_000);
    let client = builder.build().unwrap();
    let many = || desired((0..500).map(|host| set(&format!("host{host:03}"), RecordType::A, "192.0.2.1")));

    fake.faults().inject(FaultRule::new(Fault::Refuse(Refusal::locked())).writes().after(2));
    let outcome = apply(&client, &many()).await;
    let error = outcome.error().unwrap();
    assert_eq!(error.code(), Some("partly_applied"), "{error:?}");
    let made = shown(&client).await.iter().filter(|line| line.contains(" A ")).count();
    assert!((1..500).contains(&made), "{made}");
    assert!(error.help().unwrap().contains("2 of"), "{error}");

    // Each set came with its mark, so the next run knows which are ours.
    assert!(matches!(apply(&client, &many()).await, Outcome::Applied { .. }));
    assert!(matches!(apply(&client, &many()).await, Outcome::Unchanged));
    let made = shown(&client).await.iter().filter(|line| line.contains(" A ")).count();
    assert_eq!(made, 500);
}
