//! Decisions, records and answers, without a socket.

use std::time::{Duration, SystemTime};

use catalyst_core::{ErrorKind, RetryAdvice, Secret};
use proptest::prelude::*;

use super::answer::{self, Check, List};
use super::refusal::meaning;
use super::{
    Allocation, AllocationState, Availability, Observed, PoolClaim, PoolDefect, PoolLabel, PoolStep, Repair,
    SovereignTarget, defects, next_step, repair,
};
use crate::{RecordData, RecordSet, RecordType, Serial, SoaEditApi, Ttl, Zone, ZoneKind};

fn target() -> SovereignTarget {
    SovereignTarget::new("omantel.omani.works".parse().unwrap(), [192, 0, 2, 10].into())
}

fn claim() -> PoolClaim {
    PoolClaim::new("omani.works".parse().unwrap(), "omantel".parse().unwrap(), "us", target())
}

fn allocation(state: AllocationState, by: &str, sovereign: Option<&str>, token: bool) -> Allocation {
    Allocation {
        pool: "omani.works".parse().unwrap(),
        label: "omantel".into(),
        state,
        reserved_at: None,
        expires_at: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(600)),
        sovereign: sovereign.map(|name| name.parse().unwrap()),
        load_balancer: None,
        created_by: by.into(),
        token: token.then(|| Secret::new("t")),
    }
}

fn seen(availability: Availability, allocation: Option<Allocation>, repair: Option<Repair>) -> Observed {
    Observed { availability, allocation, repair, now: SystemTime::UNIX_EPOCH + Duration::from_secs(300) }
}

#[test]
fn each_state_has_its_step() {
    let ours = "omantel.omani.works";
    let active = |sovereign| Some(allocation(AllocationState::Active, "whoever", Some(sovereign), false));
    let step =
        |availability, allocation, repair| next_step(&claim(), &seen(availability, allocation, repair));
    assert_eq!(step(Availability::Free, None, None).unwrap(), PoolStep::Reserve);
    let held = allocation(AllocationState::Reserved, "us", None, true);
    let reservation = held.reservation().unwrap();
    assert_eq!(step(Availability::Reserved, Some(held), None).unwrap(), PoolStep::Commit(reservation));
    assert_eq!(step(Availability::Active, active(ours), None).unwrap(), PoolStep::ReadRecords);
    assert_eq!(step(Availability::Active, active(ours), Some(Repair::default())).unwrap(), PoolStep::Done);
    let missing = repair(&claim().zone().unwrap(), &target(), &[]).unwrap();
    let written = step(Availability::Active, active(ours), Some(missing.clone())).unwrap();
    assert_eq!(written, PoolStep::WriteRecords(missing));
    let error = step(Availability::Active, active("other.omani.works"), None).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("taken")));
}

#[test]
fn a_reservation_of_another_says_how_long_to_wait() {
    for held in [
        allocation(AllocationState::Reserved, "them", None, true),
        allocation(AllocationState::Reserved, "us", None, false),
    ] {
        let error = next_step(&claim(), &seen(Availability::Reserved, Some(held), None)).unwrap_err();
        assert_eq!(error.code(), Some("reserved_by_another"));
        assert_eq!(error.retry(), RetryAdvice::After(Duration::from_secs(301)));
        assert_eq!(error.target(), Some("omantel.omani.works"));
    }
}

#[test]
fn missing_records_are_written_and_those_of_others_stay() {
    let zone = claim().zone().unwrap();
    let all = repair(&zone, &target(), &[]).unwrap();
    let names: Vec<String> = all.write.iter().map(|set| set.name().to_string()).collect();
    assert_eq!(names.len(), 6);
    assert!(
        names.contains(&"*.omantel.omani.works".to_owned())
            && names.contains(&"omantel.omani.works".to_owned())
    );
    assert!(all.write.iter().all(|set| set.ttl().as_secs() == 300 && set.kind() == RecordType::A));

    // What is there with the same data is enough, whatever its TTL; what is another's stays.
    let mut present = all.write.clone();
    present.swap_remove(0);
    let moved = present.iter_mut().find(|set| set.name().to_string().starts_with("harbor")).unwrap();
    *moved =
        RecordSet::new(moved.name().clone(), Ttl::MINUTE, [RecordData::A([192, 0, 2, 99].into())]).unwrap();
    let gitea = present.iter_mut().find(|set| set.name().to_string().starts_with("gitea")).unwrap();
    let elsewhere = RecordData::parse(RecordType::Cname, "git.example.net.").unwrap();
    *gitea = RecordSet::new(gitea.name().clone(), Ttl::MINUTE, [elsewhere]).unwrap();
    let repaired = repair(&zone, &target(), &present).unwrap();
    assert_eq!(repaired.write, [all.write[0].clone()]);
    assert_eq!(repaired.kept.len(), 2);
    let console = target().console([192, 0, 2, 20].into());
    assert_eq!(repair(&zone, &console, &[]).unwrap().write.len(), 7);
}

#[test]
fn the_defects_of_a_zone_are_found() {
    let zone = |soa_edit_api, dnssec| Zone {
        name: "omantel.omani.works".parse().unwrap(),
        kind: ZoneKind::Native,
        serial: Serial(1),
        edited_serial: Serial(1),
        dnssec,
        soa_edit_api,
        api_rectify: true,
        nsec3param: String::new(),
        account: String::new(),
        primaries: Vec::new(),
    };
    let content = format!("1 13 2 {}", "ab".repeat(32));
    let ds = RecordData::parse(RecordType::Ds, &content).unwrap();
    let ds = RecordSet::new("omantel.omani.works".parse().unwrap(), Ttl::HOUR, [ds]).unwrap();
    assert_eq!(defects(&zone(None, true), &[]), [PoolDefect::SerialStuck, PoolDefect::NoDsInParent]);
    assert_eq!(defects(&zone(Some(SoaEditApi::Increase), true), &[ds]), []);
    assert_eq!(defects(&zone(Some(SoaEditApi::Increase), false), &[]), [PoolDefect::Unsigned]);
    assert!(PoolDefect::SerialStuck.to_string().contains("INCREASE"));
}

#[test]
fn each_documented_refusal_has_its_code() {
    for (status, body, code) in [
        (409, r#"{"error":"conflict","detail":"taken"}"#, "taken"),
        (409, r#"{"error":"already-active"}"#, "already_active"),
        (410, r#"{"error":"reservation-expired"}"#, "reservation_expired"),
        (403, r#"{"error":"token-mismatch"}"#, "token_mismatch"),
        (404, r#"{"error":"not-found"}"#, "not_allocated"),
        (404, "404 page not found", "unknown_path"),
        (422, r#"{"error":"unsupported-pool"}"#, "unsupported_pool"),
        (422, r#"{"error":"invalid-format"}"#, "invalid_label"),
        (500, r#"{"error":"subdomain \"mail\" is reserved"}"#, "reserved_label"),
        (500, r#"{"error":"enable DNSSEC on x: boom"}"#, "unavailable"),
        (401, r#"{"error":"invalid-token"}"#, "bad_credential"),
        (403, r#"{"error":"domain-not-in-account"}"#, "not_in_account"),
        (
            404,
            r#"{"error":"unsupported-registrar","detail":"no adapter","supported":["ovh"]}"#,
            "unsupported_registrar",
        ),
        (429, r#"{"error":"rate-limited"}"#, "rate_limited"),
        (502, r#"{"error":"api-unavailable"}"#, "unavailable"),
        (500, r#"{"error":"registrar-error"}"#, "registrar_error"),
        (503, r#"{"error":"no-registrars-configured"}"#, "no_registrars"),
        (401, "<html>", "forbidden"),
    ] {
        assert_eq!(meaning("x", status, body.as_bytes()).code(), Some(code), "{status} {body}");
    }
}

#[test]
fn answers_are_read_as_the_source_writes_them() {
    let pool = "omani.works".parse().unwrap();
    let body = r#"{"poolDomain":"omani.works","allocations":[
        {"poolDomain":"omani.works","subdomain":"one","state":"active","reservedAt":"2026-08-01T10:00:00Z","createdBy":"a",
         "sovereignFQDN":"one.omani.works","loadBalancerIP":"192.0.2.1"},
        {"poolDomain":"omani.works","subdomain":"two","state":"reserved","reservedAt":"2026-08-01T10:00:00Z",
         "expiresAt":"2026-08-01T10:10:00Z","createdBy":"b","reservationToken":"canary-token"}]}"#;
    let list = answer::json::<List>("x", body.as_bytes()).unwrap().read("x", &pool).unwrap();
    assert_eq!(list[0].sovereign.as_ref().unwrap().to_string(), "one.omani.works");
    assert_eq!((list[0].load_balancer, list[0].reservation()), (Some([192, 0, 2, 1].into()), None));
    let held = list[1].reservation().unwrap();
    let ten = held.expires_at().unwrap().duration_since(list[1].reserved_at.unwrap()).unwrap();
    assert_eq!(ten, Duration::from_secs(600));
    assert!(!format!("{list:?} {held:?}").contains("canary"));
    let check = |body: &str| answer::json::<Check>("x", body.as_bytes()).unwrap().availability();
    assert_eq!(check(r#"{"available":true,"fqdn":"x.omani.works"}"#), Availability::Free);
    assert_eq!(check(r#"{"available":false,"reason":"reserved-state"}"#), Availability::Reserved);
    assert_eq!(check(r#"{"available":false,"reason":"new"}"#), Availability::Unknown("new".into()));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(status in 200u16..600, body in prop::collection::vec(any::<u8>(), 0..300), text in ".{0,80}") {
        prop_assert!(meaning("x", status, &body).code().is_some());
        drop(answer::json::<List>("x", &body));
        drop(answer::reservation("x", &body, &"omani.works".parse().unwrap()));
        if let Ok(label) = text.parse::<PoolLabel>() {
            prop_assert!(claim().pool.child(label.as_str()).is_ok());
        }
    }

    #[test]
    fn no_step_touches_the_name_of_another(
        checked in 0usize..7, state in 0usize..3, ours_by in any::<bool>(), ours in any::<bool>(), token in any::<bool>(),
        row in any::<bool>(), looked in any::<bool>(),
    ) {
        let availability = [
            Availability::Free, Availability::Reserved, Availability::Active, Availability::InvalidLabel,
            Availability::ReservedLabel, Availability::UnsupportedPool, Availability::Unknown("x".into()),
        ][checked].clone();
        let state = [AllocationState::Reserved, AllocationState::Active, AllocationState::Unknown][state];
        let (by, sovereign) =
            (if ours_by { "us" } else { "them" }, if ours { "omantel.omani.works" } else { "x.omani.works" });
        let present = row.then(|| allocation(state, by, Some(sovereign), token));
        let repair = looked.then(|| repair(&claim().zone().unwrap(), &target(), &[]).unwrap());
        match next_step(&claim(), &seen(availability.clone(), present, repair)) {
            Ok(PoolStep::Reserve) => prop_assert_eq!(availability, Availability::Free),
            Ok(PoolStep::Commit(_)) => prop_assert!(row && ours_by && token && state == AllocationState::Reserved),
            Ok(PoolStep::ReadRecords | PoolStep::WriteRecords(_) | PoolStep::Done) => {
                prop_assert!(row && ours && state == AllocationState::Active);
            }
            Err(error) => prop_assert!(error.code().is_some() && error.help().is_some()),
        }
    }

    #[test]
    fn after_the_repair_nothing_is_missing(there in prop::collection::vec(any::<bool>(), 6)) {
        let zone = claim().zone().unwrap();
        let all = repair(&zone, &target(), &[]).unwrap().write;
        let mut present: Vec<RecordSet> =
            all.into_iter().zip(there).filter(|(_, there)| *there).map(|(set, _)| set).collect();
        let first = repair(&zone, &target(), &present).unwrap();
        present.extend(first.write);
        let second = repair(&zone, &target(), &present).unwrap();
        prop_assert!(second.is_empty() && second.kept.is_empty() && present.len() == 6);
    }
}
