//! What cannot be wanted: each a typed error that names the record.

use super::super::{Limits, Resource};
use super::*;
use crate::Error;

fn refused(sets: impl IntoIterator<Item = RecordSet>) -> Error {
    Desired::builder(Owner::new(OURS).unwrap()).sets(&zone(), sets).build().unwrap_err()
}

#[track_caller]
fn assert_refused(sets: impl IntoIterator<Item = RecordSet>, code: &str, target: &str) {
    let error = refused(sets);
    assert_eq!((error.code(), error.target()), (Some(code), Some(target)), "{error}");
}

#[test]
fn a_name_in_another_zone() {
    let address = RecordData::parse(RecordType::A, "192.0.2.1").unwrap();
    let elsewhere = RecordSet::new("www.example.net".parse().unwrap(), Ttl::MINUTE, [address]).unwrap();
    assert_refused([elsewhere], "outside_zone", "www.example.net A");
}

#[test]
fn a_cname_beside_anything_else() {
    let cname = set("www", "CNAME", &["x.example."]);
    assert_refused([cname.clone(), set("www", "TXT", &["\"x\""])], "cname_conflict", "www.example.org CNAME");
    assert_refused([set("www", "AAAA", &["2001:db8::1"]), cname], "cname_conflict", "www.example.org AAAA");
}

#[test]
fn the_same_set_twice() {
    assert_refused([a("www", "192.0.2.1"), a("WWW", "192.0.2.2")], "duplicate_set", "www.example.org A");
}

#[test]
fn a_lua_record_beside_the_type_that_it_answers_with() {
    let lua = |kind: &str| set("www", "LUA", &[&format!("{kind} \"'192.0.2.1'\"")]);
    assert_refused([lua("A"), a("www", "192.0.2.1")], "type_conflict", "www.example.org A");
    assert_refused([lua("TXT"), set("www", "TXT", &["\"x\""])], "type_conflict", "www.example.org TXT");
    assert_refused([lua("CNAME"), a("www", "192.0.2.1")], "cname_conflict", "www.example.org A");
    let alias = set("www", "ALIAS", &["x.example."]);
    assert_refused([alias, a("www", "192.0.2.1")], "type_conflict", "www.example.org A");
    let builder = Desired::builder(Owner::new(OURS).unwrap());
    assert!(builder.sets(&zone(), [lua("A"), set("www", "AAAA", &["2001:db8::1"])]).build().is_ok());
}

#[test]
fn nothing_at_all() {
    let builder = || Desired::builder(Owner::new(OURS).unwrap());
    assert_eq!(builder().build().unwrap_err().code(), Some("empty_desired"));
    let error = builder().zone(&zone()).build().unwrap_err();
    assert_eq!((error.code(), error.target()), (Some("empty_desired"), Some("example.org.")));
    assert_eq!(builder().zone(&zone()).allow_empty().build().unwrap().zones().len(), 1);
}

#[test]
fn a_soa_below_the_apex() {
    let soa = set("www", "SOA", &["ns1.example.net. hostmaster.example.org. 1 7200 3600 604800 60"]);
    assert_refused([soa], "not_at_apex", "www.example.org SOA");
}

#[test]
fn a_label_that_leaves_no_room_for_the_mark() {
    let long = "x".repeat(61);
    assert_refused([set(&long, "TXT", &["\"x\""])], "unmarkable_name", &format!("{long}.example.org TXT"));
}

#[test]
fn ttls_and_families_that_no_record_has() {
    assert!(Ttl::from_secs(1 << 31).is_err());
    assert!(Ttl::checked(-5).is_err());
    assert!(RecordData::parse(RecordType::A, "2001:db8::1").is_err());
    let mixed = [(RecordType::A, "192.0.2.1"), (RecordType::Aaaa, "2001:db8::1")];
    let mixed = mixed.map(|(kind, content)| RecordData::parse(kind, content).unwrap());
    let error = RecordSet::new(zone().child("www").unwrap(), Ttl::MINUTE, mixed).unwrap_err();
    assert!(error.target().unwrap().starts_with("www.example.org"), "{error}");
}

#[test]
fn owners_and_resources_that_would_break_a_mark() {
    for text in ["", "a b", "a,b", "a=b", "a\"b", "a\\b", "ü", &"x".repeat(201)] {
        assert_eq!(Owner::new(text).unwrap_err().code(), Some("invalid_owner"), "{text}");
        assert_eq!(Resource::new(text).unwrap_err().code(), Some("invalid_resource"), "{text}");
    }
}

#[test]
fn limits_are_read_as_they_are_written() {
    let limits = Limits::default();
    assert!(!limits.is_exceeded(3, 10) && limits.is_exceeded(4, 10) && !limits.is_exceeded(9, 9));
    assert!(Limits::none().count(0).is_exceeded(1, 1) && !Limits::none().count(0).is_exceeded(0, 1));
}
