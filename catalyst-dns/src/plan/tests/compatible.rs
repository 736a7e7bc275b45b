//! What external-dns (v0.18 and later, prefix `_externaldns.`) reads out of what is written here.

use super::super::mark::{Mark, OldName};
use super::super::{MarkFormat, Owner, PlanPolicy};
use super::*;
use crate::DomainName;

/// `ToEndpointName` of external-dns' affix mapper, for a prefix without a template.
fn endpoint(mark: &str) -> (String, &'static str) {
    const KNOWN: [&str; 7] = ["A", "AAAA", "CNAME", "NS", "MX", "SRV", "NAPTR"];
    let Some(name) = mark.strip_prefix("_externaldns.") else { return (String::new(), "") };
    let first = name.split('-').next().unwrap();
    match KNOWN.into_iter().find(|kind| kind.to_ascii_lowercase() == first) {
        Some(kind) => (name[first.len() + 1..].to_owned(), kind),
        None => (name.to_owned(), ""),
    }
}

fn mark_name(format: &MarkFormat, name: &str, kind: &str) -> String {
    let mut out = String::new();
    let key = key(name, kind);
    assert!(format.write_name(&zone(), &key.name, key.kind, &mut out));
    assert!(DomainName::from_server(&out).unwrap().is_within(zone().apex()), "{out}");
    out.trim_end_matches('.').to_owned()
}

#[test]
fn external_dns_finds_the_marks_of_the_types_that_it_knows() {
    let format = MarkFormat::default();
    for (name, kind) in
        [("www", "A"), ("www", "AAAA"), ("a.b", "CNAME"), ("sub", "NS"), ("mail", "MX"), ("s", "SRV")]
    {
        let mark = mark_name(&format, name, kind);
        assert_eq!(endpoint(&mark), (format!("{name}.example.org"), kind), "{mark}");
    }
}

#[test]
fn external_dns_reads_the_mark_of_a_lua_record_as_that_of_a_host_that_is_not_there() {
    let mark = mark_name(&MarkFormat::default(), "www", "LUA");
    assert_eq!(mark, "_externaldns.lua-www.example.org");
    assert_eq!(endpoint(&mark), ("lua-www.example.org".to_owned(), ""));
}

#[test]
fn the_apex_and_wildcards_are_marked_within_the_zone_with_names_that_the_server_takes() {
    let format = MarkFormat::default();
    assert_eq!(mark_name(&format, "@", "A"), "_externaldns.a-_apex.example.org");
    assert_eq!(mark_name(&format, "*", "A"), "_externaldns.a-_wildcard.example.org");
    let format = format.wildcard("any").unwrap();
    assert_eq!(mark_name(&format, "*.shop", "AAAA"), "_externaldns.aaaa-any.shop.example.org");
}

#[test]
fn a_prefix_may_hold_the_type() {
    let format = MarkFormat::default().prefix("_dns-%{record_type}.").unwrap();
    assert_eq!(mark_name(&format, "www", "A"), "_dns-a.www.example.org");
    assert_eq!(mark_name(&format, "@", "LUA"), "_dns-lua.example.org");
    assert_eq!(mark_name(&format, "*", "A"), "_dns-a._wildcard.example.org");
    let glued = MarkFormat::default().prefix("ext-%{record_type}-").unwrap();
    assert_eq!(mark_name(&glued, "www", "A"), "ext-a-www.example.org");
    assert_eq!(mark_name(&glued, "@", "A"), "ext-a-_apex.example.org");
}

#[test]
fn formats_with_which_no_name_can_be_made_are_refused() {
    for prefix in ["", "a b.", ".x", "%{record_type}.", "x..", &"x".repeat(70)] {
        let error = MarkFormat::default().prefix(prefix).unwrap_err();
        assert_eq!(error.code(), Some("invalid_mark_format"), "{prefix}");
    }
    for word in ["", "*", "a.b", "ü "] {
        assert!(MarkFormat::default().wildcard(word).is_err(), "{word}");
    }
}

#[test]
fn marks_are_read_as_external_dns_writes_them() {
    let read = |text: &str| {
        let set = set("x", "TXT", &[text]);
        Mark::read(&set).map(|mark| (mark.owner.to_owned(), mark.resource.to_owned()))
    };
    let pair = |owner: &str, resource: &str| Some((owner.to_owned(), resource.to_owned()));
    assert_eq!(
        read("\"heritage=external-dns,external-dns/owner=openova,external-dns/resource=ingress/a/b\""),
        pair("openova", "ingress/a/b")
    );
    // Quoted twice, as some providers keep it; other keys; no resource.
    assert_eq!(read(r#""\"heritage=external-dns,external-dns/owner=x,other=y\"""#), pair("x", ""));
    assert_eq!(read("\"heritage=somebody,external-dns/owner=x\""), None);
    assert_eq!(read("\"v=spf1 -all\""), None);
}

#[test]
fn a_mark_with_our_owner_is_ours_only_if_this_crate_wrote_it() {
    let owner = Owner::new("x").unwrap();
    let is_ours = |resource: &str| Mark { owner: "x", resource }.is_of(&owner);
    assert!(is_ours("catalyst") && is_ours("catalyst/application/shop"));
    assert!(!is_ours("") && !is_ours("ingress/catalyst/shop") && !is_ours("catalystic/x"));
}

#[test]
fn names_that_mean_something_in_marks_cannot_be_owned() {
    for name in ["_wildcard", "_apex.shop", "_externaldns.x"] {
        let builder = Desired::builder(Owner::new(OURS).unwrap());
        let error = builder.set(&zone(), a(name, "192.0.2.1")).build().unwrap_err();
        assert!(matches!(error.code(), Some("unmarkable_name" | "reserved_name")), "{error}");
        assert!(error.target().unwrap().starts_with(name), "{error}");
    }
    // And a mark of a wildcard proves nothing for them.
    let current = [a("_wildcard", "192.0.2.1"), a("*", "192.0.2.2"), ours("_externaldns.a-_wildcard")];
    let plan = plan([], current, PlanPolicy::default());
    assert_eq!(lines(&plan), ["- *.example.org 60 A 192.0.2.2"]);
}

#[test]
fn old_names_are_those_of_external_dns_before_types_were_in_them() {
    let format = MarkFormat::default();
    let names = OldName::ALL.map(|which| {
        let mut out = String::new();
        let key = key("www", "A");
        assert!(format.write_old_name(which, &key.name, key.kind, &mut out));
        out
    });
    assert_eq!(names, ["_externaldns.www.example.org.", "a-www.example.org.", "www.example.org."]);
}

#[test]
fn a_mark_of_one_set_is_not_the_old_mark_of_another() {
    let current = [a("a-www", "192.0.2.1"), mark("_externaldns.a-www", "openova", "ingress/shop/web")];
    let policy = PlanPolicy::default().transfer_from(Owner::new("openova").unwrap());
    let plan = plan([a("a-www", "192.0.2.1")], current, policy);
    assert_eq!(
        lines(&plan),
        ["! a-www.example.org A refused: it is there already, and nobody has marked it"]
    );
}
