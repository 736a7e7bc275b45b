//! What the policy allows.

use super::super::{Breach, Limits, PlanPolicy, RefusalCode, Touch};
use super::*;

/// `count` sets of ours, named by their numbers, with the last octet of their addresses.
fn owned(count: u8, octet: u8) -> (Vec<RecordSet>, Vec<RecordSet>) {
    let sets: Vec<RecordSet> =
        (0..count).map(|number| a(&format!("n{number:02}"), &format!("192.0.2.{octet}"))).collect();
    let marks = (0..count).map(|number| ours(&format!("_externaldns.a-n{number:02}")));
    let current = sets.iter().cloned().chain(marks).collect();
    (sets, current)
}

fn deleting(count: u8, of: u8, policy: PlanPolicy) -> Vec<Breach> {
    let (sets, current) = owned(of, 1);
    plan(sets.into_iter().skip(count.into()), current, policy).breaches().to_vec()
}

#[test]
fn at_most_three_of_ten_sets_are_deleted_by_default() {
    assert!(deleting(3, 10, PlanPolicy::default()).is_empty());
    let breach = deleting(4, 10, PlanPolicy::default())[0];
    assert_eq!((breach.touch, breach.touched, breach.of), (Touch::Delete, 4, 10));
    assert!(deleting(9, 9, PlanPolicy::default()).is_empty());
}

#[test]
fn changes_are_limited_apart_from_deletions() {
    let (_, current) = owned(10, 1);
    let (mut wanted, _) = owned(10, 2);
    let (same, _) = owned(10, 1);
    wanted[3..].clone_from_slice(&same[3..]);
    wanted.truncate(7);
    assert_eq!(plan(wanted, current.clone(), PlanPolicy::default()).breaches(), []);
    let (all, _) = owned(10, 2);
    let plan = plan(all, current, PlanPolicy::default());
    assert_eq!(plan.breaches()[0].touch, Touch::Update);
    let error = plan.change_set().unwrap_err();
    assert_eq!((error.code(), error.target()), (Some("threshold"), Some("example.org")));
    assert!(plan.to_string().contains("! example.org refused: 10 of 10 sets would be changed"), "{plan}");
}

#[test]
fn a_limit_stops_a_zone_although_refusals_are_skipped() {
    let (_, current) = owned(10, 1);
    let plan = plan([], current, PlanPolicy::default().skip_refused());
    assert!(plan.change_set().is_err());
}

#[test]
fn limits_are_those_of_the_zone_and_of_the_type() {
    let none = PlanPolicy::default().zone_limits(zone(), Limits::none());
    assert!(deleting(10, 10, none.clone()).is_empty());
    let by_count = none.clone().type_limits(RecordType::A, Limits::none().count(2));
    assert!(deleting(2, 10, by_count.clone()).is_empty());
    assert_eq!(deleting(3, 10, by_count)[0].kind, Some(RecordType::A));
    assert!(deleting(10, 10, none.type_limits(RecordType::Aaaa, Limits::none().count(0))).is_empty());
}

#[test]
fn without_deletions_sets_stay_and_a_change_of_type_is_refused() {
    let current = [
        a("old", "192.0.2.1"),
        ours("_externaldns.a-old"),
        set("www", "CNAME", &["x.example."]),
        ours("_externaldns.cname-www"),
        ours("_externaldns.a-gone"),
    ];
    let plan = plan([a("www", "192.0.2.1")], current, PlanPolicy::default().upsert_only());
    assert_eq!(
        lines(&plan),
        ["! www.example.org A refused: in the way, and not to be deleted, is www.example.org CNAME, \
          owned by \"sovereign.example\" (catalyst)"]
    );
}

#[test]
fn ns_and_soa_of_the_apex_are_left_alone_unless_named() {
    let wanted = [set("@", "NS", &["ns9.example.net."])];
    let refusing = plan(wanted.clone(), [], PlanPolicy::default().adopt_unowned());
    assert_eq!(refusing.refusals().next().unwrap().code, RefusalCode::Protected);
    let allowed = plan(wanted.clone(), [], PlanPolicy::default().allow_apex(RecordType::Ns));
    assert_eq!(allowed.summary().take, 1);
    // It is ours then, and still never deleted.
    let current = after(&allowed).into_iter().filter(|set| set.kind() != RecordType::Soa);
    let without = plan([], current, PlanPolicy::default());
    assert_eq!(without.summary().delete, 0);
}

#[test]
fn the_serial_of_a_soa_is_left_to_the_server() {
    let policy = PlanPolicy::default().allow_apex(RecordType::Soa);
    let soa = set("@", "SOA", &["ns1.example.net. hostmaster.example.org. 1 7200 3600 604800 60"]);
    let first = plan([soa.clone()], [], policy.clone());
    let written = after(&first);
    assert!(written.iter().any(|set| set.to_string().contains(" 7 7200 ")), "{written:?}");
    let again = ZonePlan::new(&desired([soa]).zones()[0], &Arc::new(policy), written);
    assert!(again.is_empty(), "{again}");
}

#[test]
fn refusals_stop_a_zone_unless_they_are_skipped() {
    let wanted = [a("www", "192.0.2.1"), a("api", "192.0.2.1")];
    let plan_by = |policy| plan(wanted.clone(), [a("api", "192.0.2.9")], policy);
    assert_eq!(plan_by(PlanPolicy::default()).change_set().unwrap_err().code(), Some("unowned"));
    let changes = plan_by(PlanPolicy::default().skip_refused()).change_set().unwrap();
    assert_eq!(changes.len(), 2);
    assert!(changes.changes().iter().all(|change| change.key().to_string().contains("www")));
}
