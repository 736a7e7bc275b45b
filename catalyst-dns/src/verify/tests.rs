//! Servers that agree, lag, differ and are silent, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::ErrorKind;
use tokio::time::Instant;

use super::*;
use crate::query::script::{Script, key, served, soa};
use crate::query::{DnsAnswer, NameServer, ResponseCode};
use crate::{RecordData, RecordSet, RecordType, Serial, Ttl};

fn verifier(script: Script, servers: &[&str]) -> Verifier {
    let servers = servers
        .iter()
        .enumerate()
        .map(|(index, address)| {
            let name = format!("ns{}.example.org", index + 1).parse().unwrap();
            NameServer::new(name, [address.parse().unwrap()])
        })
        .collect();
    Verifier::new(Arc::new(script), "example.org".parse().unwrap(), servers)
}

fn set(content: &str) -> RecordSet {
    let data = RecordData::parse(RecordType::A, content).unwrap();
    RecordSet::new("www.example.org".parse().unwrap(), Ttl::MINUTE, [data]).unwrap()
}

/// A server with this address at www and this serial.
fn with(script: Script, at: &str, content: &'static str, serial: u32) -> Script {
    script.server(at, move |question, _| Some(served(question, 60, &[("A", content), ("SOA", &soa(serial))])))
}

const ONE: &str = "192.0.2.53:53";
const TWO: &str = "192.0.2.54:53";
const THREE: &str = "192.0.2.55:53";

#[tokio::test(start_paused = true)]
async fn each_server_is_told_apart_and_what_it_serves_is_shown() {
    let mut script = with(Script::default(), ONE, "192.0.2.1", 7);
    script = with(script, TWO, "192.0.2.9", 6);
    script = with(script, THREE, "192.0.2.9", 7)
        .server("192.0.2.56:53", |_, _| Some(DnsAnswer::empty(ResponseCode::Refused)));
    let verifier = verifier(script, &[ONE, TWO, THREE, "192.0.2.56:53", "192.0.2.57:53"]);
    let found = verifier.record_set(&set("192.0.2.1")).await.unwrap();
    assert!(!found.agrees());
    assert_eq!(
        found.to_string(),
        "www.example.org 60 A 192.0.2.1: 1 of 5 agree\n  \
         ns1.example.org (192.0.2.53:53) agrees\n  \
         ns2.example.org (192.0.2.54:53) lags behind: it has serial 6, the newest is 7, it serves 60 A 192.0.2.9\n  \
         ns3.example.org (192.0.2.55:53) differs, it serves 60 A 192.0.2.9\n  \
         ns4.example.org (192.0.2.56:53) does not answer for the zone (Refused)\n  \
         ns5.example.org (192.0.2.57:53) does not answer: ask a name server: no answer in time"
    );
    let error = found.into_result().unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, Some("not_propagated")));
    assert!(!error.to_string().contains("ns1"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn another_ttl_or_a_cname_in_its_place_is_not_the_set() {
    let script = Script::default()
        .server(ONE, |question, _| Some(served(question, 61, &[("A", "192.0.2.1"), ("SOA", &soa(1))])))
        .server(TWO, |question, _| {
            Some(served(question, 60, &[("CNAME", "other.example.org."), ("SOA", &soa(1))]))
        });
    let found = verifier(script, &[ONE, TWO]).record_set(&set("192.0.2.1")).await.unwrap();
    assert!(found.servers.iter().all(|report| matches!(report.state, ServerState::Differs)), "{found}");
    assert_eq!(found.servers[1].served[0].data.kind(), RecordType::Cname);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_authority_does_not_count() {
    let script = Script::default().server(ONE, |question, _| {
        let mut answer = served(question, 60, &[("A", "192.0.2.1")]);
        answer.authoritative = false;
        Some(answer)
    });
    let found = verifier(script, &[ONE]).record_set(&set("192.0.2.1")).await.unwrap();
    assert!(matches!(found.servers[0].state, ServerState::NotAuthoritative(ResponseCode::NoError)));
}

#[tokio::test(start_paused = true)]
async fn health_checked_sets_answer_with_any_of_their_addresses() {
    let records = |texts: &[&str]| {
        texts.iter().map(|text| RecordData::parse(RecordType::A, text).unwrap()).collect::<Vec<_>>()
    };
    let mut script = with(Script::default(), ONE, "192.0.2.1", 1);
    script = with(script, TWO, "192.0.2.2", 1);
    let verifier = verifier(script, &[ONE, TWO]);
    let www = key("www.example.org", RecordType::A);
    let both = Expectation::any_of(www.clone(), records(&["192.0.2.1", "192.0.2.2"])).unwrap();
    assert!(verifier.check(&both).await.agrees());
    let one = Expectation::any_of(www.clone(), records(&["192.0.2.1", "192.0.2.3"])).unwrap();
    assert_eq!(verifier.check(&one).await.others().count(), 1);
    assert!(Expectation::any_of(www.clone(), records(&[])).is_err());
    let contains = Expectation::contains(www.clone(), records(&["192.0.2.1"])).unwrap();
    assert_eq!(verifier.check(&contains).await.others().count(), 1);
    assert_eq!(verifier.check(&Expectation::absent(www)).await.others().count(), 2);
    let nothing = Expectation::absent(key("www.example.org", RecordType::Aaaa));
    assert!(verifier.check(&nothing).await.agrees());
}

#[test]
fn what_never_stands_on_the_wire_cannot_be_expected() {
    let lua = RecordData::parse(RecordType::Lua, "A \"pickrandom({'192.0.2.1'})\"").unwrap();
    let set = RecordSet::new("www.example.org".parse().unwrap(), Ttl::MINUTE, [lua]).unwrap();
    assert_eq!(Expectation::exactly(&set).unwrap_err().code(), Some("not_on_the_wire"));
}

#[tokio::test(start_paused = true)]
async fn data_of_other_types_is_compared_by_its_octets() {
    let other = |kind: &str, content: &str| {
        let data = RecordData::parse(kind.parse().unwrap(), content).unwrap();
        RecordSet::new("www.example.org".parse().unwrap(), Ttl::MINUTE, [data]).unwrap()
    };
    let script = Script::default()
        .server(ONE, |question, _| Some(served(question, 60, &[("NAPTR", "\\# 11 0064000a01530000016100")])));
    let verifier = verifier(script, &[ONE]);
    let wire = other("NAPTR", "\\# 11 0064000a01530000016100");
    assert!(verifier.record_set(&wire).await.unwrap().agrees());
    let written = other("NAPTR", "100 10 \"S\" \"\" \"\" a.");
    assert!(verifier.record_set(&written).await.unwrap().agrees());
    let unknown = other("LOC", "52 22 23 N 4 53 32 E -2m");
    assert_eq!(verifier.record_set(&unknown).await.unwrap_err().code(), Some("unknown_type"));
}

#[tokio::test(start_paused = true)]
async fn serials_are_compared_with_wrapping() {
    let mut script = with(Script::default(), ONE, "192.0.2.1", 2);
    script = with(script, TWO, "192.0.2.1", u32::MAX);
    let verifier = verifier(script, &[ONE, TWO]);
    let found = verifier.serial().await;
    let ServerState::Lags { serial, newest } = found.servers[1].state else { panic!("{found}") };
    assert_eq!((serial, newest), (Serial(u32::MAX), Serial(2)));
    assert!(found.servers[0].agrees());
    let zone = "example.org".parse().unwrap();
    let found = verifier.check(&Expectation::serial(&zone, Some(Serial(3)))).await;
    assert_eq!(found.others().count(), 2);
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_when_the_last_server_agrees() {
    let script = with(Script::default(), ONE, "192.0.2.1", 7).server(TWO, |question, before| {
        let content = if before < 3 { "192.0.2.9" } else { "192.0.2.1" };
        Some(served(question, 60, &[("A", content), ("SOA", &soa(6))]))
    });
    let verifier = verifier(script, &[ONE, TWO]);
    let start = Instant::now();
    let wait = Wait::within(Duration::from_secs(60)).every(Duration::from_secs(5));
    let found = verifier.wait(&Expectation::exactly(&set("192.0.2.1")).unwrap(), wait).await.unwrap();
    assert!(found.agrees());
    assert_eq!(start.elapsed(), Duration::from_secs(15));
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_at_its_limit_and_names_who_lags() {
    let script = with(with(Script::default(), ONE, "192.0.2.1", 7), TWO, "192.0.2.9", 6);
    let verifier = verifier(script, &[ONE, TWO, "192.0.2.99:53"]);
    let start = Instant::now();
    let wait = Wait::within(Duration::from_secs(9)).every(Duration::from_secs(3));
    let error = verifier.wait(&Expectation::exactly(&set("192.0.2.1")).unwrap(), wait).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Timeout, Some("not_propagated")));
    assert!(error.help().unwrap().contains("ns2.example.org (192.0.2.54:53) lags behind"), "{error}");
    assert!(start.elapsed() <= Duration::from_secs(9));
}

#[tokio::test(start_paused = true)]
async fn nobody_to_ask_is_no_agreement() {
    let verifier = verifier(Script::default(), &[]);
    assert!(!verifier.serial().await.agrees());
    let expected = Expectation::exactly(&set("192.0.2.1")).unwrap();
    let error = verifier.wait(&expected, Wait::within(Duration::from_secs(60))).await.unwrap_err();
    assert!(error.help().unwrap().contains("no server"), "{error}");
}
