//! The mock keeps the contract, counts what the client would send, and fails as it is told.

use std::time::Duration;

use catalyst_core::Clock;
use catalyst_dns::mock::{Fault, FaultRule, MockDns, Model, Route};
use catalyst_dns::plan::{Applier, Desired, Owner, Warning};
use catalyst_dns::testing::contract;
use catalyst_dns::{
    Change, ChangeSet, DnsZones, ErrorKind, RecordData, RecordSet, RecordType, Ttl, Version, ZoneName,
};

fn zone() -> ZoneName {
    "acme.test".parse().unwrap()
}

fn www(address: &str) -> ChangeSet {
    let data = RecordData::parse(RecordType::A, address).unwrap();
    let set = RecordSet::new(zone().child("www").unwrap(), Ttl::MINUTE, [data]).unwrap();
    ChangeSet::new([Change::Replace(set)]).unwrap()
}

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::all(&MockDns::new()).await;
}

#[tokio::test]
async fn it_keeps_the_contract_as_later_versions() {
    for version in [Version(5, 0, 3), Version(5, 1, 4)] {
        let dns = MockDns::new();
        dns.model().set_version(version);
        contract::all(&dns).await;
    }
}

#[tokio::test]
async fn a_change_is_one_write_and_a_look_one_read() {
    let dns = MockDns::new().with_zone(&zone());
    let applied = dns.apply(&zone(), &www("192.0.2.1")).await.unwrap();
    let requests = dns.model().requests();
    assert_eq!((requests.reads, requests.writes, requests.bytes_in), (0, 1, applied.bytes));
    assert_eq!(requests.of(Route::Records), 1);
    dns.find(&zone(), &zone().child("www").unwrap(), None).await.unwrap();
    assert_eq!((dns.model().requests().reads, dns.model().requests().writes), (1, 1));
}

#[tokio::test]
async fn the_serial_that_a_write_tells_spares_the_read_after_it() {
    let dns = MockDns::new().with_zone(&zone());
    let applied = dns.apply(&zone(), &www("192.0.2.1")).await.unwrap();
    assert!(applied.serial.is_some() && applied.serial == dns.model().serial(&zone()));

    let data = RecordData::parse(RecordType::A, "192.0.2.2").unwrap();
    let api = RecordSet::new(zone().child("api").unwrap(), Ttl::MINUTE, [data]).unwrap();
    let desired = Desired::builder(Owner::new("acme").unwrap()).set(&zone(), api).build().unwrap();
    let before = dns.model().requests();
    let report = Applier::default().apply(&dns, &desired).await;
    report.check().unwrap();
    assert_eq!((report.zones()[0].reads, report.zones()[0].writes), (2, 1));
    assert!(report.zones()[0].warnings.is_empty());
    let now = dns.model().requests();
    assert_eq!((now.reads - before.reads, now.writes - before.writes), (2, 1));

    // Without a rule for the serial, a server tells none, and is asked.
    dns.model().set_metadata(&zone(), "SOA-EDIT-API", "");
    let data = RecordData::parse(RecordType::A, "192.0.2.3").unwrap();
    let api = RecordSet::new(zone().child("api").unwrap(), Ttl::MINUTE, [data]).unwrap();
    let desired = Desired::builder(Owner::new("acme").unwrap()).set(&zone(), api).build().unwrap();
    let report = Applier::default().apply(&dns, &desired).await;
    report.check().unwrap();
    assert_eq!(report.zones()[0].reads, 3);
    assert_eq!(report.zones()[0].warnings, [Warning::SerialUnmoved]);
}

#[tokio::test]
async fn five_thousand_sets_with_their_marks_are_three_requests() {
    let dns = MockDns::new().with_zone(&zone());
    let address = RecordData::parse(RecordType::A, "192.0.2.1").unwrap();
    let set = |number: u32| {
        let name = zone().child(&format!("host-{number}")).unwrap();
        RecordSet::new(name, Ttl::MINUTE, [address.clone()]).unwrap()
    };
    let owner = Owner::new("sovereign.example").unwrap();
    let desired = Desired::builder(owner).sets(&zone(), (0..5000).map(set)).build().unwrap();
    let report = Applier::default().apply(&dns, &desired).await;
    report.check().unwrap();
    assert_eq!((report.zones()[0].reads, report.zones()[0].writes), (2, 1));
}

#[tokio::test]
async fn a_write_that_meets_another_one_changes_nothing() {
    let dns = MockDns::new().with_zone(&zone());
    dns.model().faults().inject(FaultRule::locked());
    let before = dns.model().serial(&zone());
    let error = dns.apply(&zone(), &www("192.0.2.1")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, Some("database_locked")));
    assert!(!error.outcome_unknown());
    assert_eq!(dns.model().serial(&zone()), before);
    dns.apply(&zone(), &www("192.0.2.1")).await.unwrap();
    assert_ne!(dns.model().serial(&zone()), before);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_leaves_the_outcome_open_and_the_change_made() {
    let dns = MockDns::new().with_zone(&zone());
    for (fault, kind) in [(Fault::DropAnswer, ErrorKind::Unavailable), (Fault::NoAnswer, ErrorKind::Timeout)]
    {
        let before = dns.model().serial(&zone());
        dns.model().faults().inject(FaultRule::new(fault).on(Route::Records));
        let error = dns.apply(&zone(), &www("192.0.2.1")).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome_unknown()), (kind, true));
        assert_ne!(dns.model().serial(&zone()), before);
    }
}

#[tokio::test]
async fn the_word_that_no_server_knows_stops_the_serial() {
    let dns = MockDns::new().with_zone(&zone());
    dns.model().set_metadata(&zone(), "SOA-EDIT-API", "INCEPTION-EPOCH");
    assert_eq!(dns.zone(&zone()).await.unwrap().soa_edit_api, None);
    let before = dns.model().serial(&zone());
    dns.apply(&zone(), &www("192.0.2.1")).await.unwrap();
    assert_eq!(dns.model().serial(&zone()), before);
    assert!(dns.model().record_set(&zone().child("www").unwrap(), RecordType::A).is_some());
}

#[tokio::test]
async fn a_signed_zone_is_served_with_the_serial_of_the_week() {
    let (clock, hand) = Clock::manual();
    let dns = MockDns::with_model(Model::with_clock(clock)).with_zone(&zone());
    dns.model().set_config("default-soa-edit-signed", "INCEPTION-EPOCH");
    catalyst_dns::ZoneSecurity::set_dnssec(&dns, &zone(), true).await.unwrap();
    let first = dns.zone(&zone()).await.unwrap();
    assert!(first.edited_serial.is_newer_than(first.serial));
    hand.advance(Duration::from_secs(7 * 86_400));
    let later = dns.zone(&zone()).await.unwrap();
    assert_eq!((later.serial, later.edited_serial.0), (first.serial, first.edited_serial.0 + 7 * 86_400));
}

#[tokio::test]
async fn what_somebody_else_writes_is_seen() {
    let dns = MockDns::new().with_zone(&zone());
    let name = zone().child("foreign").unwrap();
    dns.model().set_records(&name, RecordType::A, 60, &["192.0.2.7", "192.0.2.8"]);
    assert_eq!(dns.find(&zone(), &name, None).await.unwrap()[0].records().len(), 2);
    dns.model().set_disabled(&name, RecordType::A, true);
    let set = dns.find(&zone(), &name, None).await.unwrap().remove(0);
    assert_eq!((set.records().len(), set.disabled().len()), (0, 2));
    dns.model().set_records(&name, RecordType::A, 60, &[]);
    assert!(dns.find(&zone(), &name, None).await.unwrap().is_empty());
}
