//! The client keeps the contract against the fake, and meets there what it would meet on a bad day.

use std::time::Duration;

use catalyst_core::RetryConfig;
use catalyst_dns::dnssec::publish_cds;
use catalyst_dns::mock::{Fault, FaultRule, Route};
use catalyst_dns::testing::{FakePowerDns, contract};
use catalyst_dns::{
    Change, ChangeSet, DnsZones, ErrorKind, PowerDns, RecordData, RecordSet, RecordType, Secret, Ttl,
    Version, ZoneName,
};

fn zone() -> ZoneName {
    "acme.test".parse().unwrap()
}

fn www(address: &str) -> ChangeSet {
    let data = RecordData::parse(RecordType::A, address).unwrap();
    let set = RecordSet::new(zone().child("www").unwrap(), Ttl::MINUTE, [data]).unwrap();
    ChangeSet::new([Change::Replace(set)]).unwrap()
}

async fn fake() -> (FakePowerDns, PowerDns) {
    let fake = FakePowerDns::start().await;
    fake.model().set_zone(&zone());
    let client = fake.client().unwrap();
    (fake, client)
}

#[tokio::test]
async fn the_client_keeps_the_contract() {
    let fake = FakePowerDns::start().await;
    contract::all(&fake.client().unwrap()).await;
}

#[tokio::test]
async fn the_client_keeps_the_contract_with_later_versions() {
    for version in [Version(5, 0, 3), Version(5, 1, 4)] {
        let fake = FakePowerDns::start().await;
        fake.model().set_version(version);
        contract::all(&fake.client().unwrap()).await;
    }
}

#[tokio::test]
async fn a_challenge_reads_little_of_a_large_zone() {
    let (fake, client) = fake().await;
    for number in 0..5000 {
        let name = zone().child(&format!("host-{number}")).unwrap();
        fake.model().set_records(&name, RecordType::A, 60, &["192.0.2.1"]);
    }
    let before = fake.requests().bytes_out;
    let name = zone().child("_acme-challenge").unwrap();
    assert!(client.find(&zone(), &name, Some(RecordType::Txt)).await.unwrap().is_empty());
    assert!(fake.requests().bytes_out - before < 1000, "of about 700 kB");
}

#[tokio::test]
async fn a_wrong_key_is_told_and_nothing_is_done() {
    let (fake, client) = fake().await;
    fake.set_api_key(Secret::new("another"));
    let error = client.apply(&zone(), &www("192.0.2.1")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthenticated, Some("bad_api_key")));
    assert!(fake.model().record_set(&zone().child("www").unwrap(), RecordType::A).is_none());
}

#[tokio::test]
async fn a_proxy_wants_its_own_login() {
    let (fake, client) = fake().await;
    fake.require_basic("operator", Secret::new("proxy password"));
    let error = client.zones().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthenticated, Some("bad_basic_auth")));
    let builder = fake.builder().unwrap().basic_auth("operator", Secret::new("proxy password"));
    assert_eq!(builder.build().unwrap().zones().await.unwrap(), [zone()]);
}

#[tokio::test]
async fn a_locked_database_is_tried_again_and_a_refusal_is_not() {
    let (fake, client) = fake().await;
    fake.faults().inject(FaultRule::locked().times(2));
    client.apply(&zone(), &www("192.0.2.1")).await.unwrap();
    assert_eq!(fake.requests().of(Route::Records), 3);

    fake.faults().inject(FaultRule::status(422).until_cleared());
    client.apply(&zone(), &www("192.0.2.2")).await.unwrap_err();
    assert_eq!(fake.requests().of(Route::Records), 4);
}

#[tokio::test]
async fn whatever_breaks_the_zone_is_old_or_new() {
    let faults = [
        Fault::Drop,
        Fault::DropAnswer,
        Fault::HalfBody,
        Fault::NotJson,
        Fault::NoAnswer,
        Fault::Refuse(catalyst_dns::mock::Refusal::status_only(503)),
    ];
    for fault in faults {
        let (fake, _) = fake().await;
        let once = RetryConfig::never();
        let client = fake.builder().unwrap().retry(once).timeout(Duration::from_millis(300)).build().unwrap();
        let names = ["one", "two"].map(|name| zone().child(name).unwrap());
        let data = RecordData::parse(RecordType::A, "192.0.2.1").unwrap();
        let sets = names.clone().map(|name| RecordSet::new(name, Ttl::MINUTE, [data.clone()]).unwrap());
        fake.faults().inject(FaultRule::new(fault.clone()).on(Route::Records));
        let result = client.apply(&zone(), &ChangeSet::new(sets.map(Change::Replace)).unwrap()).await;
        let there = names.map(|name| fake.model().record_set(&name, RecordType::A).is_some());
        assert!(there[0] == there[1], "{fault:?}: never between");
        if let Err(error) = result {
            assert!(
                error.outcome_unknown() || !there[0],
                "{fault:?}: made, and it is said that it was not: {error:?}"
            );
        } else {
            assert!(there[0], "{fault:?}: not made, and it is said that it was");
        }
    }
}

#[tokio::test]
async fn a_body_over_two_megabytes_is_refused_as_a_whole() {
    let (fake, _) = fake().await;
    let client = fake.builder().unwrap().body_limit(10_000_000).build().unwrap();
    let text = RecordData::parse(RecordType::Txt, &format!("\"{}\"", "x".repeat(250))).unwrap();
    let sets = (0..8000).map(|number| {
        let name = zone().child(&format!("t{number}")).unwrap();
        Change::Replace(RecordSet::new(name, Ttl::MINUTE, [text.clone()]).unwrap())
    });
    let changes = ChangeSet::new(sets).unwrap();
    let error = client.apply(&zone(), &changes).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("body_too_large")));
    assert_eq!(fake.model().record_sets(&zone()).len(), 2);
    let applied = fake.client().unwrap().apply(&zone(), &changes).await.unwrap();
    assert_eq!((applied.requests, fake.model().record_sets(&zone()).len()), (2, 8002));
}

#[tokio::test]
async fn what_a_child_asks_of_its_parent_is_switched_on_and_off() {
    let (_fake, client) = fake().await;
    let values = async |kind: &str| {
        let all = client.metadata(&zone()).await.unwrap();
        all.get(&kind.parse().unwrap()).cloned().unwrap_or_default()
    };
    for _ in 0..2 {
        publish_cds(&client, &zone(), true).await.unwrap();
        assert_eq!(
            (values("PUBLISH-CDS").await, values("PUBLISH-CDNSKEY").await),
            (vec!["2".into()], vec!["1".into()])
        );
    }
    for _ in 0..2 {
        publish_cds(&client, &zone(), false).await.unwrap();
        assert!(values("PUBLISH-CDS").await.is_empty() && values("PUBLISH-CDNSKEY").await.is_empty());
    }
    let unborn = "unborn.test".parse().unwrap();
    let missing = publish_cds(&client, &unborn, true).await.unwrap_err();
    assert_eq!(missing.code(), Some("zone_not_found"));
}
