//! Challenges in zones in memory, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::ErrorKind;

use super::stage::Stage;
use super::*;
use crate::query::script::{Script, served};
use crate::query::{Authorities, NameServer};
use crate::verify::Wait;
use crate::{Change, DnsZones, RecordData, RecordSet, RecordType, Ttl, Version};

const ONE: &str = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";
const TWO: &str = "gfj9Xq6Rf7ncRKz8XjAhnpxgqjPuq0BO8ZK5G2tI5Ww";
const NAME: &str = "_acme-challenge.example.org";

fn set(name: &str, kind: RecordType, content: &str) -> RecordSet {
    let data = RecordData::parse(kind, content).unwrap();
    RecordSet::new(name.parse().unwrap(), Ttl::MINUTE, [data]).unwrap()
}

fn authorities() -> Authorities {
    let name = "ns1.example.org".parse().unwrap();
    Authorities::fixed([NameServer::new(name, ["192.0.2.53:53".parse().unwrap()])])
}

fn solver(stage: &Arc<Stage>) -> Dns01Solver {
    Dns01Solver::new(Arc::clone(stage) as _, Arc::clone(stage) as _, authorities())
}

fn texts(stage: &Stage, zone: &str, name: &str) -> Vec<String> {
    let quoted = stage.records(zone, name, RecordType::Txt);
    quoted.iter().map(|text| text.trim_matches('"').to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_record_of_a_challenge_comes_and_goes() {
    let stage = Arc::new(Stage::new(&["example.org"]));
    let solver = solver(&stage);
    let challenge = solver.present("www.example.org", ONE).await.unwrap();
    assert_eq!(challenge.to_string(), "_acme-challenge.www.example.org in example.org");
    assert_eq!(texts(&stage, "example.org", "_acme-challenge.www.example.org"), [ONE]);
    for _ in 0..2 {
        solver.clean_up(&challenge).await.unwrap();
        assert!(texts(&stage, "example.org", "_acme-challenge.www.example.org").is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_wildcard_and_its_domain_are_proved_side_by_side_on_old_and_new_servers() {
    for version in [Version(4, 7, 3), Version(5, 0, 3)] {
        let mut stage = Stage::new(&["example.org"]);
        stage.version = version;
        let stage = Arc::new(stage);
        let solver = solver(&stage);
        let (one, two) =
            tokio::join!(solver.present("example.org", ONE), solver.present("*.example.org", TWO));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(texts(&stage, "example.org", NAME).len(), 2, "{version}");
        solver.clean_up(&one).await.unwrap();
        assert_eq!(texts(&stage, "example.org", NAME), [TWO], "{version}");
        solver.clean_up(&two).await.unwrap();
        assert!(texts(&stage, "example.org", NAME).is_empty(), "{version}");
        let whole_set = stage.log.lock().unwrap().iter().any(|line| line.starts_with("replace"));
        assert_eq!(whole_set, version < Version(5, 0, 2), "only old servers need the whole set");
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_names_in_question_are_read_and_the_longest_zone_is_found() {
    let stage = Arc::new(Stage::new(&["example.org", "apps.example.org"]));
    let challenge = solver(&stage).present("a.b.apps.example.org", ONE).await.unwrap();
    assert_eq!(challenge.zone.to_string(), "apps.example.org");
    // `zones` and `record_sets` panic on this stage.
    // Four for the zone, two for delegations on the way, and a read, a write and a read.
    assert_eq!(stage.log.lock().unwrap().len(), 9, "{:?}", stage.log);
}

#[tokio::test(start_paused = true)]
async fn a_given_zone_is_not_looked_for() {
    let stage = Arc::new(Stage::new(&["example.org", "apps.example.org"]));
    let solver = solver(&stage).in_zones(["example.org".parse().unwrap()]);
    let challenge = solver.publish("a.apps.example.org", ONE).await.unwrap();
    assert_eq!(challenge.zone.to_string(), "example.org");
    let reads = stage.log.lock().unwrap().iter().filter(|line| line.starts_with("find ")).count();
    assert_eq!(reads, 5, "one of the name, two of delegations, two of the record");
}

#[tokio::test(start_paused = true)]
async fn a_cname_at_the_challenge_name_leads_into_another_zone() {
    let cname = set(NAME, RecordType::Cname, "example-org.acme.example.net.");
    let stage = Arc::new(Stage::new(&["example.org", "acme.example.net"]).with("example.org", cname));
    let challenge = solver(&stage).present("example.org", ONE).await.unwrap();
    assert_eq!(challenge.to_string(), "example-org.acme.example.net in acme.example.net");
    assert_eq!(texts(&stage, "acme.example.net", "example-org.acme.example.net"), [ONE]);
}

#[tokio::test(start_paused = true)]
async fn a_cname_in_a_foreign_zone_is_followed_as_resolvers_see_it() {
    let stage = Arc::new(Stage::new(&["acme.example.net"]));
    let resolver = Script::default().server("127.0.0.1:53", |question, _| {
        Some(served(question, 60, &[("CNAME", "customer.acme.example.net.")]))
    });
    let authorities = Authorities::resolved(Arc::new(resolver), ["127.0.0.1:53".parse().unwrap()]);
    let solver = Dns01Solver::new(Arc::clone(&stage) as _, Arc::clone(&stage) as _, authorities);
    let challenge = solver.locate("shop.customer.example", ONE).await.unwrap();
    assert_eq!(challenge.to_string(), "customer.acme.example.net in acme.example.net");
}

#[tokio::test(start_paused = true)]
async fn names_that_are_not_ours_are_refused_with_the_reason() {
    let there =
        set("_acme-challenge.circle.example.org", RecordType::Cname, "_acme-challenge.back.example.org.");
    let back =
        set("_acme-challenge.back.example.org", RecordType::Cname, "_acme-challenge.circle.example.org.");
    let away = set("away.example.org", RecordType::Ns, "ns1.example.com.");
    let stage = Stage::new(&["example.org"])
        .with("example.org", there)
        .with("example.org", back)
        .with("example.org", away);
    let stage = Arc::new(stage);
    let code = async |identifier: &str, value: &str| {
        solver(&stage).publish(identifier, value).await.unwrap_err().code().unwrap()
    };
    assert_eq!(code("www.example.com", ONE).await, "zone_not_served");
    assert_eq!(code("www.away.example.org", ONE).await, "delegated_away");
    assert_eq!(code("circle.example.org", ONE).await, "cname_loop");
    assert_eq!(code("example.org", "not a digest").await, "invalid_challenge");
    assert_eq!(code("a..b", ONE).await, "invalid_name");
    assert!(!stage.log.lock().unwrap().iter().any(|line| line.starts_with("replace")));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_lags_is_named_and_the_record_is_out_again() {
    let stage = Arc::new(Stage::new(&["example.org"]));
    let lagging = Script::default().server("192.0.2.53:53", |question, _| Some(served(question, 60, &[])));
    let solver = Dns01Solver::new(Arc::clone(&stage) as _, Arc::new(lagging), authorities())
        .wait(Wait::within(Duration::from_secs(10)).every(Duration::from_secs(1)));
    let error = solver.present("example.org", ONE).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Timeout, Some("not_propagated")));
    assert!(error.help().unwrap().contains("ns1.example.org"), "{error}");
    assert!(texts(&stage, "example.org", NAME).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_record_that_another_process_overwrites_is_written_again() {
    let stage = Arc::new(Stage::new(&["example.org"]));
    let rival = Change::Replace(set(NAME, RecordType::Txt, &format!("\"{TWO}\"")));
    stage.rival.lock().unwrap().push(rival.clone());
    drop(solver(&stage).publish("example.org", ONE).await.unwrap());
    assert_eq!(texts(&stage, "example.org", NAME).len(), 2);

    let stage = Arc::new(Stage::new(&["example.org"]));
    stage.rival.lock().unwrap().extend(vec![rival; 9]);
    let error = solver(&stage).publish("example.org", ONE).await.unwrap_err();
    assert_eq!(error.code(), Some("challenge_overwritten"));
}

#[tokio::test(start_paused = true)]
async fn what_a_crash_left_is_found_and_removed_and_a_zone_that_went_is_no_fault() {
    let stage = Arc::new(Stage::new(&["example.org"]));
    drop(solver(&stage).publish("*.example.org", ONE).await.unwrap());
    let after_the_crash = solver(&stage);
    let challenge = after_the_crash.locate("*.example.org", ONE).await.unwrap();
    after_the_crash.clean_up(&challenge).await.unwrap();
    assert!(texts(&stage, "example.org", NAME).is_empty());
    stage.delete_zone(&challenge.zone).await.unwrap();
    after_the_crash.clean_up(&challenge).await.unwrap();
}
