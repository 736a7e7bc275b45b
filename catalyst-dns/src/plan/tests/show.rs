//! How plans are shown.

use super::super::{Plan, PlanPolicy};
use super::*;

#[test]
fn a_plan_is_printed_as_a_person_reads_a_diff() {
    let current = [
        a("api", "192.0.2.1"),
        ours("_externaldns.a-api"),
        a("old", "192.0.2.9"),
        ours("_externaldns.a-old"),
        a("shop", "192.0.2.7"),
        mark("_externaldns.a-shop", "openova", "ingress/shop/web"),
        set("text", "TXT", &["\"b\""]),
        ours("_externaldns.txt-text"),
    ];
    let api = a("api", "192.0.2.2").with_ttl(Ttl::from_secs(300).unwrap());
    let text = set("text", "TXT", &["\"b\""]).with_ttl(Ttl::HOUR);
    let wanted = [api, a("www", "192.0.2.1"), a("shop", "192.0.2.1"), text, a("bücher", "192.0.2.3")];
    let plan = plan(wanted, current, PlanPolicy::default());
    assert_eq!(
        plan.to_string(),
        "example.org: 2 to create, 2 to update, 1 to delete, 1 refused\n\
         ~ api.example.org 60 A 192.0.2.1 -> 300 192.0.2.2\n\
         - old.example.org 60 A 192.0.2.9\n\
         ! shop.example.org A refused: owned by \"openova\" (ingress/shop/web)\n\
         ~ text.example.org 60 TXT \"b\" -> 3600\n\
         + www.example.org 60 A 192.0.2.1\n\
         + bücher.example.org 60 A 192.0.2.3\n"
    );
}

#[test]
fn a_plan_with_nothing_to_do_says_so() {
    let plan = plan(
        [a("www", "192.0.2.1")],
        [a("www", "192.0.2.1"), ours("_externaldns.a-www")],
        PlanPolicy::default(),
    );
    assert_eq!(plan.to_string(), "example.org: nothing to do\n");
    assert!(Plan::new(vec![plan]).is_empty());
}

#[test]
fn what_others_wrote_into_marks_cannot_play_with_a_terminal() {
    let text = "heritage=external-dns,external-dns/owner=\u{1b}[2J,external-dns/resource=\u{7}";
    let name = zone().child("_externaldns.a-www").unwrap();
    let mark = RecordSet::new(name, Ttl::MINUTE, [RecordData::Txt(Text::new(text).unwrap())]).unwrap();
    let plan = plan([a("www", "192.0.2.1")], [a("www", "192.0.2.1"), mark], PlanPolicy::default());
    assert!(!plan.to_string().contains(['\u{1b}', '\u{7}']), "{plan:?}");
}
